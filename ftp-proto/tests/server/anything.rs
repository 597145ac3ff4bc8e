//! Whatever is fed to the server, in whatever order, under whatever rules.

use ftp_proto::testing::{
    AbortStyle, Behaviour, Busy, Channel, Next, Peer, Rule, Server, ServerAction, ServerLink,
    ServerReport, Step,
};
use proptest::prelude::*;

use crate::driven::{CLIENT, config, files};

#[derive(Debug, Clone)]
enum Input {
    Command(&'static str),
    Bytes(Vec<u8>),
    Report(ServerReport),
    Sent(u32, usize),
    Arrived(u32, Vec<u8>),
    Transmitted(usize),
    Eof,
}

const COMMANDS: [&str; 20] = [
    "USER ann",
    "PASS secret",
    "TYPE I",
    "TYPE A",
    "EPSV",
    "PASV",
    "EPRT |1|127.0.0.1|9|",
    "REST 3",
    "RETR hello.txt",
    "LIST",
    "STOR x",
    "APPE x",
    "STOU",
    "ABOR",
    "NOOP",
    "STAT",
    "REIN",
    "AUTH TLS",
    "CCC",
    "QUIT",
];

fn input() -> impl Strategy<Value = Input> {
    let channel = 0..4_u32;
    prop_oneof![
        30 => prop::sample::select(&COMMANDS[..19]).prop_map(Input::Command),
        1 => Just(Input::Command("QUIT")),
        1 => prop::collection::vec(any::<u8>(), 0..20).prop_map(Input::Bytes),
        20 => report().prop_map(Input::Report),
        10 => (channel.clone(), 0..20_usize).prop_map(|(channel, n)| Input::Sent(channel, n)),
        10 => (channel, prop::collection::vec(any::<u8>(), 0..20)).prop_map(|(channel, bytes)| Input::Arrived(channel, bytes)),
        10 => (0..200_usize).prop_map(Input::Transmitted),
        1 => Just(Input::Eof),
    ]
}

fn report() -> impl Strategy<Value = ServerReport> {
    (0..4_u32).prop_flat_map(|number| {
        let channel = Channel::new(number);
        let link = ServerLink::Data(channel);
        let local = (CLIENT, 1234).into();
        prop::sample::select(vec![
            ServerReport::Listening { channel, local },
            ServerReport::Accepted {
                channel,
                peer: CLIENT,
            },
            ServerReport::Connected { channel },
            ServerReport::Ended { channel },
            ServerReport::Secured { link },
            ServerReport::Secured {
                link: ServerLink::Control,
            },
            ServerReport::Unsecured,
            ServerReport::Failed { link },
        ])
    })
}

fn rule() -> impl Strategy<Value = Rule> {
    let steps = vec![
        Step::Connected,
        Step::Received,
        Step::Answering,
        Step::Answered,
        Step::Opening,
        Step::Marking,
        Step::Moving(0),
        Step::Moving(3),
        Step::Ending,
    ];
    let nexts = vec![
        Next::Usual,
        Next::Skip,
        Next::End,
        Next::Hang,
        Next::Silence,
    ];
    let verbs = vec!["RETR", "STOR", "EPSV", "ABOR", "NOOP"];
    let parts = (
        prop::sample::select(steps),
        prop::sample::select(verbs),
        prop::sample::select(nexts),
        0..6_u8,
        0..3_u32,
    );
    parts.prop_map(|(step, verb, next, deed, only)| {
        let rule = Rule::at(step).of(verb).then(next).only(only);
        match deed {
            0 => rule.say(451, "x"),
            1 => rule.say_raw(b"junk"),
            2 => rule.close_data(),
            3 => rule.reset_data(),
            4 => rule.close_control(),
            _ => rule,
        }
    })
}

fn behaviour() -> impl Strategy<Value = Behaviour> {
    let aborts = vec![
        AbortStyle::Prompt,
        AbortStyle::Vsftpd,
        AbortStyle::ProFtpd,
        AbortStyle::PureFtpd,
        AbortStyle::Pyftpdlib,
    ];
    let busies = vec![Busy::Queue, Busy::Answer, Busy::Refuse, Busy::BeforeFinal];
    let rules = prop::collection::vec(rule(), 0..3);
    (
        prop::sample::select(aborts),
        prop::sample::select(busies),
        rules,
    )
        .prop_map(|(abort, busy, rules)| {
            rules
                .into_iter()
                .fold(Behaviour::new().abort(abort).busy(busy), Behaviour::rule)
        })
}

fn feed(server: &mut Server, input: &Input) {
    match input {
        Input::Command(command) => server.receive(format!("{command}\r\n").as_bytes()),
        Input::Bytes(bytes) => server.receive(bytes),
        Input::Report(report) => server.report(*report),
        Input::Sent(channel, n) => server.payload_sent(Channel::new(*channel), *n),
        Input::Arrived(channel, bytes) => server.payload_received(Channel::new(*channel), bytes),
        Input::Transmitted(n) => server.transmitted(*n),
        Input::Eof => server.receive_eof(),
    }
}

proptest! {
    /// Nothing panics, the end of the control connection is the last action and comes once, a fork
    /// acts as the original does, and the working directory and the root are always there.
    #[test]
    fn any_order_of_anything(behaviour in behaviour(), inputs in prop::collection::vec(input(), 0..80)) {
        let mut server = Server::new(config().tls().behaviour(behaviour), files());
        let login = [Input::Command("USER ann"), Input::Command("PASS secret")];
        let mut over = false;
        for input in login.iter().chain(&inputs) {
            let mut fork = server.clone();
            feed(&mut server, input);
            feed(&mut fork, input);
            prop_assert!(fork == server);
            while let Some(action) = server.poll_action() {
                prop_assert!(!over, "{action:?} behind the end");
                over = matches!(action, ServerAction::CloseControl | ServerAction::ResetControl);
            }
            for channel in (0..4).map(Channel::new) {
                let moves = !server.payload(channel).is_empty() || server.payload_wanted(channel) > 0;
                prop_assert!(!moves || server.is_transferring());
            }
            prop_assert!(server.files().get(&server.state().directory).is_some());
        }
    }
}
