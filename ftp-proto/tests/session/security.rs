//! The TLS policy is kept by the machine, in whatever order things happen (RFC 4217).
use std::task::Poll;

use ftp_proto::operation::{AskFeatures, DataProtection, Exchange, Login, Secure, Secured, Store};
use ftp_proto::{
    Action, After, Argument, Closed, Command, Config, Control, Encoding, Error, ErrorKind, Failure,
    Instant, Interruption, Link, Misuse, Operation, Policy, Report, Session, State, Ticket,
    TlsPolicy, Transfer, Verb, Violation,
};

/// A session with its server's side in the hands of the test.
struct Talk {
    session: Session,
    now: Instant,
}

impl Talk {
    fn new(tls: TlsPolicy) -> Self {
        let mut config = Config::default();
        config.tls = tls;
        Self::with(config, Control::default())
    }

    fn with(mut config: Config, control: Control) -> Self {
        config.encoding = Encoding::AsItIs;
        let mut talk = Self {
            session: Session::new(config, control),
            now: Instant::EPOCH,
        };
        talk.hear("220 ready\r\n");
        talk
    }

    /// After AUTH TLS, the handshake and PROT P.
    fn protected() -> Self {
        let mut talk = Self::new(TlsPolicy::Full);
        talk.secure();
        let mut operation = Secure::new();
        assert_eq!(talk.poll(&mut operation), None);
        assert_eq!(talk.said(), "PBSZ 0\r\n");
        talk.hear("200 well\r\n");
        assert_eq!(talk.poll(&mut operation), None);
        assert_eq!(talk.said(), "PROT P\r\n");
        talk.hear("200 well\r\n");
        assert_eq!(talk.poll(&mut operation), Some(Ok(Secured::Agreed)));
        talk
    }

    fn secure(&mut self) {
        self.submit("AUTH TLS");
        assert_eq!(self.said(), "AUTH TLS\r\n");
        self.hear("234 go\r\n");
        self.begin_tls();
    }

    fn begin_tls(&mut self) {
        let link = Link::Control;
        assert_eq!(self.actions(), [Action::Secure { link }]);
        self.session.report(Report::Secured { link });
    }

    fn submit(&mut self, line: &str) {
        self.session.submit(Command::raw(line).unwrap()).unwrap();
    }

    fn hear(&mut self, replies: &str) {
        self.session.receive(replies.as_bytes());
    }

    /// What is to be sent, as text; it counts as sent.
    fn said(&mut self) -> String {
        let text = String::from_utf8(self.session.transmit().to_vec()).unwrap();
        self.session.transmitted(text.len());
        text
    }

    fn actions(&mut self) -> Vec<Action> {
        std::iter::from_fn(|| self.session.poll_action(self.now)).collect()
    }

    fn poll<O: Operation>(&mut self, operation: &mut O) -> Option<Result<O::Output, Error>> {
        match operation.poll(&mut self.session) {
            Poll::Ready(result) => Some(result),
            Poll::Pending => None,
        }
    }

    /// Runs an operation against fixed replies and yields what it said.
    fn run<O: Operation>(
        &mut self,
        operation: &mut O,
        replies: &[&str],
    ) -> (String, Result<O::Output, Error>) {
        let (mut said, mut replies) = (String::new(), replies.iter());
        loop {
            if let Some(result) = self.poll(operation) {
                return (said, result);
            }
            said += &self.said();
            match self.actions().as_slice() {
                [] => self.hear(replies.next().expect("a reply for every command")),
                [Action::Secure { link }] => self.session.report(Report::Secured { link: *link }),
                other => panic!("{other:?}"),
            }
        }
    }

    /// Begins an upload as far as the mark; the data connection waits for its handshake.
    fn upload_until_handshake(&mut self, store: &mut Store) -> ftp_proto::DataId {
        assert!(self.poll(store).is_none());
        assert_eq!(self.said(), "TYPE I\r\n");
        self.hear("200 well\r\n");
        assert_eq!(self.said(), "EPSV\r\n");
        self.hear("229 Entering (|||5000|)\r\n");
        let [Action::Connect { data, .. }] = self.actions()[..] else {
            panic!("no connection is made");
        };
        self.session.report(Report::Connected { data });
        assert_eq!(self.said(), "STOR a\r\n");
        self.hear("150 go\r\n");
        let link = Link::Data(data);
        assert_eq!(self.actions(), [Action::Secure { link }]);
        data
    }
}

