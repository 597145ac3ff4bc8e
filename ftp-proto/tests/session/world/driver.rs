//! The driver: actions performed and reported.

use std::net::SocketAddr;

use ftp_proto::{Action, DataId, Direction, End, Failure, Flow, Link, Report, Target};
use ftp_testkit::testing::{Peer, ServerLink, ServerReport};
use ftp_testkit::{StreamEnd, Wire};

use super::{Conn, Duty, HOST, Serving, WINDOW, World};

impl World {
    pub(super) fn perform(&mut self, action: Action) {
        match action {
            Action::Connect { data, target } => self.duties.push(Duty::Connect(data, target)),
            Action::Listen { data } => self.duties.push(Duty::Listen(data)),
            Action::Accept { data } => {
                // Asked again: whoever was accepted is a stranger.
                self.conns
                    .retain(|conn| conn.data != Some(data) || !conn.accepted);
                self.duties.push(Duty::Accept(data));
            }
            Action::Secure { link } => {
                if let (Link::Data(_), Some(left @ 1..)) = (link, &mut self.tickets) {
                    *left -= 1;
                }
                self.duties.push(Duty::Secure(link));
            }
            Action::Unsecure => self.duties.push(Duty::Unsecure),
            Action::Move { data, flow } if flow.discard => {
                self.duties.push(Duty::Move(data, flow, 0));
            }
            Action::Move { data, flow } => {
                self.app.moving = Some(data);
                let current = self.app.begun.first();
                self.app.upload = current.map_or_else(Vec::new, |(_, _, upload)| upload.clone());
                self.duties.push(Duty::Move(data, flow, 0));
            }
            Action::Finish { data } => {
                self.close_data(data);
                self.report(Report::Finished {
                    data,
                    end: End::Clean,
                });
            }
            Action::Discard { data } => self.discard(data),
            Action::Poll => {}
            Action::Close => {
                self.control_open = false;
                self.control.to_server.end(StreamEnd::Closed);
                self.duties
                    .retain(|duty| !matches!(duty, Duty::Unsecure | Duty::Secure(Link::Control)));
                self.server.receive_eof();
            }
        }
    }

    pub(crate) fn report(&mut self, report: Report) {
        self.session.set_resumptions(self.tickets);
        self.watch.reported(&self.session, report);
        self.session.report(report);
    }

    fn discard(&mut self, data: DataId) {
        self.end_data(data, StreamEnd::Reset);
    }

    fn close_data(&mut self, data: DataId) {
        self.end_data(data, StreamEnd::Closed);
    }

    fn end_data(&mut self, data: DataId, ending: StreamEnd) {
        self.duties.retain(|duty| duty.data() != Some(data));
        self.listener.take_if(|(id, _)| *id == data);
        for conn in self.conns.iter_mut().filter(|conn| conn.data == Some(data)) {
            conn.wire.to_server.end(ending);
            // Nobody reads any more: for the server's writes that is a reset.
            conn.data = None;
        }
        self.conns
            .retain(|conn| conn.data.is_some() || conn.channel.is_some());
    }

    fn conn(&mut self, data: DataId) -> Option<&mut Conn> {
        self.conns
            .iter_mut()
            .find(|conn| conn.data == Some(data) && conn.accepted)
    }

    pub(super) fn can_work(&self, index: usize) -> bool {
        let conn_of = |data: DataId| {
            let mut conns = self.conns.iter();
            conns.find(|conn| conn.data == Some(data) && conn.accepted)
        };
        match self.duties[index] {
            Duty::Connect(..) => !self.faults.black_hole,
            Duty::Listen(_) => true,
            Duty::Accept(data) => {
                let waits = |conn: &Conn| conn.data == Some(data) && !conn.accepted;
                self.conns.iter().any(waits)
            }
            Duty::Secure(Link::Control) | Duty::Unsecure => self.server_secures,
            Duty::Secure(Link::Data(data)) => conn_of(data).is_some_and(|conn| {
                let stands = conn.server_secures && !self.faults.slow_handshake;
                stands || conn.wire.to_client.ending().is_some()
            }),
            Duty::Move(data, flow, _) => conn_of(data).is_some_and(|conn| match flow.direction {
                Direction::Receive => {
                    conn.wire.to_client.is_readable(self.now)
                        || conn.wire.to_client.ending().is_some()
                }
                Direction::Send => {
                    conn.wire.to_server.in_flight() < WINDOW
                        || conn.wire.to_client.ending().is_some()
                }
            }),
            Duty::Close(data) => conn_of(data)
                .is_some_and(|conn| conn.wire.to_client.is_ended() && !self.faults.no_tls_end),
        }
    }

    pub(super) fn broken_in_silence(&self) -> Option<DataId> {
        let broken = |conn: &&Conn| {
            conn.accepted
                && conn.wire.to_client.ending() == Some(StreamEnd::Reset)
                && !self.duties.iter().any(|duty| duty.data() == conn.data)
        };
        self.conns.iter().find(broken).and_then(|conn| conn.data)
    }

