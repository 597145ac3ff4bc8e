//! What happens on the data connection of a transfer, as the driver reports it.

use core::net::IpAddr;
use core::time::Duration;

use crate::action::{Action, DataId, Direction, End, Failure, Report};
use crate::time::Reason;
use crate::verdict::Interruption;

use super::running::{Running, Stage};
use super::table::{Data, Said};
use super::{Event, Session};

/// How long payload may stand still when the server has said 421 in the midst of a download.
const FAREWELL: Duration = Duration::from_secs(1);

impl Session {
    pub(super) fn data_reported(&mut self, report: Report) {
        let Some(data) = report.data() else { return };
        let Some(running) = self
            .transfer
            .as_mut()
            .filter(|running| running.data == Some(data))
        else {
            return self.settled_data_reported(data, report);
        };
        let link = running.link;
        let sending = running.spec.direction() == Direction::Send;
        let has_payload = matches!(link, Data::Moving | Data::Closing);
        match report {
            Report::Connected { .. } => self.connected(data),
            Report::Listening { local, .. } => self.listening(data, local),
            Report::Failed { failure, .. } => {
                // The driver holds nothing of it any more.
                running.data = None;
                self.forget_actions(data);
                self.data_failed(failure);
            }
            Report::Accepted { peer, .. } if link == Data::Accepting => self.accepted(data, peer),
            Report::Secured { .. } if link == Data::Securing => self.start_moving(data),
            Report::Moved { bytes, .. } if has_payload => self.moved(bytes),
            // Where nothing moves, there is no limit that could rest.
            Report::Held { held, .. } => self.hold(held),
            Report::Closing { .. } if link == Data::Moving && sending => {
                self.set_link(Data::Closing);
            }
            Report::Finished { .. } if has_payload && sending => self.finished(End::Clean),
            Report::Finished { end, .. } if has_payload => self.finished(end),
            _ => {}
        }
    }

    fn accepted(&mut self, data: DataId, peer: IpAddr) {
        let expected = self.control.peer.map(|peer| peer.to_canonical());
        if expected.is_none_or(|expected| expected == peer.to_canonical()) {
            return self.set_link(Data::Open);
        }
        self.tell(Event::Stranger(peer));
        let strangers_max = self.config.limits.strangers_max;
        let Some(running) = &mut self.transfer else {
            return;
        };
        running.strangers = running.strangers.saturating_add(1);
        if running.strangers > strangers_max {
            return self.data_failed(Failure::Other);
        }
        self.actions.push_back(Action::Accept { data });
    }

    /// A server that has taken its leave may still end what it was sending; one that sends nothing more need not be
    /// waited for any longer.
    pub(super) fn await_farewell(&mut self) {
        if self.awaits_farewell() {
            let held = self.timers.is_paused(Reason::DataIdle);
            self.timers.request(Reason::Drain, FAREWELL);
            self.hold(held);
        }
    }

    /// Whether a download moves without a control connection. Nothing else waits for `Drain` then.
    fn awaits_farewell(&self) -> bool {
        let lost = |running: &Running| running.said == Said::Lost && running.link == Data::Moving;
        self.transfer.as_deref().is_some_and(lost)
    }

    fn moved(&mut self, bytes: u64) {
        if self.awaits_farewell() && self.timers.is_on(Reason::Drain) {
            self.timers.restart(Reason::Drain, FAREWELL);
        }
        let progress_min = self.config.limits.data_progress_min;
        let Some(running) = &mut self.transfer else {
            return;
        };
        running.bytes = running.bytes.saturating_add(bytes);
        running.progress = running.progress.saturating_add(bytes);
        if running.progress >= progress_min && running.link == Data::Moving {
            running.progress = 0;
            self.timers
                .restart(Reason::DataIdle, self.config.timeouts.data_idle);
        }
    }

    /// The limit rests and goes on with what is left of it: begun anew each time, it would never be reached with an
    /// application that takes every byte as it comes, from a server that sends one a second.
    fn hold(&mut self, held: bool) {
        let farewell = Some(Reason::Drain).filter(|_| self.awaits_farewell());
        for reason in farewell.into_iter().chain([Reason::DataIdle]) {
            if held {
                self.timers.pause(reason);
            } else {
                self.timers.resume(reason);
            }
        }
    }

    pub(super) fn finished(&mut self, end: End) {
        let Some(running) = &mut self.transfer else {
            return;
        };
        running.end = end;
        running.data = None;
        let link = if end == End::Limit {
            Data::Cut
        } else {
            Data::Ended
        };
        self.set_link(link);
    }

    pub(super) fn data_failed(&mut self, failure: Failure) {
        let Some(running) = &mut self.transfer else {
            return;
        };
        if running.stage != Stage::Running && running.stage != Stage::Restarting {
            return self.opening_failed(failure, None);
        }
        running.failure = failure;
        if running.stage == Stage::Restarting {
            // Nobody may begin to send to a connection that is gone.
            return self.cancel_opening(Interruption::Data(failure));
        }
        self.drop_data();
        self.set_link(Data::Broken);
    }

    pub(super) fn set_link(&mut self, link: Data) {
        let Some(running) = &mut self.transfer else {
            return;
        };
        running.link = link;
        if running.stage == Stage::Running {
            self.advance();
        }
    }
}
