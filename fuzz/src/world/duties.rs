//! What the driver owes an answer to, and how a script gives it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use ftp_proto::{Action, DataId, Direction, End, Failure, Flow, Link, Report};

use super::{World, pick};
use crate::script::{self, Line};

/// An action that was taken and not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Duty {
    Connect(DataId),
    Listen(DataId),
    Accept(DataId),
    Secure(Link),
    Unsecure,
    Move(DataId, Flow),
    Finish(DataId),
}

impl Duty {
    fn data(self) -> Option<DataId> {
        match self {
            Self::Connect(data) | Self::Listen(data) | Self::Accept(data) => Some(data),
            Self::Move(data, _) | Self::Finish(data) | Self::Secure(Link::Data(data)) => Some(data),
            Self::Secure(Link::Control) | Self::Unsecure => None,
        }
    }

    fn link(self) -> Link {
        self.data().map_or(Link::Control, Link::Data)
    }
}

impl World {
    // -- actions ----------------------------------------------------------------------------------

    pub(super) fn take_on(&mut self, action: Action) {
        match action {
            Action::Connect { data, .. } => self.open(data, Duty::Connect(data)),
            Action::Listen { data } => self.open(data, Duty::Listen(data)),
            Action::Accept { data } => self.duties.push(Duty::Accept(data)),
            Action::Secure { link } => self.duties.push(Duty::Secure(link)),
            Action::Unsecure => self.duties.push(Duty::Unsecure),
            Action::Move { data, flow } => self.duties.push(Duty::Move(data, flow)),
            Action::Finish { data } => self.duties.push(Duty::Finish(data)),
            Action::Discard { data } => self.gone(data),
            Action::Poll => {}
            Action::Close => self.duties.retain(|duty| duty.data().is_some()),
        }
    }

    fn open(&mut self, data: DataId, duty: Duty) {
        self.moved.insert(data, 0);
        self.duties.push(duty);
    }

    fn gone(&mut self, data: DataId) {
        self.duties.retain(|duty| duty.data() != Some(data));
    }

    // -- answers ----------------------------------------------------------------------------------

    /// A driver's answer to one of its duties, or news of the payload.
    pub(super) fn perform(&mut self, line: Line<'_>) {
        let moving = self.duties.iter().find_map(|duty| match duty {
            Duty::Move(data, flow) => Some((*data, *flow)),
            _ => None,
        });
        match (line.letter, moving) {
            (b'y', _) => self.succeed(line.number().unwrap_or_default()),
            (b'n', _) => self.fail(failure(line.operand)),
            (b's', _) => self.accept_stranger(),
            (b't', Some((data, _))) => self.finish(data, End::Truncated),
            (b'l', Some((data, flow))) if self.at_limit(data, flow) => {
                self.finish(data, End::Limit)
            }
            (b'c', Some((data, flow))) if flow.direction == Direction::Send => {
                self.report(Report::Closing { data });
            }
            (b'u', Some((data, flow))) => self.move_bytes(data, flow, line.number().unwrap_or(1)),
            (b'h', Some((data, _))) => {
                let held = line.number() == Some(1);
                self.report(Report::Held { data, held });
            }
            _ => {}
        }
    }

    fn succeed(&mut self, index: u64) {
        let Some(at) = pick(self.duties.len(), index) else {
            return;
        };
        let report = match self.duties[at] {
            Duty::Connect(data) => Report::Connected { data },
            Duty::Listen(data) => {
                let local = self.local();
                Report::Listening { data, local }
            }
            Duty::Accept(data) => {
                let peer = self.control.peer.unwrap_or(Ipv4Addr::LOCALHOST.into());
                Report::Accepted { data, peer }
            }
            Duty::Secure(link) => Report::Secured { link },
            Duty::Unsecure => Report::Unsecured,
            Duty::Move(data, _) | Duty::Finish(data) => return self.finish(data, End::Clean),
        };
        self.duties.remove(at);
        self.report(report);
    }

