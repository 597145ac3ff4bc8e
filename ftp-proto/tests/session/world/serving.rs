//! What runs the server: its actions, its connections, its bytes.

use std::net::{IpAddr, SocketAddr};

use ftp_proto::Instant;
use ftp_testkit::testing::{Channel, Peer, ServerAction, ServerLink, ServerReport};
use ftp_testkit::{StreamEnd, Wire};

use super::{Conn, HOST, STRANGER, Serving, WINDOW, World};

impl World {
    pub(super) fn run_server(&mut self) {
        loop {
            let said = self.server.transmit().to_vec();
            let arrival = self.now.saturating_add(self.latency);
            self.control.to_client.write(&said, arrival);
            self.server.transmitted(said.len());
            let moved = self.server_sends();
            self.server_connections();
            match self.server.poll_action() {
                Some(action) => self.server_acts(action),
                None if moved || !said.is_empty() => {}
                None => return,
            }
        }
    }

    fn channel(&mut self, channel: Channel) -> Option<&mut Conn> {
        self.conns
            .iter_mut()
            .find(|conn| conn.channel == Some(channel))
    }

    fn server_acts(&mut self, action: ServerAction) {
        match action {
            ServerAction::Listen { channel } => {
                let port = 2000 + u16::try_from(channel.number()).unwrap();
                self.ports.push((port, channel));
                let local = SocketAddr::new(HOST, port);
                self.server
                    .report(ServerReport::Listening { channel, local });
            }
            ServerAction::Accept { channel } => self.server_accepts = Some(channel),
            ServerAction::Connect { channel, to } => self.server_dials(Some(channel), to, HOST),
            ServerAction::Intrude { to } => self.server_dials(None, to, STRANGER),
            ServerAction::Secure {
                link: ServerLink::Data(channel),
            } => {
                if let Some(conn) = self.channel(channel) {
                    conn.server_secures = true;
                }
            }
            ServerAction::Secure { .. } | ServerAction::Unsecure => self.server_secures = true,
            ServerAction::Send { channel } => self.serve(channel, Serving::Send),
            ServerAction::Receive { channel } => self.serve(channel, Serving::Receive),
            ServerAction::Shutdown { channel } => {
                self.serve(channel, Serving::Shutdown);
                if let Some(conn) = self.channel(channel) {
                    conn.wire.to_client.end(StreamEnd::Closed);
                }
            }
            ServerAction::Close { channel } => self.server_ends(channel, StreamEnd::Closed),
            ServerAction::Reset { channel } => self.server_ends(channel, StreamEnd::Reset),
            ServerAction::CloseControl => self.control.to_client.end(StreamEnd::Closed),
            ServerAction::ResetControl => self.control.to_client.end(StreamEnd::Reset),
        }
    }

    fn serve(&mut self, channel: Channel, serving: Serving) {
        if let Some(conn) = self.channel(channel) {
            conn.server = serving;
        }
    }

    fn server_dials(&mut self, channel: Option<Channel>, to: SocketAddr, peer: IpAddr) {
        let listener = self.listener.filter(|(_, port)| *port == to.port());
        let Some((data, _)) = listener else {
            if let Some(channel) = channel {
                let link = ServerLink::Data(channel);
                self.server.report(ServerReport::Failed { link });
            }
            return;
        };
        self.conns.push(Conn {
            data: Some(data),
            channel,
            wire: Wire::default(),
            peer,
            accepted: false,
            server: Serving::Nothing,
            server_secures: false,
        });
        if let Some(channel) = channel {
            self.server.report(ServerReport::Connected { channel });
        }
    }

    fn server_ends(&mut self, channel: Channel, ending: StreamEnd) {
        self.ports.retain(|(_, known)| *known != channel);
        self.server_accepts.take_if(|known| *known == channel);
        if let Some(conn) = self.channel(channel) {
            // Closing with unread bytes resets, as TCP does.
            let unread = conn.wire.to_server.in_flight() > 0;
            let ending = if unread { StreamEnd::Reset } else { ending };
            conn.wire.to_client.end(ending);
            conn.channel = None;
        }
        self.conns
            .retain(|conn| conn.data.is_some() || conn.channel.is_some());
    }

    /// Moves what the server has to send, as far as there is room; whether anything moved.
    fn server_sends(&mut self) -> bool {
        let arrival = self.now.saturating_add(self.latency);
        let mut moved = false;
        for conn in &mut self.conns {
            let Some(channel) = conn.channel.filter(|_| conn.server == Serving::Send) else {
                continue;
            };
            let room = WINDOW.saturating_sub(conn.wire.to_client.in_flight());
            let payload = self.server.payload(channel);
            let bytes = payload[..payload.len().min(room)].to_vec();
            if !bytes.is_empty() && conn.data.is_some() {
                conn.wire.to_client.write(&bytes, arrival);
                self.server.payload_sent(channel, bytes.len());
                moved = true;
            }
        }
        moved
    }

    /// Accepts who has dialled; and notices who is gone while it sends.
    fn server_connections(&mut self) {
        if let Some(channel) = self.server_accepts {
            if self.channel(channel).is_some() {
                self.server_accepts = None;
                let peer = HOST;
                self.server.report(ServerReport::Accepted { channel, peer });
            }
        }
        let gone = |conn: &&Conn| conn.data.is_none() && conn.server != Serving::Receive;
        let gone: Vec<(Channel, Serving)> = self
            .conns
            .iter()
            .filter(gone)
            .filter_map(|conn| conn.channel.map(|channel| (channel, conn.server)))
            .collect();
        for (channel, serving) in gone {
            let report = match serving {
                Serving::Shutdown => ServerReport::Ended { channel },
                // Nobody looks at a connection before anything is to move on it.
                Serving::Nothing if self.server.is_transferring() => ServerReport::Failed {
                    link: ServerLink::Data(channel),
                },
                Serving::Nothing => continue,
                _ => ServerReport::Failed {
                    link: ServerLink::Data(channel),
                },
            };
            self.conns.retain(|conn| conn.channel != Some(channel));
            self.server.report(report);
        }
    }

    pub(super) fn server_can_take(&self, conn: &Conn) -> bool {
        let Some(channel) = conn.channel.filter(|_| conn.server == Serving::Receive) else {
            return false;
        };
        let wanted = self.server.payload_wanted(channel) > 0;
        (wanted && conn.wire.to_server.is_readable(self.now))
            || conn.wire.to_server.ending().is_some()
    }

    pub(super) fn server_takes(&mut self) {
        let Some(at) = self
            .conns
            .iter()
            .position(|conn| self.server_can_take(conn))
        else {
            return;
        };
        let conn = &mut self.conns[at];
        let Some(channel) = conn.channel else { return };
        let bytes = conn.wire.to_server.read(usize::MAX, self.now);
        if !bytes.is_empty() {
            return self.server.payload_received(channel, &bytes);
        }
        let reset = conn.wire.to_server.ending() == Some(StreamEnd::Reset);
        conn.server = Serving::Nothing;
        if conn.data.is_none() {
            self.conns.remove(at);
        }
        self.server.report(if reset {
            ServerReport::Failed {
                link: ServerLink::Data(channel),
            }
        } else {
            ServerReport::Ended { channel }
        });
    }

    pub(super) fn next_arrival(&self) -> Option<Instant> {
        let wires = self.conns.iter().map(|conn| &conn.wire);
        let wires = wires.chain([&self.control]);
        let streams = wires.flat_map(|wire| [&wire.to_client, &wire.to_server]);
        streams
            .filter_map(|stream| stream.next_arrival())
            .filter(|arrival| *arrival > self.now)
            .min()
    }
}
