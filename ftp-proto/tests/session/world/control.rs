//! The control connection, and what goes wrong on it.

use std::net::SocketAddr;

use ftp_proto::{End, Failure, Link, Report};
use ftp_testkit::testing::{Channel, Peer, ServerLink, ServerReport};
use ftp_testkit::{Broken, StreamEnd};

use super::{Duty, HOST, World};

impl World {
    pub(crate) fn flush(&mut self, max: usize) {
        let bytes = self.session.transmit();
        let bytes = bytes[..max.min(bytes.len())].to_vec();
        let arrival = self.now.saturating_add(self.latency);
        self.control.to_server.write(&bytes, arrival);
        self.written.extend_from_slice(&bytes);
        self.session.transmitted(bytes.len());
    }

    /// Reads a line, or so many bytes; and whether it makes a difference in how many pieces they
    /// come.
    pub(crate) fn client_reads(&mut self, max: Option<usize>) -> Result<(), Broken> {
        let stream = &mut self.control.to_client;
        let bytes = match max {
            Some(max) => stream.read(max, self.now),
            None => stream.read_line(self.now),
        };
        if bytes.is_empty() {
            let ending = stream.ending();
            self.control_open = false;
            match ending {
                Some(StreamEnd::Reset) => self.session.report(Report::Failed {
                    link: Link::Control,
                    failure: Failure::Reset,
                }),
                _ => self.session.receive_eof(),
            }
            return Ok(());
        }
        self.session.set_resumptions(self.tickets);
        let mut bit_by_bit = self.session.clone();
        bytes.iter().for_each(|byte| bit_by_bit.receive(&[*byte]));
        self.session.receive(&bytes);
        if bit_by_bit != self.session {
            let bytes = bytes.escape_ascii();
            return Err(format!("{bytes} means something else byte by byte"));
        }
        self.nothing_unwritten_is_answered()
    }

    /// The control connection is lost on both sides.
    pub(crate) fn lose_control(&mut self) {
        self.control.cut();
        let link = ServerLink::Control;
        self.server.report(ServerReport::Failed { link });
    }

    /// Data connections are lost on both sides.
    pub(crate) fn lose_data(&mut self) {
        let channels: Vec<Channel> = self.conns.iter().filter_map(|conn| conn.channel).collect();
        for conn in &mut self.conns {
            conn.wire.cut();
            conn.channel = None;
        }
        self.conns.retain(|conn| conn.data.is_some());
        for channel in channels {
            let link = ServerLink::Data(channel);
            self.server.report(ServerReport::Failed { link });
        }
    }

    /// Somebody on the way puts bytes into what the server says.
    pub(crate) fn inject(&mut self, bytes: &[u8]) {
        self.numbered = false;
        self.honest = false;
        self.control.to_client.write(bytes, self.now);
    }

    /// The driver reports something that did not happen.
    pub(crate) fn misreport(&mut self, choice: usize) {
        let data = self.duties.iter().find_map(Duty::data);
        let data = data.or_else(|| self.conns.iter().find_map(|conn| conn.data));
        let Some(data) = data else { return };
        let local = SocketAddr::new(HOST, 9);
        let (peer, link) = (HOST, Link::Data(data));
        let failure = Failure::Other;
        let reports = [
            Report::Connected { data },
            Report::Listening { data, local },
            Report::Accepted { data, peer },
            Report::Secured { link },
            Report::Secured {
                link: Link::Control,
            },
            Report::Unsecured,
            Report::Moved {
                data,
                bytes: u64::MAX,
            },
            Report::Closing { data },
            Report::Finished {
                data,
                end: End::Clean,
            },
            Report::Finished {
                data,
                end: End::Limit,
            },
            Report::Finished {
                data,
                end: End::Truncated,
            },
            Report::Failed { link, failure },
        ];
        self.honest = false;
        self.numbered = false;
        self.report(reports[choice % reports.len()]);
    }
}
