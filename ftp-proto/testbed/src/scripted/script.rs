//! What a peer is to do, step by step.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// What a client finds at the announced data port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Port {
    /// A listener. Connections succeed even before [`Script::accept`].
    Open,
    /// Nobody: connections are refused.
    Refused,
    /// A listener that answers no further connection attempt: they run into their time limit.
    Silent,
}

/// How a data port is announced.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Passive {
    /// `229` with the port (RFC 2428).
    Extended,
    /// `227` with the address and port (RFC 959). The address of an IPv6 connection is written as
    /// zeros.
    Classic,
    /// `227` with this address and the right port.
    ClassicAt(Ipv4Addr),
    /// Any line, made from the address of the listener. The function adds the CR LF.
    Custom(fn(SocketAddr) -> String),
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Send { bytes: Vec<u8>, piece: usize },
    Drip { bytes: Vec<u8>, every: Duration },
    Expect(Vec<u8>),
    ExpectVerb(String),
    ExpectClose,
    IgnoreRest,
    Settle,
    Passive { port: Port, announce: Passive },
    CloseListener,
    Accept,
    Connect { from: Option<IpAddr> },
    SendData(Vec<u8>),
    SendPattern(u64),
    ReadData(u64),
    ReadDataToEnd,
    ReadDataToReset,
    ShutDownData,
    CloseData,
    ResetData,
    HalfClose,
    Close,
    Reset,
    NextClient,
    Mark(String),
    Wait(String),
}

/// The steps of a peer, built one after the other.
///
/// Every step that reads waits for the client; every step that writes waits until the kernel has
/// taken all bytes.
#[derive(Clone, Debug, Default)]
pub struct Script {
    pub(super) steps: Vec<Step>,
}

impl Script {
    /// An empty script: the client's connection is accepted and closed.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// Appends the steps of another script.
    #[must_use]
    pub fn then_all(mut self, other: Self) -> Self {
        self.steps.extend(other.steps);
        self
    }

    // -- control connection -----------------------------------------------------------------------

    /// A greeting, then `USER` and `PASS` with any argument, accepted.
    #[must_use]
    pub fn login(self) -> Self {
        self.send("220 ready\r\n")
            .expect_verb("USER")
            .send("331 password\r\n")
            .expect_verb("PASS")
            .send("230 logged in\r\n")
    }

    /// Sends bytes at once.
    #[must_use]
    pub fn send(self, bytes: impl AsRef<[u8]>) -> Self {
        self.send_pieces(bytes, usize::MAX)
    }

    /// Sends bytes in pieces of `size`, each as a segment of its own. The client may still read
    /// several at once.
    #[must_use]
    pub fn send_pieces(self, bytes: impl AsRef<[u8]>, size: usize) -> Self {
        self.then(Step::Send {
            bytes: bytes.as_ref().to_vec(),
            piece: size.max(1),
        })
    }

    /// Sends one byte, waits, sends the next. The step ends early, without failure, when the client
    /// closes.
    #[must_use]
    pub fn drip(self, bytes: impl AsRef<[u8]>, every: Duration) -> Self {
        self.then(Step::Drip {
            bytes: bytes.as_ref().to_vec(),
            every,
        })
    }

    /// Reads a line, which must be this one. It is given without CR LF.
    #[must_use]
    pub fn expect(self, line: impl AsRef<[u8]>) -> Self {
        self.then(Step::Expect(line.as_ref().to_vec()))
    }

    /// Reads a line, which must have this verb, with any argument.
    #[must_use]
    pub fn expect_verb(self, verb: &str) -> Self {
        self.then(Step::ExpectVerb(verb.to_owned()))
    }

    /// Reads a line, which must be this one, and answers it.
    #[must_use]
    pub fn answer(self, line: impl AsRef<[u8]>, reply: impl AsRef<[u8]>) -> Self {
        self.expect(line).send(reply)
    }

    /// Waits until the client closes or resets the control connection, and fails if it sends a line
    /// before.
    #[must_use]
    pub fn expect_close(self) -> Self {
        self.then(Step::ExpectClose)
    }

