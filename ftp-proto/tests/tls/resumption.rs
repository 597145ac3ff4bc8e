//! Sessions and tickets: what is resumed, counted, and wanted.

use std::sync::Arc;
use std::task::Poll;

use ftp_proto::End;
use ftp_proto::driver::Input;
use ftp_proto::tls::{Context, Purpose, Resumable};
use rustls::ServerConfig;

use crate::peer::{Authority, BOTH, HOST, Peer, TLS12, TLS13, connect, drain, for_host, to_peer};

#[test]
fn data_channels_resume_and_tickets_are_counted() {
    let authority = Authority::new();
    let server = authority.server(TLS13);
    let context = authority.context();
    assert_eq!(context.resumable(), Resumable::Nothing);
    let (control, _peer) = connect(&context, &server);
    assert_eq!(control.resumed(), Some(false));
    assert_eq!(control.tickets_received(), 2);
    assert_eq!(context.resumable(), Resumable::Tickets(2));

    // A channel spends its ticket when it is made, not when it succeeds.
    drop(context.channel(Purpose::Explicit).unwrap());
    assert_eq!(context.resumable(), Resumable::Tickets(1));
    let (data, _peer) = connect(&context, &server);
    assert_eq!(data.resumed(), Some(true));
    assert_eq!(data.tickets_received(), 2);
    assert_eq!(context.resumable(), Resumable::Tickets(2));

    // The stock is bounded however many come.
    for _ in 0..30 {
        assert_eq!(connect(&context, &server).0.resumed(), Some(true));
    }
    assert_eq!(context.resumable(), Resumable::Tickets(16));
}

/// A server that resumes the sessions of `server` but hands out no tickets.
fn miser(server: &ServerConfig) -> Arc<ServerConfig> {
    let mut miser = server.clone();
    miser.send_tls13_tickets = 0;
    Arc::new(miser)
}

#[test]
fn a_series_without_new_tickets_resumes_as_often_as_there_were_tickets() {
    let authority = Authority::new();
    let server = authority.server(TLS13);
    let context = authority.context();
    connect(&context, &server);
    let miser = miser(&server);
    let resumed: Vec<_> = (0..3)
        .map(|_| connect(&context, &miser).0.resumed())
        .collect();
    assert_eq!(resumed, [Some(true), Some(true), Some(false)]);
    assert_eq!(context.resumable(), Resumable::Nothing);
}

/// What the session is told: a number as soon as tickets come, and none that is never needed.
#[test]
fn the_stock_is_told_as_soon_as_tickets_come() {
    let authority = Authority::new();
    let server = authority.server(TLS13);
    let context = authority.context();
    assert_eq!(context.resumptions(), None, "before the first handshake");
    connect(&context, &server);
    for left in [1, 0] {
        let (upload, _peer) = connect(&context, &miser(&server));
        assert_eq!(upload.resumed(), Some(true));
        assert_eq!(context.resumptions(), Some(left));
    }
    // A listing that is refused: a full handshake, its tickets, and the end.
    let (listing, _peer) = connect(&context, &server);
    assert_eq!(listing.resumed(), Some(false));
    assert_eq!(context.resumptions(), Some(2));
    // A handshake that the server never answers has spent its ticket.
    drop(context.channel(Purpose::Data).unwrap());
    assert_eq!(context.resumptions(), Some(1));
    // Where no ticket has ever come, none is missed; and TLS 1.2 does without.
    for server in [miser(&server), authority.server(TLS12)] {
        let context = authority.context();
        connect(&context, &server);
        assert_eq!(context.resumptions(), None);
    }
}

#[test]
fn a_tls12_session_resumes_any_number_of_times() {
    let authority = Authority::new();
    let server = authority.server(TLS12);
    let context = authority.context();
    assert_eq!(connect(&context, &server).0.resumed(), Some(false));
    for _ in 0..20 {
        assert_eq!(context.resumable(), Resumable::Session);
        assert_eq!(connect(&context, &server).0.resumed(), Some(true));
    }
}

/// A server that has come to TLS 1.3 is counted by its tickets.
#[test]
fn tickets_replace_a_session_of_the_version_before() {
    let authority = Authority::new();
    let context = authority.context();
    connect(&context, &authority.server(TLS12));
    assert_eq!(context.resumable(), Resumable::Session);
    assert_eq!(context.resumptions(), None);
    connect(&context, &authority.server(TLS13));
    assert_eq!(context.resumable(), Resumable::Tickets(2));
    assert_eq!(context.resumptions(), Some(2));
}

/// Each further connection saves a round trip, where the server does not have the group that is
/// tried first.
#[test]
fn the_group_that_a_server_has_is_tried_first_the_next_time() {
    let authority = Authority::new();
    let mut provider = rustls::crypto::ring::default_provider();
    provider.kx_groups = vec![rustls::crypto::ring::kx_group::SECP384R1];
    let (chain, key) = authority.sign(&for_host(HOST));
    let server = ServerConfig::builder_with_provider(provider.into())
        .with_protocol_versions(TLS13)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap()
        .into();
    let context = authority.context();
    let round_trips = || {
        let mut channel = context.channel(Purpose::Explicit).unwrap();
        let mut peer = Peer::new(&server);
        (1..5).find(|_| {
            to_peer(&mut channel, &mut peer);
            channel.receive(&peer.flight());
            channel.poll_handshake() == Poll::Ready(Ok(()))
        })
    };
    assert_eq!(round_trips(), Some(2));
    assert_eq!(round_trips(), Some(1));
}

#[test]
fn contexts_share_nothing_even_of_one_configuration() {
    let authority = Authority::new();
    let config = authority.client();
    for versions in BOTH {
        let server = authority.server(versions);
        let first = Context::for_host(&config, HOST).unwrap();
        let second = Context::for_host(&config, HOST).unwrap();
        connect(&first, &server);
        assert_ne!(first.resumable(), Resumable::Nothing);
        assert_eq!(second.resumable(), Resumable::Nothing);
        assert_eq!(connect(&second, &server).0.resumed(), Some(false));
    }
}

#[test]
fn tickets_that_come_after_our_close_still_count() {
    let authority = Authority::new();
    let server = authority.server(TLS13);
    let context = authority.context();
    let (mut channel, mut peer) = (
        context.channel(Purpose::Explicit).unwrap(),
        Peer::new(&server),
    );
    to_peer(&mut channel, &mut peer);
    channel.receive(&peer.flight());
    assert_eq!(channel.poll_handshake(), Poll::Ready(Ok(())));
    // The tickets answer the client's last flight, with which it has sent everything and closed.
    assert_eq!(channel.write(b"an upload").unwrap(), 9);
    channel.close();
    to_peer(&mut channel, &mut peer);
    assert!(peer.closed);
    assert_eq!(peer.received, b"an upload");
    assert_eq!(context.resumable(), Resumable::Nothing);

    channel.receive(&peer.flight());
    channel.receive(&peer.close());
    assert_eq!(drain(&mut channel).1, Ok(Some(Input::End(End::Clean))));
    assert_eq!(context.resumable(), Resumable::Tickets(2));
}
