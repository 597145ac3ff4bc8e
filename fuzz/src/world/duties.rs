//! What the driver owes an answer to, and how a script gives it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use ftp_proto::{Action, DataId, End, Failure, Flow, Link, Report, TlsPolicy};

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

/// What the driver holds of a data connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DataLink {
    pub(super) stage: DataStage,
    /// Payload bytes that were reported.
    pub(super) moved: u64,
    /// It was reported that the end of TLS is under way.
    closing: bool,
    /// The payload comes from the server.
    pub(super) receiving: bool,
    pub(super) end: Option<End>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DataStage {
    Dialling,
    Binding,
    Listening,
    Open,
    Secured,
    Moving,
    /// Nothing is left of it.
    Gone,
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
    // -- actions --------------------------------------------------------------------------------------------------

    pub(super) fn take_on(&mut self, action: Action) {
        self.check_death();
        self.check_action(action);
        match action {
            Action::Connect { data, .. } => {
                self.open(data, DataStage::Dialling, Duty::Connect(data))
            }
            Action::Listen { data } => self.open(data, DataStage::Binding, Duty::Listen(data)),
            Action::Accept { data } => self.duties.push(Duty::Accept(data)),
            Action::Secure { link } => self.duties.push(Duty::Secure(link)),
            Action::Unsecure => self.duties.push(Duty::Unsecure),
            Action::Move { data, flow } => {
                self.set_stage(data, DataStage::Moving);
                if let Some(link) = self.data.get_mut(&data) {
                    link.receiving = is_receiving(flow);
                }
                self.duties.push(Duty::Move(data, flow));
            }
            Action::Finish { data } => self.duties.push(Duty::Finish(data)),
            Action::Discard { data } => {
                self.end_unanswered(data);
                self.gone(data);
            }
            Action::Poll => {}
            Action::Close => {
                self.closed = true;
                self.duties.retain(|duty| duty.data().is_some());
            }
        }
    }

    fn open(&mut self, data: DataId, stage: DataStage, duty: Duty) {
        let link = DataLink {
            stage,
            moved: 0,
            closing: false,
            receiving: false,
            end: None,
        };
        let known = self.data.insert(data, link);
        assert_eq!(known, None, "a number was used twice");
        let live = self
            .data
            .values()
            .filter(|link| link.stage != DataStage::Gone);
        assert_eq!(live.count(), 1, "two data connections live at once");
        self.duties.push(duty);
    }

    pub(super) fn stage(&self, data: DataId) -> DataStage {
        self.data
            .get(&data)
            .map_or(DataStage::Gone, |link| link.stage)
    }

    fn set_stage(&mut self, data: DataId, stage: DataStage) {
        let link = self.data.get_mut(&data);
        if let Some(link) = link.filter(|link| link.stage != DataStage::Gone) {
            link.stage = stage;
        }
    }

    /// Everything was sent, and the end of TLS is not waited for any longer.
    fn end_unanswered(&mut self, data: DataId) {
        if let Some(link) = self.data.get_mut(&data).filter(|link| link.closing) {
            link.end = Some(End::Clean);
        }
    }

    fn gone(&mut self, data: DataId) {
        self.set_stage(data, DataStage::Gone);
        self.duties.retain(|duty| duty.data() != Some(data));
    }

    // -- answers --------------------------------------------------------------------------------------------------

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
            (b'c', Some((data, flow))) if !is_receiving(flow) => self.close_down(data),
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
        match self.duties[at] {
            Duty::Connect(data) => {
                self.advance(at, data, DataStage::Open, Report::Connected { data })
            }
            Duty::Listen(data) => {
                let local = self.local();
                self.advance(
                    at,
                    data,
                    DataStage::Listening,
                    Report::Listening { data, local },
                );
            }
            Duty::Accept(data) => {
                let peer = self.control.peer.unwrap_or(Ipv4Addr::LOCALHOST.into());
                self.advance(at, data, DataStage::Open, Report::Accepted { data, peer });
            }
            Duty::Secure(link) => {
                if let Link::Data(data) = link {
                    self.set_stage(data, DataStage::Secured);
                }
                self.duties.remove(at);
                self.report(Report::Secured { link });
            }
            Duty::Unsecure => {
                self.duties.remove(at);
                self.report(Report::Unsecured);
            }
            Duty::Move(data, _) | Duty::Finish(data) => self.finish(data, End::Clean),
        }
    }

    fn advance(&mut self, at: usize, data: DataId, stage: DataStage, report: Report) {
        self.duties.remove(at);
        self.set_stage(data, stage);
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
            let is_peer = self.control.peer.is_none_or(|known| known == peer);
            if is_peer {
                self.set_stage(data, DataStage::Open);
            }
            self.report(Report::Accepted { data, peer });
        }
    }

    fn close_down(&mut self, data: DataId) {
        if let Some(link) = self.data.get_mut(&data) {
            link.closing = true;
        }
        self.report(Report::Closing { data });
    }

    fn at_limit(&self, data: DataId, flow: Flow) -> bool {
        let moved = self.data.get(&data).map(|link| link.moved);
        flow.limit.is_some() && flow.limit == moved
    }

    fn finish(&mut self, data: DataId, end: End) {
        if let Some(link) = self.data.get_mut(&data) {
            link.end = Some(end);
        }
        self.gone(data);
        self.report(Report::Finished { data, end });
    }

    fn move_bytes(&mut self, data: DataId, flow: Flow, bytes: u64) {
        let Some(link) = self.data.get_mut(&data) else {
            return;
        };
        let room = flow
            .limit
            .map_or(u64::MAX, |limit| limit.saturating_sub(link.moved));
        let bytes = bytes.min(room);
        link.moved = link.moved.saturating_add(bytes);
        self.report(Report::Moved { data, bytes });
    }

    /// The application takes and gives payload again.
    pub(super) fn release(&mut self) {
        for data in self.data.keys().copied().collect::<Vec<_>>() {
            self.report(Report::Held { data, held: false });
        }
    }

    /// A report that nothing asked for.
    pub(crate) fn lie(&mut self, line: Line<'_>) {
        self.lied = true;
        let kind = line
            .operand
            .split(|&byte| byte == b' ')
            .nth(1)
            .and_then(script::number);
        let kind = kind.unwrap_or_default();
        let known: Vec<DataId> = self.data.keys().copied().collect();
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

    // -- what is right about an action ----------------------------------------------------------------------------

    /// Each action comes when what it depends on was reported, and never after the end.
    fn check_action(&self, action: Action) {
        use DataStage::{Listening, Moving, Open, Secured};
        assert!(
            !self.closed || !matches!(action, Action::Close),
            "closed twice"
        );
        if self.dead.is_some() {
            let allowed = matches!(
                action,
                Action::Discard { .. } | Action::Poll | Action::Close | Action::Finish { .. }
            );
            let goes_on = matches!(action, Action::Move { flow, .. } if is_receiving(flow));
            assert!(allowed || goes_on, "{action:?} in a dead session");
        }
        if self.lied {
            return;
        }
        match action {
            Action::Accept { data } => assert_eq!(self.stage(data), Listening),
            Action::Secure {
                link: Link::Data(data),
            } => assert_eq!(self.stage(data), Open),
            Action::Secure {
                link: Link::Control,
            } => assert!(self.may_change_security()),
            Action::Unsecure => assert!(self.may_change_security()),
            Action::Move { data, flow } => {
                let ready = if flow.secured { Secured } else { Open };
                assert_eq!(self.stage(data), ready);
                assert!(
                    flow.secured || self.config.tls != TlsPolicy::Full,
                    "payload in clear"
                );
            }
            Action::Finish { data } => assert_eq!(self.stage(data), Moving),
            Action::Connect { target, .. } => self.check_target(target),
            Action::Listen { .. } | Action::Discard { .. } | Action::Poll | Action::Close => {}
        }
    }

    fn may_change_security(&self) -> bool {
        self.session.transmit().is_empty() && self.begun_line.is_empty()
    }
}

fn is_receiving(flow: Flow) -> bool {
    flow.direction == ftp_proto::Direction::Receive
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
