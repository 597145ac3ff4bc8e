//! What the driver reports of the data connection of a transfer whose command is out.

use core::net::IpAddr;

use crate::action::{Action, Direction, End, Failure, Report};
use crate::session::events::Event;
use crate::session::shared::Shared;
use crate::session::transfer::course::{Data, Ending, Said};
use crate::time::Reason;
use crate::transfer::Transfer;
use crate::verdict::Interruption;

use super::{FAREWELL, Moving};

impl Moving {
    pub(in crate::session::transfer) fn reported(
        &mut self,
        shared: &mut Shared,
        spec: &Transfer,
        report: Report,
    ) -> Option<Ending> {
        let sending = spec.direction() == Direction::Send;
        let has_payload = matches!(self.link, Data::Moving | Data::Closing);
        match report {
            Report::Failed { failure, .. } => {
                self.data = None;
                if failure == Failure::Local && has_payload {
                    // The application gave up, not the server: this counts as an abort.
                    self.failure = failure;
                    return self.end_early(Interruption::Data(failure));
                }
                self.broke(shared, spec, failure)
            }
            Report::Accepted { peer, .. } if self.link == Data::Accepting => {
                self.accepted(shared, spec, peer)
            }
            Report::Connected { .. } if self.link == Data::Accepting => {
                self.set_link(shared, spec, Data::Open)
            }
            Report::Secured { .. } if self.link == Data::Securing => {
                self.set_link(shared, spec, Data::Secured)
            }
            Report::Moved { bytes, .. } if has_payload => {
                self.moved(shared, bytes);
                None
            }
            Report::Held { held, .. } if has_payload => {
                self.hold(shared, held);
                None
            }
            Report::Closing { .. } if self.link == Data::Moving && sending => {
                self.set_link(shared, spec, Data::Closing)
            }
            Report::Finished { end, .. } if has_payload => self.finished(shared, spec, end),
            _ => {
                shared.events.count_ignored();
                None
            }
        }
    }

    fn accepted(&mut self, shared: &mut Shared, spec: &Transfer, peer: IpAddr) -> Option<Ending> {
        let expected = shared.control.peer.map(|peer| peer.to_canonical());
        if expected.is_none_or(|expected| expected == peer.to_canonical()) {
            return self.set_link(shared, spec, Data::Open);
        }
        shared.tell(Event::Stranger(peer));
        self.strangers = self.strangers.saturating_add(1);
        if self.strangers > shared.config.limits.strangers_max {
            return self.broke(shared, spec, Failure::Other);
        }
        if let Some(data) = self.data {
            shared.act(Action::Accept { data });
        }
        None
    }

    fn moved(&mut self, shared: &mut Shared, bytes: u64) {
        if self.awaits_farewell() && shared.timers.is_on(Reason::Drain) {
            shared.timers.restart(Reason::Drain, FAREWELL);
        }
        self.bytes = self.bytes.saturating_add(bytes);
        self.progress = self.progress.saturating_add(bytes);
        if self.progress >= shared.config.limits.data_progress_min && self.link == Data::Moving {
            self.progress = 0;
            let idle = shared.config.timeouts.data_idle;
            shared.timers.restart(Reason::DataIdle, idle);
        }
    }

    /// The limit is paused, and later goes on with its rest. A restart each time would never let it
    /// expire if the server sends one byte a second and the application takes each at once.
    pub(super) fn hold(&self, shared: &mut Shared, held: bool) {
        let farewell = Some(Reason::Drain).filter(|_| self.awaits_farewell());
        for reason in farewell.into_iter().chain([Reason::DataIdle]) {
            if held {
                shared.timers.pause(reason);
            } else {
                shared.timers.resume(reason);
            }
        }
    }

    /// Whether a download moves without a control connection. Nothing else waits for `Drain` then.
    pub(super) fn awaits_farewell(&self) -> bool {
        self.said == Said::Lost && self.link == Data::Moving
    }

    /// The payload has ended. An upload has ended when everything was sent, however the server ends
    /// its side.
    pub(super) fn finished(
        &mut self,
        shared: &mut Shared,
        spec: &Transfer,
        end: End,
    ) -> Option<Ending> {
        self.data = None;
        self.end = match spec.direction() {
            Direction::Receive => end,
            Direction::Send => End::Clean,
        };
        let link = if self.end == End::Limit {
            Data::Cut
        } else {
            Data::Ended
        };
        self.set_link(shared, spec, link)
    }

    pub(super) fn broke(
        &mut self,
        shared: &mut Shared,
        spec: &Transfer,
        failure: Failure,
    ) -> Option<Ending> {
        self.failure = failure;
        self.drop_data(shared);
        self.set_link(shared, spec, Data::Broken)
    }
}