    /// Reads and records lines, answering none, until the client closes or resets the control
    /// connection.
    #[must_use]
    pub fn ignore_rest(self) -> Self {
        self.then(Step::IgnoreRest)
    }

    /// Waits until all that was sent on the control connection lies in the client's kernel.
    #[must_use]
    pub fn settle(self) -> Self {
        self.then(Step::Settle)
    }

    /// Ends our direction of the control connection and goes on reading.
    #[must_use]
    pub fn half_close(self) -> Self {
        self.then(Step::HalfClose)
    }

    /// Closes the control connection, after what was sent has arrived.
    #[must_use]
    pub fn close(self) -> Self {
        self.then(Step::Close)
    }

    /// Resets the control connection.
    #[must_use]
    pub fn reset(self) -> Self {
        self.then(Step::Reset)
    }

    /// Gives up the connections of this client and accepts another one.
    #[must_use]
    pub fn next_client(self) -> Self {
        self.then(Step::NextClient)
    }

    // -- data connection --------------------------------------------------------------------------

    /// Opens a data port on the address of the control connection and announces it.
    #[must_use]
    pub fn passive(self, port: Port, announce: Passive) -> Self {
        self.then(Step::Passive { port, announce })
    }

    /// Closes the data port. Connections that were not accepted are reset.
    #[must_use]
    pub fn close_listener(self) -> Self {
        self.then(Step::CloseListener)
    }

    /// Accepts the client's data connection.
    #[must_use]
    pub fn accept(self) -> Self {
        self.then(Step::Accept)
    }

    /// Connects to the address of the client's last `PORT` or `EPRT`.
    #[must_use]
    pub fn connect(self) -> Self {
        self.then(Step::Connect { from: None })
    }

    /// As [`Script::connect`], from another address of this machine: a stranger.
    #[must_use]
    pub fn connect_from(self, address: IpAddr) -> Self {
        self.then(Step::Connect {
            from: Some(address),
        })
    }

    /// Sends bytes on the data connection.
    #[must_use]
    pub fn send_data(self, bytes: impl AsRef<[u8]>) -> Self {
        self.then(Step::SendData(bytes.as_ref().to_vec()))
    }

    /// Sends as many bytes of [`crate::large::fill`], from its start.
    #[must_use]
    pub fn send_pattern(self, bytes: u64) -> Self {
        self.then(Step::SendPattern(bytes))
    }

    /// Reads exactly as many bytes from the data connection; more may come.
    #[must_use]
    pub fn read_data(self, bytes: u64) -> Self {
        self.then(Step::ReadData(bytes))
    }

    /// Reads the data connection to its end. A reset fails the script.
    #[must_use]
    pub fn read_data_to_end(self) -> Self {
        self.then(Step::ReadDataToEnd)
    }

    /// Reads the data connection until the client resets it. An orderly end fails the script.
    #[must_use]
    pub fn read_data_to_reset(self) -> Self {
        self.then(Step::ReadDataToReset)
    }

    /// Ends our direction of the data connection and keeps the other.
    #[must_use]
    pub fn shut_down_data(self) -> Self {
        self.then(Step::ShutDownData)
    }

    /// Closes the data connection. If the client has sent what was not read, this resets it.
    #[must_use]
    pub fn close_data(self) -> Self {
        self.then(Step::CloseData)
    }

    /// Resets the data connection.
    #[must_use]
    pub fn reset_data(self) -> Self {
        self.then(Step::ResetData)
    }

    // -- the test ---------------------------------------------------------------------------------

    /// Tells [`crate::scripted::Peer::reached`] that the script has come here.
    #[must_use]
    pub fn mark(self, name: &str) -> Self {
        self.then(Step::Mark(name.to_owned()))
    }

    /// Stalls until [`crate::scripted::Peer::release`].
    #[must_use]
    pub fn wait(self, name: &str) -> Self {
        self.then(Step::Wait(name.to_owned()))
    }
}