fn argument(text: &str) -> Argument {
    Argument::new(text).unwrap()
}

fn login() -> Login {
    Login::new(argument("ann")).password(argument("secret"))
}

fn policy(error: &Error) -> Option<Policy> {
    match error.kind() {
        ErrorKind::Policy(policy) => Some(*policy),
        _ => None,
    }
}

// -- nothing secret before the handshake ----------------------------------------------------------

/// Every sequence of three commands, each answered in every way, and no handshake at the end of
/// AUTH. Under TLS there is no buffer size to agree on (RFC 4217 section 9): PROT says what holds.
#[test]
fn a_refused_pbsz_does_not_decide_but_prot_does() {
    for refusal in ["500 You are not allowed to do this\r\n", "450 later\r\n"] {
        let mut talk = Talk::new(TlsPolicy::Full);
        let replies = ["234 go\r\n", refusal, "200 well\r\n"];
        let (said, secured) = talk.run(&mut Secure::new(), &replies);
        assert_eq!(said, "AUTH TLS\r\nPBSZ 0\r\nPROT P\r\n");
        secured.unwrap();
        assert!(talk.session.is_data_protected());
    }

    let mut talk = Talk::new(TlsPolicy::Full);
    let replies = ["234 go\r\n", "500 no\r\n", "536 no\r\n"];
    let (_, refused) = talk.run(&mut Secure::new(), &replies);
    assert_eq!(refused.unwrap_err().verb(), Some(Verb::Prot));
    assert!(!talk.session.is_data_protected());

    // What is no answer to PBSZ is an error of PBSZ.
    let mut talk = Talk::new(TlsPolicy::Full);
    let (said, wrong) = talk.run(&mut Secure::new(), &["234 go\r\n", "331 what?\r\n"]);
    assert_eq!(said, "AUTH TLS\r\nPBSZ 0\r\n");
    assert_eq!(wrong.unwrap_err().verb(), Some(Verb::Pbsz));
}

#[test]
fn no_order_of_commands_lets_anything_private_out_in_clear() {
    const LINES: [&str; 9] = [
        "AUTH TLS",
        "FEAT",
        "USER canary",
        "PASS canary",
        "ACCT canary",
        "PROT P",
        "CWD canary",
        "SITE canary",
        "CCC",
    ];
    const REPLIES: [&str; 3] = ["230 in\r\n", "234 go\r\n", "502 no\r\n"];
    let mut config = Config::default();
    for (policy, clear_control) in [
        (TlsPolicy::Control, false),
        (TlsPolicy::Full, false),
        (TlsPolicy::Full, true),
    ] {
        config.tls = policy;
        config.clear_control = clear_control;
        for number in 0..(LINES.len() * REPLIES.len()).pow(3) {
            let mut talk = Talk::with(config, Control::default());
            let (mut rest, mut said) = (number, String::new());
            for _ in 0..3 {
                talk.submit(LINES[rest % LINES.len()]);
                rest /= LINES.len();
                let more = talk.said();
                if !more.is_empty() {
                    talk.hear(REPLIES[rest % REPLIES.len()]);
                }
                rest /= REPLIES.len();
                said += &more;
            }
            // NOOP is the fence behind a reply that cannot be an answer.
            let harmless = said
                .lines()
                .all(|line| matches!(line, "AUTH TLS" | "FEAT" | "NOOP"));
            assert!(harmless, "{policy:?}: {said}");
        }
    }
}

#[test]
fn nothing_is_written_between_the_agreement_and_the_handshake() {
    let mut talk = Talk::new(TlsPolicy::Full);
    talk.submit("AUTH TLS");
    talk.submit("USER ann");
    talk.submit("FEAT");
    assert_eq!(talk.said(), "AUTH TLS\r\n");
    talk.hear("234 go\r\n");
    assert_eq!(talk.said(), "");
    talk.begin_tls();
    assert_eq!(talk.said(), "USER ann\r\n");
}

