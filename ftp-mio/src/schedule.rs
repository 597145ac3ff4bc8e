//! Which of many clients need a turn, and when the next one does.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::mem;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::transport::Transport;

/// The clients of a loop that need a turn, so that a round costs what there is to do, however many
/// sessions are idle or wait.
///
/// The loop gives each client a number of its own choice. It calls [`wake`](Self::wake) for a new
/// client and for one with a ready socket, gives a turn to those that [`due`](Self::due) names, and
/// calls [`settle`](Self::settle) after each turn.
///
/// ```no_run
/// use std::time::Instant;
/// use ftp_mio::{Client, Schedule, mio as glue};
///
/// # fn main() -> std::io::Result<()> {
/// let (mut poll, mut events) = (mio::Poll::new()?, mio::Events::with_capacity(1024));
/// let (mut schedule, mut due) = (Schedule::new(), Vec::new());
/// let server = [([192, 0, 2, 1], 21).into()];
/// let mut clients: Vec<_> = (0..1000).map(|_| Client::connect_to(server, Instant::now())).collect();
/// (0..clients.len()).for_each(|number| schedule.wake(number));
/// loop {
///     schedule.due(Instant::now(), &mut due);
///     for number in due.drain(..) {
///         let registrar = &mut glue::Registrar::new(poll.registry(), number);
///         clients[number].turn(Instant::now(), registrar);
///         // Move payload and take outcomes here.
///         schedule.settle(number, &clients[number]);
///     }
///     poll.poll(&mut events, schedule.timeout(Instant::now()))?;
///     for event in &events {
///         let (number, slot) = glue::slot(event.token());
///         clients[number].ready(slot, glue::ready(event));
///         schedule.wake(number);
///     }
/// }
/// # }
/// ```
#[derive(Debug, Default)]
pub struct Schedule {
    due: Vec<usize>,
    clients: BTreeMap<usize, Known>,
    /// At least one entry for each client with a deadline, at that deadline or earlier.
    deadlines: BinaryHeap<Reverse<(Instant, usize)>>,
}

#[derive(Debug, Default)]
struct Known {
    /// It is in the list of those that are due.
    due: bool,
    /// Its earliest entry among the deadlines. A later deadline is looked for when that has come:
    /// most deadlines move on with every reply, and few ever come.
    queued: Option<Instant>,
}

impl Schedule {
    /// A schedule without clients.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says that a client needs a turn.
    pub fn wake(&mut self, number: usize) {
        let known = self.clients.entry(number).or_default();
        if !mem::replace(&mut known.due, true) {
            self.due.push(number);
        }
    }

    /// Appends to `due` the clients that need a turn, each once. That of a client whose deadline
    /// has moved since is needless, and does no harm.
    pub fn due(&mut self, now: Instant, due: &mut Vec<usize>) {
        while let Some(Reverse((at, number))) = self.deadlines.peek().copied() {
            if at > now {
                break;
            }
            self.deadlines.pop();
            // An entry that an earlier one has overtaken stands for nothing.
            match self.clients.get_mut(&number) {
                Some(known) if known.queued == Some(at) => known.queued = None,
                _ => continue,
            }
            self.wake(number);
        }
        for number in &self.due {
            // Another client may have taken the number of one that was due.
            let known = self.clients.get_mut(number);
            if known.is_some_and(|known| mem::take(&mut known.due)) {
                due.push(*number);
            }
        }
        self.due.clear();
    }

    /// Takes over from a client whether it needs another turn, and its deadline.
    pub fn settle<T: Transport>(&mut self, number: usize, client: &Client<T>) {
        if client.needs_turn() {
            self.wake(number);
        } else if let Some(deadline) = client.deadline() {
            self.expect(number, deadline);
        }
    }

    fn expect(&mut self, number: usize, deadline: Instant) {
        let known = self.clients.entry(number).or_default();
        if known.queued.is_none_or(|queued| deadline < queued) {
            known.queued = Some(deadline);
            self.deadlines.push(Reverse((deadline, number)));
        }
    }

    /// Forgets a client, whose number may then be another's.
    pub fn forget(&mut self, number: usize) {
        // What is left of it in the lists stands for nothing.
        self.clients.remove(&number);
    }

