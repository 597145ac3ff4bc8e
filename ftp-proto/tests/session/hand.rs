//! A session driven by hand: every byte and every report is written out in the test.

use std::net::{IpAddr, SocketAddr};
use std::task::Poll;
use std::time::Duration;

use ftp_proto::{
    Action, Argument, Command, Completed, Config, Control, DataId, DataMode, Encoding, End, Error,
    Event, Failure, Flow, Instant, Interrupted, Link, Pipeline, Reason, Reply, Report, Session,
    State, Ticket, Transfer, TransferId,
};

use crate::world::HOST;

pub(crate) struct Hand {
    pub(crate) session: Session,
    pub(crate) now: Instant,
    /// The lines that went out, without their ends, since they were last asked for.
    lines: Vec<String>,
    actions: Vec<Action>,
    /// The latest data connection.
    data: Option<DataId>,
    transfer: Option<TransferId>,
}

pub(crate) fn name(text: &str) -> Argument {
    Argument::new(text).unwrap()
}

pub(crate) fn retrieve() -> Transfer {
    Transfer::retrieve(name("f"))
}

pub(crate) fn store() -> Transfer {
    Transfer::store(name("f"))
}

/// TYPE and what opens the data connection go out together.
pub(crate) fn two_at_a_time() -> Config {
    let mut config = Config::default();
    config.pipeline = Pipeline::window(2);
    config
}

pub(crate) fn active() -> Config {
    let mut config = Config::default();
    config.data_mode = DataMode::Active;
    config
}

impl Hand {
    /// Greeted.
    pub(crate) fn new(config: Config) -> Self {
        Self::greeted(Self::before_greeting(config))
    }

    pub(crate) fn greeted(mut hand: Self) -> Self {
        hand.says("220 Hello.");
        assert!(hand.session.poll_reply(Ticket::GREETING).is_ready());
        hand
    }

    /// Names are left as they are: `errands` tests what goes before them.
    pub(crate) fn before_greeting(mut config: Config) -> Self {
        config.encoding = Encoding::AsItIs;
        Self::settling_names(config)
    }

    pub(crate) fn settling_names(config: Config) -> Self {
        let mut hand = Self {
            session: Session::new(config, Control::new(HOST, HOST)),
            now: Instant::EPOCH,
            lines: Vec::new(),
            actions: Vec::new(),
            data: None,
            transfer: None,
        };
        hand.run();
        hand
    }

    /// Greeted, under TLS and with protected data connections.
    pub(crate) fn protected(config: Config) -> Self {
        let mut hand = Self::new(config);
        hand.submits("AUTH TLS");
        hand.says("234 Go on.");
        let link = Link::Control;
        hand.reports(Report::Secured { link });
        for line in ["PBSZ 0", "PROT P"] {
            hand.submits(line);
            hand.says("200 Yes.");
        }
        hand.acts(&["Secure"]);
        hand.sends(&["AUTH TLS", "PBSZ 0", "PROT P"]);
        hand
    }

    /// Takes all actions and writes all bytes.
    pub(crate) fn run(&mut self) {
        loop {
            let action = self.session.poll_action(self.now);
            let unsent = self.session.transmit().to_vec();
            self.session.transmitted(unsent.len());
            let text = String::from_utf8(unsent.clone()).unwrap();
            self.lines.extend(text.lines().map(String::from));
            if let Some(Action::Connect { data, .. } | Action::Listen { data }) = action {
                self.data = Some(data);
            }
            self.actions.extend(action);
            if action.is_none() && unsent.is_empty() {
                return;
            }
        }
    }

    /// The server says these replies, in one piece.
    pub(crate) fn says(&mut self, replies: &str) -> &mut Self {
        let bytes = format!("{}\r\n", replies.replace('\n', "\r\n"));
        self.receives(bytes.as_bytes())
    }

    pub(crate) fn receives(&mut self, bytes: &[u8]) -> &mut Self {
        self.session.receive(bytes);
        self.run();
        self
    }