#[test]
fn a_greeting_that_logs_in_does_not_stand_for_tls() {
    for tls in [TlsPolicy::Control, TlsPolicy::Full] {
        let mut config = Config::default();
        config.tls = tls;
        let mut talk = Talk {
            session: Session::new(config, Control::default()),
            now: Instant::EPOCH,
        };
        talk.hear("230 welcome, ann\r\n");
        let (said, refused) = talk.run(&mut Exchange::delete(argument("a")), &[]);
        assert_eq!(said, "");
        assert_eq!(
            policy(&refused.unwrap_err()),
            Some(Policy::ControlNotSecured)
        );
        let (said, refused) = talk.run(&mut Store::new(argument("a")), &[]);
        assert_eq!(said, "");
        assert_eq!(
            policy(&refused.unwrap_err()),
            Some(Policy::ControlNotSecured)
        );
        let (said, secured) = talk.run(&mut Secure::new(), &["234 go\r\n", "200\r\n", "200\r\n"]);
        assert_eq!(said, "AUTH TLS\r\nPBSZ 0\r\nPROT P\r\n");
        secured.unwrap();
    }
}

// -- refusals -------------------------------------------------------------------------------------

#[test]
fn a_refused_auth_is_an_error_and_user_is_never_sent() {
    for refusal in [
        "500 what\r\n",
        "502 no\r\n",
        "504 no\r\n",
        "334 data\r\n",
        "421 bye\r\n",
    ] {
        let mut talk = Talk::new(TlsPolicy::Control);
        let (said, secured) = talk.run(&mut Secure::new(), &[refusal]);
        assert_eq!(said, "AUTH TLS\r\n");
        secured.unwrap_err();
        let (said, refused) = talk.run(&mut login(), &[]);
        assert_eq!(said, "");
        refused.unwrap_err();
    }
}

#[test]
fn a_failed_handshake_ends_the_session() {
    let mut talk = Talk::new(TlsPolicy::Full);
    talk.submit("AUTH TLS");
    talk.said();
    talk.hear("234 go\r\n");
    talk.actions();
    talk.session.report(Report::Failed {
        link: Link::Control,
        failure: Failure::Tls,
    });
    assert_eq!(
        talk.session.state(),
        State::Dead(Closed::Lost(Failure::Tls))
    );
    let (said, refused) = talk.run(&mut login(), &[]);
    assert_eq!(
        (said.as_str(), refused.unwrap_err().after()),
        ("", After::Dead)
    );
}

#[test]
fn a_handshake_that_stalls_ends_the_session() {
    let mut talk = Talk::new(TlsPolicy::Full);
    talk.submit("AUTH TLS");
    talk.said();
    talk.hear("234 go\r\n");
    talk.actions();
    talk.now = talk.session.deadline().unwrap().at;
    assert_eq!(talk.actions(), [Action::Close]);
    assert!(matches!(
        talk.session.state(),
        State::Dead(Closed::Timeout(_))
    ));
}

#[test]
fn a_refused_prot_is_an_error_and_no_data_command_is_sent() {
    for tls in [TlsPolicy::Full, TlsPolicy::Control] {
        let mut talk = Talk::new(tls);
        let replies = ["234 go\r\n", "200 well\r\n", "536 no\r\n"];
        let (_, secured) = talk.run(&mut Secure::new(), &replies);
        let error = secured.unwrap_err();
        assert_eq!(
            (error.verb(), error.after()),
            (Some(Verb::Prot), After::Usable)
        );
        if tls == TlsPolicy::Full {
            let (said, refused) = talk.run(&mut Store::new(argument("a")), &[]);
            assert_eq!(said, "");
            assert_eq!(
                policy(&refused.unwrap_err()),
                Some(Policy::DataNotProtected)
            );
        }
    }
}

#[test]
fn giving_protection_up_is_not_forgotten() {
    let mut talk = Talk::protected();
    let (_, cleared) = talk.run(
        &mut Secure::data(DataProtection::Clear),
        &["200 well\r\n", "200 well\r\n"],
    );
    cleared.unwrap();
    assert!(!talk.session.is_data_protected());
    let (said, refused) = talk.run(&mut Store::new(argument("a")), &[]);
    assert_eq!(said, "");
    assert_eq!(
        policy(&refused.unwrap_err()),
        Some(Policy::DataNotProtected)
    );
}

// -- what comes in clear --------------------------------------------------------------------------

#[test]
fn clear_text_behind_the_agreement_is_fatal_however_it_is_cut() {
    let text = b"234 go\r\n230 you are in\r\n";
    for cut in 0..=text.len() {
        for flushed in [true, false] {
            let mut talk = Talk::new(TlsPolicy::Full);
            talk.submit("AUTH TLS");
            talk.said();
            let (first, rest) = text.split_at(cut);
            talk.session.receive(first);
            if flushed {
                talk.actions();
            }
            talk.session.receive(rest);
            let dead = State::Dead(Closed::Violation(Violation::BytesBeforeTls));
            assert_eq!(talk.session.state(), dead, "cut at {cut}");
            assert!(!talk.session.is_secured());
            assert_eq!(talk.said(), "");
        }
    }
}