    fn local(&self) -> SocketAddr {
        let ip = self.control.local.unwrap_or(Ipv4Addr::LOCALHOST.into());
        SocketAddr::new(ip, 40_000)
    }

    fn fail(&mut self, failure: Failure) {
        let Some(duty) = self.duties.first().copied() else {
            return;
        };
        match duty.data() {
            Some(data) => self.gone(data),
            None => self.duties.retain(|other| *other != duty),
        }
        self.report(Report::Failed {
            link: duty.link(),
            failure,
        });
    }

    fn accept_stranger(&mut self) {
        let accepting = self
            .duties
            .iter()
            .position(|duty| matches!(duty, Duty::Accept(_)));
        if let Some(Duty::Accept(data)) = accepting.map(|at| self.duties.remove(at)) {
            let peer = IpAddr::from([203, 0, 113, 9]);
            self.report(Report::Accepted { data, peer });
        }
    }

    fn at_limit(&self, data: DataId, flow: Flow) -> bool {
        flow.limit.is_some() && flow.limit == self.moved.get(&data).copied()
    }

    fn finish(&mut self, data: DataId, end: End) {
        self.gone(data);
        self.report(Report::Finished { data, end });
    }

    fn move_bytes(&mut self, data: DataId, flow: Flow, bytes: u64) {
        let Some(moved) = self.moved.get_mut(&data) else {
            return;
        };
        let room = flow
            .limit
            .map_or(u64::MAX, |limit| limit.saturating_sub(*moved));
        let bytes = bytes.min(room);
        *moved = moved.saturating_add(bytes);
        self.report(Report::Moved { data, bytes });
    }

    /// The application takes and gives payload again.
    pub(super) fn release(&mut self) {
        for data in self.moved.keys().copied().collect::<Vec<_>>() {
            self.report(Report::Held { data, held: false });
        }
    }

    /// A report that nothing asked for.
    pub(crate) fn lie(&mut self, line: Line<'_>) {
        let kind = line
            .operand
            .split(|&byte| byte == b' ')
            .nth(1)
            .and_then(script::number);
        let kind = kind.unwrap_or_default();
        let known: Vec<DataId> = self.moved.keys().copied().collect();
        let data = pick(known.len(), line.number().unwrap_or_default()).map(|at| known[at]);
        let Some(data) = data else {
            let control = Report::Secured {
                link: Link::Control,
            };
            return self.report(if kind == 0 {
                Report::Unsecured
            } else {
                control
            });
        };
        let failure = Failure::Reset;
        let report = match kind {
            0 => Report::Connected { data },
            1 => Report::Listening {
                data,
                local: self.local(),
            },
            2 => Report::Accepted {
                data,
                peer: Ipv4Addr::LOCALHOST.into(),
            },
            3 => Report::Secured {
                link: Link::Data(data),
            },
            4 => Report::Secured {
                link: Link::Control,
            },
            5 => Report::Unsecured,
            6 => Report::Moved {
                data,
                bytes: u64::MAX,
            },
            7 => Report::Held { data, held: true },
            8 => Report::Closing { data },
            9 => Report::Finished {
                data,
                end: End::Clean,
            },
            10 => Report::Finished {
                data,
                end: End::Truncated,
            },
            11 => Report::Finished {
                data,
                end: End::Limit,
            },
            _ => Report::Failed {
                link: Link::Data(data),
                failure,
            },
        };
        if matches!(report, Report::Finished { .. } | Report::Failed { .. }) {
            self.gone(data);
        }
        self.report(report);
    }
}

/// The failure that a word names.
pub(super) fn failure(word: &[u8]) -> Failure {
    match word.first() {
        Some(b'r') if word.starts_with(b"ref") => Failure::Refused,
        Some(b'u') => Failure::Unreachable,
        Some(b't') if word.starts_with(b"ti") => Failure::TimedOut,
        Some(b't') => Failure::Tls,
        Some(b'l') => Failure::Local,
        Some(b'o') => Failure::Other,
        _ => Failure::Reset,
    }
}