    /// How long the loop may wait for sockets: zero if a client is due, `None` for no limit.
    #[must_use]
    pub fn timeout(&self, now: Instant) -> Option<Duration> {
        if !self.due.is_empty() {
            return Some(Duration::ZERO);
        }
        let Reverse((at, _)) = self.deadlines.peek()?;
        Some(at.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(schedule: &mut Schedule, now: Instant) -> Vec<usize> {
        let mut due = Vec::new();
        schedule.due(now, &mut due);
        due
    }

    /// Another client may have its number.
    #[test]
    fn a_client_that_is_forgotten_leaves_nothing() {
        let (mut schedule, now) = (Schedule::new(), Instant::now());
        let later = now + Duration::from_secs(1);
        for number in [0, 7, usize::MAX] {
            for _ in 0..3 {
                schedule.wake(number);
                schedule.expect(number, later);
                schedule.forget(number);
            }
            schedule.wake(number);
            assert_eq!(due(&mut schedule, now), [number]);
            assert_eq!(due(&mut schedule, later), [0_usize; 0]);
            assert_eq!(schedule.timeout(later), None);
        }
    }

    #[test]
    fn a_client_is_due_once_however_often_it_is_woken() {
        let (mut schedule, now) = (Schedule::new(), Instant::now());
        schedule.wake(7);
        schedule.wake(7);
        assert_eq!(schedule.timeout(now), Some(Duration::ZERO));
        assert_eq!(due(&mut schedule, now), [7]);
        assert_eq!(due(&mut schedule, now), []);
        assert_eq!(schedule.timeout(now), None);
    }

    #[test]
    fn a_deadline_makes_its_client_due_and_an_earlier_one_counts() {
        let (mut schedule, now) = (Schedule::new(), Instant::now());
        let after = |seconds| now + Duration::from_secs(seconds);
        schedule.expect(1, after(9));
        schedule.expect(2, after(5));
        schedule.expect(1, after(3));
        assert_eq!(schedule.timeout(now), Some(Duration::from_secs(3)));
        assert_eq!(due(&mut schedule, after(2)), []);
        assert_eq!(due(&mut schedule, after(3)), [1]);
        assert_eq!(due(&mut schedule, after(8)), [2]);
        // What the earlier one has overtaken does not count.
        assert_eq!(due(&mut schedule, after(10)), []);
    }

    #[test]
    fn deadlines_that_move_on_take_no_room() {
        let (mut schedule, now) = (Schedule::new(), Instant::now());
        for seconds in 1..1000 {
            schedule.expect(1, now + Duration::from_secs(seconds));
        }
        assert_eq!(schedule.deadlines.len(), 1);
        for _ in 1..1000 {
            schedule.expect(2, now);
        }
        assert_eq!(schedule.deadlines.len(), 2);
    }

    /// Nothing is watched.
    struct Nowhere;

    impl crate::Reactor<crate::Socket> for Nowhere {
        fn add(
            &mut self,
            _: crate::Slot,
            _: &mut crate::Socket,
            _: crate::Interest,
        ) -> std::io::Result<()> {
            Ok(())
        }

        fn change(
            &mut self,
            _: crate::Slot,
            _: &mut crate::Socket,
            _: crate::Interest,
        ) -> std::io::Result<()> {
            Ok(())
        }

        fn remove(&mut self, _: crate::Slot, _: &mut crate::Socket) {}
    }

    #[test]
    fn a_client_says_itself_when_it_needs_a_turn() -> std::io::Result<()> {
        let server = std::net::TcpListener::bind("127.0.0.1:0")?;
        let (mut schedule, now) = (Schedule::new(), Instant::now());
        let mut client = Client::connect_to([server.local_addr()?], now);
        schedule.settle(7, &client);
        assert_eq!(due(&mut schedule, now), [7]);
        // The server says nothing.
        while client.needs_turn() {
            client.turn(now, &mut Nowhere);
        }
        schedule.settle(7, &client);
        assert_eq!(due(&mut schedule, now), []);
        assert_eq!(schedule.timeout(now), client.timeout(now));
        assert_ne!(schedule.timeout(now), None);
        Ok(())
    }

    #[test]
    fn a_forgotten_client_is_never_due() {
        let (mut schedule, now) = (Schedule::new(), Instant::now());
        schedule.wake(1);
        schedule.expect(1, now);
        schedule.forget(1);
        assert_eq!(due(&mut schedule, now), []);
    }
}