#[test]
fn what_was_learnt_in_clear_is_asked_again() {
    let mut talk = Talk::new(TlsPolicy::Control);
    let in_clear = "211-Features:\r\n EVIL\r\n211 End\r\n";
    let (said, features) = talk.run(&mut AskFeatures::new(), &[in_clear]);
    assert_eq!(said, "FEAT\r\n");
    assert!(features.unwrap().has("EVIL"));
    talk.secure();
    assert_eq!(talk.session.features(), None);
    let under_tls = "211-Features:\r\n GOOD\r\n211 End\r\n";
    let (said, features) = talk.run(&mut AskFeatures::new(), &[under_tls]);
    assert_eq!(said, "FEAT\r\n");
    assert!(!features.unwrap().has("EVIL"));
}

/// The answer came in clear, and nobody looked at it before TLS.
#[test]
fn what_was_said_in_clear_is_not_learnt_later() {
    let mut talk = Talk::new(TlsPolicy::Control);
    let mut ask = AskFeatures::new();
    assert!(talk.poll(&mut ask).is_none());
    assert_eq!(talk.said(), "FEAT\r\n");
    talk.hear("211-Features:\r\n EVIL\r\n211 End\r\n");
    talk.secure();
    let (said, features) = talk.run(&mut ask, &["211-Features:\r\n GOOD\r\n211 End\r\n"]);
    assert_eq!(said, "FEAT\r\n");
    let features = features.unwrap();
    assert!(features.has("GOOD") && !features.has("EVIL"));
    assert_eq!(talk.session.features(), Some(&features));
}

#[test]
fn a_server_that_tells_its_features_after_the_login_only_is_asked_again() {
    for (refusal, again) in [
        ("530 log in\r\n", "FEAT\r\n"),
        ("503 log in\r\n", "FEAT\r\n"),
        ("500 what?\r\n", ""),
    ] {
        let mut talk = Talk::new(TlsPolicy::None);
        let (said, features) = talk.run(&mut AskFeatures::new(), &[refusal]);
        assert_eq!(
            (said.as_str(), features.unwrap().has("UTF8")),
            ("FEAT\r\n", false)
        );
        let replies = ["211-Features:\r\n UTF8\r\n211 End\r\n"];
        let (said, _) = talk.run(&mut AskFeatures::new(), &replies);
        assert_eq!(said, again);
        let (said, _) = talk.run(&mut AskFeatures::new(), &[]);
        assert_eq!(said, "");
    }
}

/// Whoever sends FEAT has the session know the answer.
#[test]
fn features_that_were_asked_for_by_hand_are_known() {
    let mut talk = Talk::new(TlsPolicy::None);
    talk.submit("FEAT");
    assert_eq!(talk.said(), "FEAT\r\n");
    talk.hear("211-Features:\r\n UTF8\r\n211 End\r\n");
    assert!(talk.session.features().unwrap().has_utf8());
    let (said, _) = talk.run(&mut AskFeatures::new(), &[]);
    assert_eq!(said, "");
}

// -- implicit TLS and CCC -------------------------------------------------------------------------

#[test]
fn implicit_tls_needs_no_auth() {
    let mut config = Config::default();
    config.tls = TlsPolicy::Full;
    let mut talk = Talk::with(config, Control::default().secured());
    assert!(talk.session.is_secured());
    let (said, secured) = talk.run(&mut Secure::new(), &["200 well\r\n", "200 well\r\n"]);
    assert_eq!(said, "PBSZ 0\r\nPROT P\r\n");
    secured.unwrap();
    let auth = Command::raw("AUTH TLS").unwrap();
    let (said, refused) = talk.run(&mut Exchange::send(auth), &[]);
    assert_eq!(said, "");
    let error = refused.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Misuse(Misuse::WrongSecurity));
}

#[test]
fn ccc_is_refused_unless_it_is_allowed() {
    let mut talk = Talk::protected();
    let (said, refused) = talk.run(&mut Exchange::clear_control(), &[]);
    assert_eq!(said, "");
    assert_eq!(policy(&refused.unwrap_err()), Some(Policy::ClearControl));
}

