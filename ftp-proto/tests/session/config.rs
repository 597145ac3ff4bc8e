//! What is configured, by itself.

use std::time::Duration;

use ftp_proto::{
    Argument, Command, Config, Control, Encoding, Leniencies, Leniency, Session, Telnet, Timeouts,
    Verb,
};

/// The waits with a limit by default. The short ones get no longer than they are by default.
#[test]
fn one_limit_for_all_waits() {
    let usual = Timeouts::default();
    for limit in [1, 3, 600].map(Duration::from_secs) {
        let all = Timeouts::all(limit);
        let long = [
            all.connect,
            all.greeting,
            all.reply,
            all.data_open,
            all.securing,
            all.data_idle,
            all.completion,
        ];
        assert_eq!(long, [limit; 7]);
        for (short, usual) in [
            (all.tls_close, usual.tls_close),
            (all.drain, usual.drain),
            (all.abort_grace, usual.abort_grace),
            (all.fence, usual.fence),
        ] {
            assert_eq!(short, limit.min(usual));
        }
        assert_eq!((all.data_total, all.operation), (None, None));
        assert_eq!(all.abort_linger, Duration::ZERO);
    }
}

#[test]
fn a_leniency_that_is_given_twice_is_given() {
    let one = Leniencies::default().with(Leniency::NoMark);
    let both = one.with(Leniency::UndoubledQuotes);
    assert_eq!(one.with(Leniency::NoMark), one);
    assert!(one.contains(Leniency::NoMark) && !one.contains(Leniency::UndoubledQuotes));
    let all: Vec<_> = both.iter().collect();
    assert_eq!(all, [Leniency::UndoubledQuotes, Leniency::NoMark]);
}

#[test]
fn a_listing_may_have_so_many_entries_and_bytes() {
    let limits = Config::default().limits;
    assert_eq!(limits.listing_entries_max, 1_000_000);
    assert_eq!(limits.listing_bytes_max, 268_435_456);
}

#[test]
fn telnet_doubles_its_own_byte() {
    for (telnet, written) in [
        (Telnet::Doubled, b"DELE a\xff\xffb\r\n".as_slice()),
        (Telnet::Literal, b"DELE a\xffb\r\n"),
    ] {
        let mut config = Config::default();
        config.telnet = telnet;
        config.encoding = Encoding::AsItIs;
        let mut session = Session::new(config, Control::default());
        session.receive(b"220 Hello.\r\n");
        let name = Argument::new(b"a\xffb").unwrap();
        session.submit(Command::new(Verb::Dele, name)).unwrap();
        assert_eq!(session.transmit(), written);
    }
}
