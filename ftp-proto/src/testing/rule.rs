//! Where a test server steps out of line, and what it does there.

use alloc::boxed::Box;
use alloc::vec::Vec;

/// A place in the work of the server where a [`Rule`] can step in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// The client has connected; the greeting is about to be said.
    Connected,
    /// A command line was received, and nothing has come of it yet.
    Received,
    /// The final reply to a command is about to be said; the command has had its effect.
    Answering,
    /// The final reply to a command was said.
    Answered,
    /// A transfer command is accepted; its data connection is about to be opened.
    Opening,
    /// The data connection is open; the preliminary reply (150) is about to be said.
    Marking,
    /// So many bytes of payload have moved. `Moving(0)` is the moment before the first.
    Moving(u64),
    /// All payload has moved; the data connection is about to be closed.
    Ending,
}

/// What a [`Rule`] does at its step, before the server goes on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Deed {
    /// Say something on the control connection.
    Say(Say),
    /// Close the data connection, or the passive listener, in an orderly way.
    CloseData,
    /// Drop the data connection, or the passive listener, with a reset.
    ResetData,
    /// Close the control connection once everything said is written. No command is looked at any
    /// more.
    CloseControl,
    /// Drop the control connection, with a reset; what was not written yet is lost.
    ResetControl,
    /// Let a stranger connect to the client's listener (active mode).
    Intrude,
}

/// Something to say on the control connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Say {
    /// A reply; a line feed in the text makes it a multi-line one. It carries the serial number of
    /// the command under work, when serial numbers are on.
    Reply {
        /// The reply code.
        code: u16,
        /// The text, without the line's end.
        text: Box<str>,
    },
    /// These bytes, as they are.
    Raw(Box<[u8]>),
}

/// How the server goes on after the deeds of a [`Rule`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Next {
    /// As if there were no rule.
    #[default]
    Usual,
    /// Without what is usual at this step. A received command has no effect and no answer; an
    /// answer, a mark or the closing of the data connection is left out; a payload ends at this
    /// byte as if it were complete; a data connection that is not opened ends the transfer.
    Skip,
    /// The transfer is over: nothing of what would follow in it is done or said. The data
    /// connection stays as it is. Outside of transfers this is `Skip`.
    End,
    /// The transfer goes no further, and its payload stands still. Commands are dealt with as
    /// during any transfer, and a data connection that the client breaks still ends it. Outside of
    /// transfers this is `Skip`.
    Hang,
    /// The server is never heard again on any connection, and closes none.
    Silence,
}

/// *At this step of this command, the n-th time, do these deeds, and go on like this.*
///
/// ```
/// use ftp_proto::testing::{Behaviour, Next, Rule, Step};
///
/// // The second RETR breaks after ten bytes, and says so.
/// let rule = Rule::at(Step::Moving(10)).of("RETR").only(1).reset_data().say(426, "Broken.").then(Next::End);
/// let behaviour = Behaviour::new().rule(rule);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rule {
    pub(super) step: Step,
    pub(super) verb: Option<Box<str>>,
    pub(super) only: Option<u32>,
    pub(super) deeds: Vec<Deed>,
    pub(super) next: Next,
}

impl Rule {
    /// A rule for a step, of any command, each time, that does nothing.
    pub const fn at(step: Step) -> Self {
        Self {
            step,
            verb: None,
            only: None,
            deeds: Vec::new(),
            next: Next::Usual,
        }
    }

    /// Only for commands with this verb (in upper case).
    #[must_use]
    pub fn of(mut self, verb: &str) -> Self {
        self.verb = Some(verb.into());
        self
    }

    /// Only the n-th time that this step of this command is reached in the session; the first is 0.
    #[must_use]
    pub const fn only(mut self, n: u32) -> Self {
        self.only = Some(n);
        self
    }

    /// Adds a deed.
    #[must_use]
    pub fn deed(mut self, deed: Deed) -> Self {
        self.deeds.push(deed);
        self
    }

    /// Says a reply. A line feed in the text makes it a multi-line one.
    #[must_use]
    pub fn say(self, code: u16, text: &str) -> Self {
        let text = text.into();
        self.deed(Deed::Say(Say::Reply { code, text }))
    }

    /// Says these bytes as they are; the ends of the lines are part of them.
    #[must_use]
    pub fn say_raw(self, bytes: impl AsRef<[u8]>) -> Self {
        self.deed(Deed::Say(Say::Raw(bytes.as_ref().into())))
    }

    /// Closes the data connection, or the passive listener.
    #[must_use]
    pub fn close_data(self) -> Self {
        self.deed(Deed::CloseData)
    }

    /// Drops the data connection, or the passive listener, with a reset.
    #[must_use]
    pub fn reset_data(self) -> Self {
        self.deed(Deed::ResetData)
    }

    /// Closes the control connection behind what was said.
    #[must_use]
    pub fn close_control(self) -> Self {
        self.deed(Deed::CloseControl)
    }

    /// Drops the control connection with a reset.
    #[must_use]
    pub fn reset_control(self) -> Self {
        self.deed(Deed::ResetControl)
    }

    /// How the server goes on after the deeds.
    #[must_use]
    pub const fn then(mut self, next: Next) -> Self {
        self.next = next;
        self
    }

    /// The deeds replace what is usual at this step: the same as `then(Next::Skip)`.
    #[must_use]
    pub const fn instead(self) -> Self {
        self.then(Next::Skip)
    }
}
