//! The actions of the driver, and the reports that answer them.

use alloc::collections::VecDeque;

use crate::action::{Action, DataId, Link, Report};

/// The actions that wait to be polled, and those that the driver has not answered yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Actions {
    waiting: VecDeque<Action>,
    data: Option<Handed>,
    control: Option<Change>,
    next_data: u32,
}

/// A data connection for which the driver holds a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Handed {
    id: DataId,
    duty: Duty,
}

/// What the driver was asked to do for a data connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Duty {
    Connect,
    Listen,
    Accept,
    Secure,
    Move,
    /// What was asked is done.
    Nothing,
}

/// What the driver was asked to do to the control connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Change {
    Secure,
    Unsecure,
}

impl Actions {
    pub(super) fn push(&mut self, action: Action) {
        self.waiting.push_back(action);
    }

    /// A new number for a data connection.
    pub(super) fn issue_data(&mut self) -> DataId {
        self.next_data = self.next_data.wrapping_add(1);
        DataId(self.next_data)
    }

    /// Withdraws the actions for a data connection that were not polled yet.
    pub(super) fn forget(&mut self, data: DataId) {
        self.waiting.retain(|action| action.data() != Some(data));
    }

    /// The same for the security of the control connection.
    pub(super) fn forget_control(&mut self) {
        let link = Link::Control;
        let concerns_control = |action: &Action| {
            matches!(action, Action::Secure { link: of } if *of == link)
                || *action == Action::Unsecure
        };
        self.waiting.retain(|action| !concerns_control(action));
        self.control = None;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Yields the next action. From now on its report counts.
    pub(super) fn hand_out(&mut self) -> Option<Action> {
        let action = self.waiting.pop_front()?;
        let asked = |id, duty| Some(Handed { id, duty });
        match action {
            Action::Connect { data, .. } => self.data = asked(data, Duty::Connect),
            Action::Listen { data } => self.data = asked(data, Duty::Listen),
            Action::Accept { data } => self.data = asked(data, Duty::Accept),
            Action::Secure {
                link: Link::Data(data),
            } => self.data = asked(data, Duty::Secure),
            Action::Move { data, .. } => self.data = asked(data, Duty::Move),
            Action::Discard { .. } => self.data = None,
            Action::Secure {
                link: Link::Control,
            } => self.control = Some(Change::Secure),
            Action::Unsecure => self.control = Some(Change::Unsecure),
            Action::Finish { .. } | Action::Poll | Action::Close => {}
        }
        Some(action)
    }

    /// Whether a report counts: it answers an outstanding action, or says that a connection of the
    /// driver is gone. The action is answered then.
    pub(super) fn accept(&mut self, report: &Report) -> bool {
        let Some(data) = report.data() else {
            return self.accept_control(report);
        };
        let Some(handed) = self.data.as_mut().filter(|handed| handed.id == data) else {
            return false;
        };
        match report {
            Report::Failed { .. } => {
                self.data = None;
                true
            }
            Report::Finished { .. } if handed.duty == Duty::Move => {
                self.data = None;
                true
            }
            Report::Moved { .. } | Report::Held { .. } | Report::Closing { .. } => {
                handed.duty == Duty::Move
            }
            _ => {
                let answered = answers(report, handed.duty);
                if answered {
                    handed.duty = Duty::Nothing;
                }
                answered
            }
        }
    }

    fn accept_control(&mut self, report: &Report) -> bool {
        let wanted = match report {
            Report::Secured { .. } => Change::Secure,
            Report::Unsecured => Change::Unsecure,
            _ => return true,
        };
        self.control.take_if(|change| *change == wanted).is_some()
    }

    pub(super) fn shrink_to_fit(&mut self) {
        self.waiting.shrink_to_fit();
    }
}

const fn answers(report: &Report, duty: Duty) -> bool {
    matches!(
        (report, duty),
        (Report::Connected { .. }, Duty::Connect)
            | (Report::Listening { .. }, Duty::Listen)
            | (Report::Accepted { .. }, Duty::Accept)
            | (Report::Secured { .. }, Duty::Secure)
    )
}