#[test]
fn after_ccc_passwords_stay_forbidden_and_data_protected() {
    let mut config = Config::default();
    config.tls = TlsPolicy::Full;
    config.clear_control = true;
    let mut talk = Talk::with(config, Control::default().secured());
    let (_, secured) = talk.run(&mut Secure::new(), &["200 well\r\n", "200 well\r\n"]);
    secured.unwrap();

    let mut clear = Exchange::clear_control();
    assert!(talk.poll(&mut clear).is_none());
    assert_eq!(talk.said(), "CCC\r\n");
    talk.hear("200 well\r\n");
    assert_eq!(talk.actions(), [Action::Unsecure]);
    assert!(talk.poll(&mut clear).is_none());
    talk.session.report(Report::Unsecured);
    talk.poll(&mut clear).unwrap().unwrap();
    assert!(!talk.session.is_secured());

    let (said, refused) = talk.run(&mut login(), &[]);
    assert_eq!(said, "");
    assert_eq!(
        policy(&refused.unwrap_err()),
        Some(Policy::ControlNotSecured)
    );
    let (said, _) = talk.run(&mut Exchange::delete(argument("a")), &["250 well\r\n"]);
    assert_eq!(said, "DELE a\r\n");
    talk.upload_until_handshake(&mut Store::new(argument("a")));
}

// -- data connections -----------------------------------------------------------------------------

#[test]
fn a_data_handshake_that_stalls_leaves_the_session_known() {
    let mut talk = Talk::protected();
    let mut store = Store::new(argument("a"));
    let data = talk.upload_until_handshake(&mut store);
    talk.now = talk.session.deadline().unwrap().at;
    assert_eq!(talk.actions(), [Action::Discard { data }]);
    assert!(talk.poll(&mut store).is_none());
    talk.hear("426 no handshake\r\n");
    let error = talk.poll(&mut store).unwrap().unwrap_err();
    let interrupted = error.interrupted().unwrap();
    assert_eq!(interrupted.cause, Interruption::Data(Failure::TlsTimedOut));
    assert_eq!(interrupted.reply.as_ref().unwrap().code().get(), 426);
    assert_eq!(error.after(), After::Usable);
    assert_eq!(talk.session.state(), State::Usable);
}

#[test]
fn refusals_without_resumption_say_so() {
    for (reply, wanted) in [
        (
            "522 SSL connection failed; session reuse required\r\n",
            true,
        ),
        (
            "425 Unable to build data connection: Operation not permitted\r\n",
            true,
        ),
        ("435 Failed TLS negotiation on data channel\r\n", true),
        (
            "450 TLS session of data connection has not resumed\r\n",
            true,
        ),
        ("450 Not available\r\n", false),
        ("426 Aborted\r\n", false),
        ("552 Quota\r\n", false),
    ] {
        let mut talk = Talk::protected();
        let mut store = Store::new(argument("a"));
        let data = talk.upload_until_handshake(&mut store);
        let link = Link::Data(data);
        talk.session.report(Report::Secured { link });
        talk.actions();
        talk.hear(reply);
        let error = talk.poll(&mut store).unwrap().unwrap_err();
        let cause = error.interrupted().unwrap().cause;
        let expected = if wanted {
            Interruption::NotResumed
        } else {
            Interruption::Reply
        };
        assert_eq!(cause, expected, "{reply}");
        assert_eq!(error.to_string().contains("TLS 1.2"), wanted, "{error}");
    }
}

#[test]
fn a_refusal_after_our_own_tls_failure_is_that_failure() {
    let mut talk = Talk::protected();
    let mut store = Store::new(argument("a"));
    let link = Link::Data(talk.upload_until_handshake(&mut store));
    let failure = Failure::Tls;
    talk.session.report(Report::Failed { link, failure });
    talk.hear("425 no data connection\r\n");
    let error = talk.poll(&mut store).unwrap().unwrap_err();
    assert_eq!(
        error.interrupted().unwrap().cause,
        Interruption::Data(failure)
    );
    assert_eq!(error.after(), After::Usable);
}