    pub(super) fn work(&mut self, index: usize) {
        let duty = self.duties.remove(index);
        match duty {
            Duty::Connect(data, target) => self.dial(data, target),
            Duty::Listen(data) => {
                let port = 3000 + u16::try_from(data.get()).unwrap();
                self.listener = Some((data, port));
                let local = SocketAddr::new(HOST, port);
                self.report(Report::Listening { data, local });
            }
            Duty::Accept(data) => {
                let waits = |conn: &&mut Conn| conn.data == Some(data) && !conn.accepted;
                if let Some(conn) = self.conns.iter_mut().find(waits) {
                    conn.accepted = true;
                    let peer = conn.peer;
                    self.report(Report::Accepted { data, peer });
                }
            }
            Duty::Secure(link) => self.shake_hands(link),
            Duty::Unsecure => {
                self.server_secures = false;
                self.server.report(ServerReport::Unsecured);
                self.report(Report::Unsecured);
            }
            Duty::Move(data, flow, moved) => match flow.direction {
                Direction::Receive => self.receive(data, flow, moved),
                Direction::Send => self.send(data, flow, moved),
            },
            Duty::Close(data) => {
                self.close_data(data);
                self.report(Report::Finished {
                    data,
                    end: End::Clean,
                });
            }
        }
    }

    fn dial(&mut self, data: DataId, target: Target) {
        let port = match target {
            Target::ControlHost { port } => port,
            Target::Address(address) => address.port(),
        };
        let Some((_, channel)) = self.ports.iter().find(|(known, _)| *known == port).copied()
        else {
            return self.fail(data, Failure::Refused);
        };
        self.conns.push(Conn {
            data: Some(data),
            channel: Some(channel),
            wire: Wire::default(),
            peer: HOST,
            accepted: true,
            server: Serving::Nothing,
            server_secures: false,
        });
        self.ports.retain(|(known, _)| *known != port);
        self.report(Report::Connected { data });
    }

    pub(crate) fn fail(&mut self, data: DataId, failure: Failure) {
        self.end_data(data, StreamEnd::Reset);
        let link = Link::Data(data);
        self.report(Report::Failed { link, failure });
    }

    fn shake_hands(&mut self, link: Link) {
        match link {
            Link::Control if self.control.to_client.in_flight() > 0 => {
                let failure = Failure::Tls;
                return self.report(Report::Failed { link, failure });
            }
            Link::Control => {
                self.server_secures = false;
                let link = ServerLink::Control;
                self.server.report(ServerReport::Secured { link });
            }
            Link::Data(data) => {
                let bad = self.faults.bad_handshake;
                let Some(conn) = self.conn(data) else { return };
                let ended = conn.wire.to_client.ending().is_some();
                if bad || ended {
                    return self.fail(data, Failure::Tls);
                }
                if let Some(channel) = conn.channel {
                    let link = ServerLink::Data(channel);
                    self.server.report(ServerReport::Secured { link });
                }
            }
        }
        self.report(Report::Secured { link });
    }

    pub(super) fn receive(&mut self, data: DataId, flow: Flow, moved: u64) {
        let now = self.now;
        let disk = self.faults.disk;
        let truncates = self.faults.no_close_notify && flow.secured;
        let left = flow
            .limit
            .map_or(u64::MAX, |limit| limit.saturating_sub(moved));
        let Some(conn) = self.conn(data) else { return };
        let room = usize::try_from(left.max(1)).unwrap_or(usize::MAX);
        let bytes = conn.wire.to_client.read(room, now);
        if bytes.is_empty() {
            if conn.wire.to_client.ending() == Some(StreamEnd::Reset) {
                return self.fail(data, Failure::Reset);
            }
            self.close_data(data);
            let end = if truncates {
                End::Truncated
            } else {
                End::Clean
            };
            return self.report(Report::Finished { data, end });
        }
        if left == 0 {
            self.close_data(data);
            let end = End::Limit;
            return self.report(Report::Finished { data, end });
        }
        if disk.is_some_and(|disk| moved >= disk) {
            return self.fail(data, Failure::Local);
        }
        if self.app.stale != Some(data) && !flow.discard {
            self.app.received.extend_from_slice(&bytes);
        }
        let bytes = bytes.len() as u64;
        self.duties.push(Duty::Move(data, flow, moved + bytes));
        self.report(Report::Moved { data, bytes });
    }

    fn send(&mut self, data: DataId, flow: Flow, moved: u64) {
        let at = usize::try_from(moved).unwrap();
        let rest = self.app.upload[at..].to_vec();
        let arrival = self.now.saturating_add(self.latency);
        let disk = self.faults.disk;
        let Some(conn) = self.conn(data) else { return };
        // Whoever closes while we have more to send answers it with a reset.
        let ending = conn.wire.to_client.ending();
        if ending == Some(StreamEnd::Reset) || (ending.is_some() && !rest.is_empty()) {
            return self.fail(data, Failure::Reset);
        }
        if disk.is_some_and(|disk| moved >= disk) {
            return self.fail(data, Failure::Local);
        }
        let room = WINDOW.saturating_sub(conn.wire.to_server.in_flight());
        let bytes = &rest[..rest.len().min(room)];
        conn.wire.to_server.write(bytes, arrival);
        let bytes = bytes.len() as u64;
        if bytes > 0 {
            self.duties.push(Duty::Move(data, flow, moved + bytes));
            return self.report(Report::Moved { data, bytes });
        }
        if flow.secured {
            conn.wire.to_server.end(StreamEnd::Closed);
            self.duties.push(Duty::Close(data));
            return self.report(Report::Closing { data });
        }
        self.close_data(data);
        let end = End::Clean;
        self.report(Report::Finished { data, end });
    }
}