    pub(crate) fn reports(&mut self, report: Report) -> &mut Self {
        self.session.report(report);
        self.run();
        self
    }

    /// What went out since the last time.
    #[track_caller]
    pub(crate) fn sends(&mut self, lines: &[&str]) -> &mut Self {
        assert_eq!(std::mem::take(&mut self.lines), lines);
        self
    }

    /// The lines that went out since they were last asked for.
    pub(crate) fn lines(&mut self) -> Vec<String> {
        std::mem::take(&mut self.lines)
    }

    /// Nobody polls what was asked so far.
    pub(crate) fn forgets_replies(&mut self) {
        let next = self.session.next_ticket();
        self.session.discard_all(Ticket::GREETING..next);
    }

    /// What was asked of the driver since the last time.
    #[track_caller]
    pub(crate) fn acts(&mut self, actions: &[&str]) -> &mut Self {
        let names = std::mem::take(&mut self.actions);
        let names: Vec<String> = names.iter().map(first_word).collect();
        assert_eq!(names, actions);
        self
    }

    /// What may move, when that was asked of the driver last.
    #[track_caller]
    pub(crate) fn flow(&mut self) -> Flow {
        match std::mem::take(&mut self.actions).last() {
            Some(Action::Move { flow, .. }) => *flow,
            other => panic!("{other:?} instead of payload"),
        }
    }

    /// Does at once what was asked, as far as it can be done without payload.
    pub(crate) fn obeys(&mut self) -> &mut Self {
        for action in std::mem::take(&mut self.actions) {
            match action {
                Action::Connect { .. } => self.connects(),
                Action::Listen { .. } => self.listens(),
                Action::Accept { .. } => self.accepts(HOST),
                Action::Secure { link } => self.reports(Report::Secured { link }),
                _ => continue,
            };
            return self.obeys();
        }
        self
    }

    /// Lets all deadlines pass; no more than so many.
    #[track_caller]
    pub(crate) fn waits_for_the_end(&mut self, max: usize) -> &mut Self {
        for _ in 0..max {
            let Some(deadline) = self.session.deadline() else {
                return self;
            };
            self.now = deadline.at;
            self.run();
        }
        panic!("still waiting for {:?}", self.session.deadline());
    }

    pub(crate) fn submits(&mut self, line: &str) -> Ticket {
        let ticket = self.session.submit(Command::raw(line).unwrap()).unwrap();
        self.run();
        ticket
    }

    pub(crate) fn begins(&mut self, transfer: Transfer) -> TransferId {
        let id = self.session.begin(transfer).unwrap();
        self.transfer = Some(id);
        self.run();
        id
    }

    /// Up to the transfer command, which is out; the data connection is open or announced.
    pub(crate) fn starts(&mut self, transfer: Transfer) -> &mut Self {
        let known = self.session.representation() == Some(transfer.representation());
        let mode = transfer
            .mode()
            .unwrap_or_else(|| self.session.config().data_mode);
        let is_active = mode == DataMode::Active;
        let resumed = transfer.offset() > 0;
        self.begins(transfer);
        if is_active {
            self.listens();
        }
        if !known {
            self.says("200 Type.");
        }
        if is_active {
            self.says("200 Port.");
        } else {
            self.says("229 Port (|||4711|)");
            self.connects();
        }
        if resumed {
            self.says("350 Restarting.");
        }
        self.lines.clear();
        self.actions.clear();
        self
    }

    /// As [`starts`](Self::starts), and payload moves.
    pub(crate) fn moves(&mut self, transfer: Transfer) -> &mut Self {
        self.starts(transfer).says("150 Here.");
        if self
            .actions
            .iter()
            .any(|action| first_word(action) == "Accept")
        {
            self.accepts(HOST);
        }
        assert_eq!(self.actions.last().map(first_word).as_deref(), Some("Move"));
        self.actions.clear();
        self
    }

    pub(crate) fn data(&self) -> DataId {
        self.data.unwrap()
    }