#[test]
fn without_protection_a_425_is_only_a_425() {
    let mut talk = Talk::new(TlsPolicy::None);
    let id = talk.session.begin(Transfer::store(argument("a"))).unwrap();
    talk.said();
    talk.hear("200 well\r\n");
    talk.said();
    talk.hear("229 Entering (|||5000|)\r\n");
    let [Action::Connect { data, .. }] = talk.actions()[..] else {
        panic!("no connection is made");
    };
    talk.session.report(Report::Connected { data });
    talk.said();
    talk.hear("150 go\r\n425 no\r\n");
    let Poll::Ready(Err(error)) = talk.session.poll_transfer(id) else {
        panic!("the transfer goes on");
    };
    assert_eq!(error.interrupted().unwrap().cause, Interruption::Reply);
}

/// CCC ends a TLS that there is: in clear it is never sent, whatever is allowed.
#[test]
fn nothing_to_end_in_clear() {
    let mut config = Config::default();
    config.clear_control = true;
    let mut session = Session::new(config, Control::default());
    session.receive(b"220 Hello.\r\n");
    let ticket = session.submit(Command::bare(Verb::Ccc)).unwrap();
    assert_eq!(session.transmit(), b"");
    let Poll::Ready(Err(error)) = session.poll_reply(ticket) else {
        panic!("it waits");
    };
    assert_eq!(*error.kind(), ErrorKind::Misuse(Misuse::WrongSecurity));
}

/// What a command changes is known when it was accepted, and forgotten with REIN.
#[test]
fn what_commands_change_is_known() {
    use ftp_proto::Representation::{Ascii, Image};
    let mut session = Session::new(Config::default(), Control::default());
    session.receive(b"220 Hello.\r\n");
    let mut ask = |line: &str, reply: &str| {
        let ticket = session.submit(Command::raw(line).unwrap()).unwrap();
        session.transmitted(session.transmit().len());
        session.receive(format!("{reply}\r\n").as_bytes());
        assert!(session.poll_reply(ticket).is_ready());
        (session.representation(), session.is_data_protected())
    };
    let yes = "200 Yes.";
    assert_eq!(ask("TYPE I", yes), (Some(Image), false));
    assert_eq!(ask("TYPE A", yes), (Some(Ascii), false));
    assert_eq!(ask("TYPE i", yes), (Some(Image), false));
    assert_eq!(ask("TYPE a", yes), (Some(Ascii), false));
    assert_eq!(ask("TYPE E", yes), (None, false));
    assert_eq!(ask("TYPE I", yes), (Some(Image), false));
    assert_eq!(ask("TYPE A", "504 No."), (None, false));
    assert_eq!(ask("TYPE I", yes), (Some(Image), false));
    assert_eq!(ask("PROT p", yes), (Some(Image), true));
    assert_eq!(ask("PROT C", "536 No."), (Some(Image), true));
    assert_eq!(ask("REIN", "502 No."), (Some(Image), true));
    assert_eq!(ask("QUIT", "500 No."), (Some(Image), true));
    assert_eq!(ask("REIN", yes), (None, false));
    assert_eq!(session.state(), State::Usable);
}

/// Only the end of what was begun ends it, and only what was asked is waited for.
#[test]
fn a_handshake_ends_with_its_own_report_alone() {
    let mut session = Session::new(Config::default(), Control::default());
    session.receive(b"220 Hello.\r\n");
    assert!(session.poll_reply(Ticket::GREETING).is_ready());
    let auth = session.submit(Command::raw("AUTH TLS").unwrap()).unwrap();
    session.transmitted(session.transmit().len());
    session.receive(b"234 Go on.\r\n");
    // The driver was not asked for anything yet: whatever it says is premature.
    let link = Link::Control;
    session.report(Report::Secured { link });
    assert!(session.poll_reply(auth).is_pending());
    assert!(!session.is_secured());
    let action = session.poll_action(Instant::EPOCH);
    assert_eq!(action, Some(Action::Secure { link }));
    session.report(Report::Unsecured);
    assert!(session.poll_reply(auth).is_pending());
    assert!(!session.is_secured());
    assert_eq!(session.ignored_reports(), 2);
    let spent = session.poll_reply(Ticket::GREETING);
    assert!(matches!(spent, Poll::Ready(Err(error))
        if *error.kind() == ErrorKind::Misuse(Misuse::SpentTicket)));
    session.report(Report::Secured {
        link: Link::Control,
    });
    assert!(session.poll_reply(auth).is_ready());
    assert!(session.is_secured());
}

/// A server that talks of data connections only after the login is asked again there.
#[test]
fn protection_that_is_refused_before_the_login_is_agreed_after_it() {
    for early in ["503 log in first\r\n", "530 log in first\r\n"] {
        let mut talk = Talk::new(TlsPolicy::Full);
        talk.secure();
        let (said, secured) = talk.run(&mut Secure::new(), &[early, early]);
        assert_eq!(said, "PBSZ 0\r\nPROT P\r\n");
        assert_eq!(secured, Ok(Secured::AfterLogin));
        // Until then no transfer begins.
        let id = talk
            .session
            .begin(Transfer::retrieve(argument("a")))
            .unwrap();
        assert!(
            matches!(talk.session.poll_transfer(id), Poll::Ready(Err(error))
            if *error.kind() == ErrorKind::Policy(Policy::DataNotProtected))
        );
        let mut login = Login::new(argument("ann")).password(argument("x"));
        let replies = [
            "331 password\r\n",
            "230 in\r\n",
            "200 well\r\n",
            "200 well\r\n",
        ];
        let (said, logged_in) = talk.run(&mut login, &replies);
        assert_eq!(said, "USER ann\r\nPASS x\r\nPBSZ 0\r\nPROT P\r\n");
        assert_eq!(logged_in.unwrap().code().get(), 230);
        assert!(talk.session.is_data_protected());
        // A second login asks for nothing.
        let mut login = Login::new(argument("ann"));
        assert_eq!(talk.run(&mut login, &["230 in\r\n"]).0, "USER ann\r\n");
    }
    // Refused once more, it is refused.
    let mut talk = Talk::new(TlsPolicy::Full);
    talk.secure();
    let no = "530 no\r\n";
    assert_eq!(
        talk.run(&mut Secure::new(), &[no, no]).1,
        Ok(Secured::AfterLogin)
    );
    let (_, refused) = talk.run(&mut Login::new(argument("ann")), &["230 in\r\n", no, no]);
    assert_eq!(refused.unwrap_err().verb(), Some(Verb::Prot));
}

#[test]
fn auth_ssl_is_tried_by_a_setting_only() {
    let mut talk = Talk::new(TlsPolicy::Full);
    let (said, refused) = talk.run(&mut Secure::new(), &["504 what?\r\n"]);
    assert_eq!((said.as_str(), refused.is_err()), ("AUTH TLS\r\n", true));
    let replies = [
        "504 what?\r\n",
        "234 go\r\n",
        "200 well\r\n",
        "200 well\r\n",
    ];
    let (said, secured) = talk.run(&mut Secure::new().or_auth_ssl(), &replies);
    assert_eq!(said, "AUTH TLS\r\nAUTH SSL\r\nPBSZ 0\r\nPROT P\r\n");
    assert_eq!(secured, Ok(Secured::Agreed));
}

#[test]
fn a_change_of_security_that_nobody_waits_for_is_carried_out() {
    for given_up in [true, false] {
        let mut talk = Talk::new(TlsPolicy::Full);
        let auth = talk.session.submit(Command::raw("AUTH TLS").unwrap());
        let auth = auth.unwrap();
        talk.said();
        talk.hear("234 go\r\n");
        let other = talk.session.next_ticket();
        talk.session.discard(if given_up { auth } else { other });
        talk.begin_tls();
        assert!(talk.session.is_secured());
        let Poll::Ready(outcome) = talk.session.poll_reply(auth) else {
            panic!("still waited for");
        };
        assert_eq!(outcome.is_err(), given_up);
    }
}

#[test]
fn the_end_of_the_session_takes_back_a_change_of_security() {
    let mut config = Config::default();
    config.clear_control = true;
    let link = Link::Control;
    for (line, reply, control, change, report) in [
        (
            "AUTH TLS",
            "234 go\r\n",
            Control::default(),
            Action::Secure { link },
            Report::Secured { link },
        ),
        (
            "CCC",
            "200 go\r\n",
            Control::default().secured(),
            Action::Unsecure,
            Report::Unsecured,
        ),
    ] {
        for asked in [false, true] {
            let mut talk = Talk::with(config, control);
            talk.submit(line);
            talk.said();
            talk.hear(reply);
            if asked {
                assert_eq!(talk.actions(), [change]);
            }
            let secured = talk.session.is_secured();
            talk.session.receive_eof();
            assert_eq!(talk.actions(), [Action::Close]);
            talk.session.report(report);
            assert_eq!(talk.session.ignored_reports(), 1, "{line}");
            assert_eq!(talk.session.is_secured(), secured);
        }
    }
}