    pub(crate) fn connects(&mut self) -> &mut Self {
        let data = self.data();
        self.reports(Report::Connected { data })
    }

    pub(crate) fn listens(&mut self) -> &mut Self {
        let data = self.data();
        let local = SocketAddr::new(HOST, 3001);
        self.reports(Report::Listening { data, local })
    }

    pub(crate) fn accepts(&mut self, peer: IpAddr) -> &mut Self {
        let data = self.data();
        self.reports(Report::Accepted { data, peer })
    }

    pub(crate) fn moved(&mut self, bytes: u64) -> &mut Self {
        let data = self.data();
        self.reports(Report::Moved { data, bytes })
    }

    pub(crate) fn ends(&mut self, end: End) -> &mut Self {
        let data = self.data();
        self.reports(Report::Finished { data, end })
    }

    pub(crate) fn breaks(&mut self, failure: Failure) -> &mut Self {
        let link = Link::Data(self.data());
        self.reports(Report::Failed { link, failure })
    }

    /// Lets time pass.
    pub(crate) fn waits(&mut self, seconds: u64) -> &mut Self {
        self.now = self.now.saturating_add(Duration::from_secs(seconds));
        self.run();
        self
    }

    /// Lets time pass up to the next deadline, which has to be this one.
    #[track_caller]
    pub(crate) fn expires(&mut self, reason: Reason) -> &mut Self {
        let deadline = self.session.deadline().expect("nothing is waited for");
        assert_eq!(deadline.reason, reason);
        self.now = deadline.at;
        self.run();
        self
    }

    #[track_caller]
    pub(crate) fn verdict(&mut self) -> Result<Completed, Error> {
        match self.session.poll_transfer(self.transfer.unwrap()) {
            Poll::Ready(verdict) => verdict,
            Poll::Pending => panic!("no verdict yet"),
        }
    }

    #[track_caller]
    pub(crate) fn completed(&mut self) -> Completed {
        self.verdict().unwrap()
    }

    #[track_caller]
    pub(crate) fn interrupted(&mut self) -> Interrupted {
        let error = self.verdict().unwrap_err();
        match error.interrupted() {
            Some(interrupted) => interrupted.clone(),
            None => panic!("{error}"),
        }
    }

    #[track_caller]
    pub(crate) fn undecided(&mut self) -> &mut Self {
        let polled = self.session.poll_transfer(self.transfer.unwrap());
        assert!(polled.is_pending(), "{polled:?}");
        self
    }

    #[track_caller]
    pub(crate) fn reply(&mut self, ticket: Ticket) -> Result<Reply, Error> {
        match self.session.poll_reply(ticket) {
            Poll::Ready(result) => result,
            Poll::Pending => panic!("no reply yet"),
        }
    }

    #[track_caller]
    pub(crate) fn is(&mut self, state: State) -> &mut Self {
        assert_eq!(self.session.state(), state);
        self
    }

    #[track_caller]
    pub(crate) fn is_usable(&mut self) -> &mut Self {
        self.is(State::Usable)
    }

    #[track_caller]
    pub(crate) fn is_dead(&mut self) -> &mut Self {
        let state = self.session.state();
        assert!(matches!(state, State::Dead(_)), "{state:?}");
        self
    }

    /// A command is answered by its own reply.
    #[track_caller]
    pub(crate) fn is_in_step(&mut self) -> &mut Self {
        self.is_usable();
        self.lines.clear();
        let ticket = self.submits("SYST");
        self.sends(&["SYST"]).says("215 In step.");
        assert_eq!(self.reply(ticket).unwrap().code().get(), 215);
        self.is_usable()
    }

    pub(crate) fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.session.poll_event()).collect()
    }
}

fn first_word(action: &Action) -> String {
    let text = format!("{action:?}");
    text.split(' ').next().unwrap_or_default().to_owned()
}

/// The code of the reply that goes with a failure.
pub(crate) fn code(interrupted: &Interrupted) -> Option<u16> {
    interrupted.reply.as_ref().map(|reply| reply.code().get())
}
