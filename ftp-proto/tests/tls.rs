//! The TLS channel against a rustls server in memory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation
)]

#[path = "tls/flood.rs"]
mod flood;
#[path = "tls/forger.rs"]
mod forger;
#[path = "tls/layer.rs"]
mod layer;
#[path = "tls/peer.rs"]
mod peer;
#[path = "tls/pinning.rs"]
mod pinning;
#[path = "tls/resumption.rs"]
mod resumption;
#[path = "tls/secured.rs"]
mod secured;

use std::sync::Arc;
use std::task::Poll;

use ftp_proto::End;
use ftp_proto::driver::Input;
use ftp_proto::tls::{Channel, Context, Purpose, TlsError};
use peer::{
    Authority, BOTH, HOST, Peer, TLS12, TLS13, connect, drain, for_host, payload, settle,
    settle_in_steps, to_peer,
};
use proptest::prelude::*;
use rcgen::date_time_ymd;
use rustls::crypto::ring;
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, ServerConfig};

#[test]
fn a_handshake_and_a_conversation_in_both_versions_and_any_steps() {
    let authority = Authority::new();
    for versions in BOTH {
        let server = authority.server(versions);
        for step in [1, 2, 5, 100, usize::MAX] {
            let (mut channel, mut peer) = (
                authority.context().channel(Purpose::Explicit).unwrap(),
                Peer::new(&server),
            );
            assert!(channel.is_handshaking());
            assert_eq!(channel.write(b"USER early").unwrap(), 0);
            settle_in_steps(&mut channel, &mut peer, step);
            assert_eq!(channel.poll_handshake(), Poll::Ready(Ok(())));
            assert_eq!(channel.version(), Some(versions[0].version));
            assert_eq!(channel.resumed(), Some(false));
            assert!(channel.cipher_suite().is_some());
            assert_eq!(channel.peer_certificates().unwrap().len(), 1);
            assert!(peer.received.is_empty());

            assert_eq!(channel.write(b"NOOP\r\n").unwrap(), 6);
            to_peer(&mut channel, &mut peer);
            assert_eq!(peer.received, b"NOOP\r\n");
            let reply = peer.send(b"200 Zzz.\r\n");
            reply.chunks(step).for_each(|piece| channel.receive(piece));
            let expected = (b"200 Zzz.\r\n".to_vec(), Ok(None));
            assert_eq!(drain(&mut channel), expected);
        }
    }
}

#[test]
fn a_megabyte_passes_both_ways_through_bounded_buffers() {
    let authority = Authority::new();
    let body = payload(1 << 20);
    for versions in BOTH {
        let (mut channel, mut peer) = connect(&authority.context(), &authority.server(versions));
        let mut rest = &body[..];
        while !rest.is_empty() {
            let count = channel.write(rest).unwrap();
            rest = &rest[count..];
            assert_eq!(count % (16 << 10), 0, "a part of a record");
            assert!(channel.transmit().len() < 66 << 10);
            // A socket that takes little at a time.
            let flight = channel.transmit();
            let flight = flight[..flight.len().min(9_000)].to_vec();
            channel.transmitted(flight.len());
            peer.receive(&flight);
        }
        to_peer(&mut channel, &mut peer);
        assert!(peer.received == body);

        let mut received = Vec::new();
        for piece in peer.send(&body).chunks(60_000) {
            channel.receive(piece);
            received.extend(drain(&mut channel).0);
        }
        assert!(received == body);
    }
}

#[test]
fn an_empty_stream_completes_its_handshake_and_ends_cleanly() {
    let authority = Authority::new();
    for versions in BOTH {
        let (mut channel, mut peer) = connect(&authority.context(), &authority.server(versions));
        channel.receive(&peer.close());
        channel.receive_eof();
        let expected = (vec![], Ok(Some(Input::End(End::Clean))));
        assert_eq!(drain(&mut channel), expected);
        channel.close();
        to_peer(&mut channel, &mut peer);
        assert!(peer.closed);
        assert!(peer.received.is_empty());
        assert_eq!(channel.poll_handshake(), Poll::Ready(Ok(())));
    }
}

#[test]
fn after_close_reading_goes_on_and_writing_is_refused() {
    let authority = Authority::new();
    for versions in BOTH {
        let (mut channel, mut peer) = connect(&authority.context(), &authority.server(versions));
        channel.close();
        let once = channel.transmit().to_vec();
        channel.close();
        assert_eq!(channel.transmit(), once);
        assert_eq!(channel.write(b"x"), Err(TlsError::Closed));
        assert_eq!(channel.failure(), None);
        channel.receive(&peer.send(b"still here"));
        let expected = (b"still here".to_vec(), Ok(None));
        assert_eq!(drain(&mut channel), expected);
    }
}

#[test]
fn an_end_without_close_notify_is_truncation() {
    let authority = Authority::new();
    for versions in BOTH {
        let (server, context) = (authority.server(versions), authority.context());
        let whole = connect(&context, &server).1.send(b"226 in full").len();
        // Cut at every byte of the record, and behind it.
        for cut in 0..=whole {
            let (mut channel, mut peer) = connect(&context, &server);
            let record = peer.send(b"226 in full");
            channel.receive(&record[..cut]);
            channel.receive_eof();
            let expected: &[u8] = if cut == whole { b"226 in full" } else { b"" };
            let (read, end) = drain(&mut channel);
            assert_eq!(read, expected);
            assert_eq!(end, Ok(Some(Input::End(End::Truncated))));
        }
    }
}

#[test]
fn what_follows_close_notify_is_handed_back() {
    let authority = Authority::new();
    for versions in BOTH {
        for step in [1, 7, usize::MAX] {
            let (mut channel, mut peer) =
                connect(&authority.context(), &authority.server(versions));
            let mut stream = peer.send(&payload(40_000));
            stream.extend(peer.close());
            stream.extend(b"220 in clear\r\n");
            stream.chunks(step).for_each(|piece| channel.receive(piece));
            assert_eq!(channel.take_remainder(), b"", "before the end was read");
            let (read, end) = drain(&mut channel);
            assert!(read == payload(40_000));
            assert_eq!(end, Ok(Some(Input::End(End::Clean))));
            assert_eq!(channel.take_remainder(), b"220 in clear\r\n");
            assert_eq!(channel.take_remainder(), b"");
            channel.receive(b"more");
            assert_eq!(channel.take_remainder(), b"more");
            assert_eq!(drain(&mut channel).1, Ok(Some(Input::End(End::Clean))));
        }
    }
}

#[test]
fn unread_plaintext_is_bounded() {
    let authority = Authority::new();
    let (mut channel, mut peer) = connect(&authority.context(), &authority.server(TLS13));
    let stream = peer.send(&payload(2 * Channel::UNREAD_MAX));
    for piece in stream.chunks(16 << 10) {
        channel.receive(piece);
    }
    assert_eq!(channel.failure(), Some(&TlsError::Unread));
    let (read, end) = drain(&mut channel);
    assert_eq!(end, Err(TlsError::Unread));
    assert!(payload(2 * Channel::UNREAD_MAX).starts_with(&read));
}

#[test]
fn what_is_read_into_the_channel_and_not_taken_is_bounded_before_the_end_of_tls() {
    let authority = Authority::new();
    let body = payload(2 * Channel::UNREAD_MAX);
    for ended in [false, true] {
        let (mut channel, mut peer) = connect(&authority.context(), &authority.server(TLS12));
        let stream = match ended {
            true => [peer.close(), body.clone()].concat(),
            false => peer.send(&body),
        };
        let mut rest = &stream[..];
        while channel.failure().is_none() && !rest.is_empty() {
            let room = channel.room(rest.len().min(1000));
            let (now, later) = rest.split_at(room.len());
            room.copy_from_slice(now);
            channel.received(now.len());
            rest = later;
        }
        let taken = stream.len() - rest.len();
        if ended {
            assert_eq!((channel.failure(), rest), (None, &b""[..]));
        } else {
            assert_eq!(channel.failure(), Some(&TlsError::Unread));
            // rustls has the first record, and needs its bytes no more.
            let bound = Channel::UNREAD_MAX..Channel::UNREAD_MAX + (17 << 10);
            assert!(bound.contains(&taken), "{taken}");
        }
    }
}

#[test]
fn what_is_not_taken_after_the_end_is_bounded_too() {
    let authority = Authority::new();
    let (mut channel, mut peer) = connect(&authority.context(), &authority.server(TLS13));
    channel.receive(&peer.close());
    for _ in 0..100 {
        channel.receive(&payload(100_000));
    }
    assert_eq!(drain(&mut channel).1, Ok(Some(Input::End(End::Clean))));
    assert_eq!(channel.take_remainder().len(), Channel::UNREAD_MAX);
}

#[test]
fn a_channel_is_readable_where_a_read_says_something() {
    let authority = Authority::new();
    for versions in BOTH {
        let (context, server) = (authority.context(), authority.server(versions));
        let (mut channel, mut peer) = (
            context.channel(Purpose::Explicit).unwrap(),
            Peer::new(&server),
        );
        assert!(!channel.is_readable());
        settle(&mut channel, &mut peer);
        assert!(!channel.is_readable());
        let record = peer.send(b"first");
        channel.receive(&record[..record.len() - 1]);
        assert!(!channel.is_readable(), "a part of a record");
        channel.receive(&record[record.len() - 1..]);
        assert!(channel.is_readable());
        // The rest of a record, and a record behind the one that was read.
        channel.receive(&peer.send(b"second"));
        for expected in [&b"fir"[..], b"st", b"second"] {
            assert!(channel.is_readable());
            let mut buffer = vec![0; expected.len()];
            let whole = Ok(Some(Input::Bytes(expected.len())));
            assert_eq!(channel.read(&mut buffer), whole);
            assert_eq!(buffer, expected);
        }
        assert!(!channel.is_readable());
        assert_eq!(channel.read(&mut [0]), Ok(None));
        assert!(!channel.is_ended_by_peer());
        channel.receive(&peer.close());
        assert!(channel.is_readable() && channel.is_ended_by_peer());
        // A cut, and a failure.
        let (mut channel, _peer) = connect(&context, &server);
        channel.receive_eof();
        assert!(channel.is_readable() && !channel.is_ended_by_peer());
        let (mut channel, _peer) = connect(&context, &server);
        channel.receive(b"226 in clear\r\n");
        assert!(channel.is_readable() && !channel.is_ended_by_peer());
    }
}

#[test]
fn an_alert_of_the_server_says_what_to_do() {
    use rustls::AlertDescription as Alert;
    for (alert, told) in [
        (Alert::CertificateRequired, "it wants a client certificate"),
        (Alert::AccessDenied, "it wants a client certificate"),
        (Alert::UnknownCA, "does not accept the client certificate"),
        (Alert::BadCertificate, "does not accept the client"),
        (Alert::CertificateExpired, "does not accept the client"),
        (
            Alert::ProtocolVersion,
            "no version or cipher suite in common",
        ),
        (
            Alert::HandshakeFailure,
            "no version or cipher suite in common",
        ),
        (Alert::UnrecognisedName, "does not know the host name"),
    ] {
        let error = TlsError::from(rustls::Error::AlertReceived(alert));
        assert_eq!(error, TlsError::Refused { alert });
        assert!(error.to_string().contains(told), "{error}");
    }
    let other = TlsError::from(rustls::Error::AlertReceived(Alert::InternalError));
    let expected = "the server refused: TLS alert InternalError";
    assert_eq!(other.to_string(), expected);
}

/// Handshakes until it fails, and checks what every failure has in common.
fn refusal(context: &Context, server: &Arc<ServerConfig>) -> TlsError {
    let (mut channel, mut peer) = (
        context.channel(Purpose::Explicit).unwrap(),
        Peer::new(server),
    );
    settle(&mut channel, &mut peer);
    let failure = drain(&mut channel).1.unwrap_err();
    assert_eq!(channel.failure(), Some(&failure));
    assert_eq!(channel.write(b"secret"), Err(failure.clone()));
    assert_eq!(channel.poll_handshake(), Poll::Ready(Err(failure.clone())));
    assert!(!channel.is_handshaking());
    assert!(peer.error.is_some(), "the peer was told, or told us");
    channel.receive(b"more");
    channel.receive_eof();
    assert_eq!(drain(&mut channel), (vec![], Err(failure.clone())));
    assert!(peer.received.is_empty());
    failure
}

#[test]
fn certificates_are_refused_for_the_right_reason() {
    let authority = Authority::new();
    let (mut expired, mut early) = (for_host(HOST), for_host(HOST));
    expired.not_before = date_time_ymd(2001, 1, 1);
    expired.not_after = date_time_ymd(2002, 1, 1);
    early.not_before = date_time_ymd(2999, 1, 1);
    early.not_after = date_time_ymd(3000, 1, 1);
    for versions in BOTH {
        let refused = |params| {
            refusal(
                &authority.context(),
                &authority.server_for(versions, params),
            )
        };
        let host = refused(for_host("other.example.org"));
        let TlsError::WrongHost {
            expected,
            presented,
        } = &host
        else {
            panic!("{host:?}")
        };
        assert_eq!(&**expected, HOST);
        assert!(presented.contains("other.example.org"), "{presented}");
        let time = refused(expired.clone());
        assert_eq!(time, TlsError::Expired);
        let not_yet = refused(early.clone());
        assert_eq!(not_yet, TlsError::NotYetValid);
        let stranger = Authority::called("somebody else").server(versions);
        let unknown = refusal(&authority.context(), &stranger);
        assert_eq!(unknown, TlsError::UnknownIssuer { fingerprint: None });

        // It carries the authority's name, but the signature of another.
        let forged = refusal(&authority.context(), &Authority::new().server(versions));
        assert!(matches!(forged, TlsError::Certificate(_)), "{forged:?}");

        for error in [host, time, not_yet, unknown, forged] {
            assert!(error.is_certificate());
            assert!(error.to_string().contains(':'), "no advice: {error}");
        }
    }
}

#[test]
fn an_address_is_checked_against_the_addresses_of_the_certificate() {
    let authority = Authority::new();
    let server = authority.server_for(TLS13, for_host("127.0.0.1"));
    let context = |host| Context::for_host(&authority.client(), host);
    connect(&context("127.0.0.1").unwrap(), &server);
    let other = refusal(&context("::1").unwrap(), &server);
    assert!(matches!(other, TlsError::WrongHost { .. }), "{other:?}");
    assert_eq!(context("no host").unwrap_err(), TlsError::Host);
}

#[test]
fn a_server_that_wants_a_client_certificate_gets_it_or_says_so() {
    let authority = Authority::new();
    let verifier = WebPkiClientVerifier::builder_with_provider(
        authority.roots().into(),
        ring::default_provider().into(),
    );
    let verifier = verifier.build().unwrap();
    for versions in BOTH {
        let (chain, key) = authority.sign(&for_host(HOST));
        let server = ServerConfig::builder_with_provider(ring::default_provider().into())
            .with_protocol_versions(versions)
            .unwrap()
            .with_client_cert_verifier(verifier.clone())
            .with_single_cert(chain, key)
            .unwrap()
            .into();
        // In TLS 1.3 the client has finished before the server looks: the refusal comes with the
        // first read.
        let (mut channel, mut peer) = (
            authority.context().channel(Purpose::Explicit).unwrap(),
            Peer::new(&server),
        );
        settle(&mut channel, &mut peer);
        let error = drain(&mut channel).1.unwrap_err();
        assert!(matches!(error, TlsError::Refused { .. }), "{error:?}");
        assert!(!error.is_certificate());

        let (chain, key) = authority.sign(&for_host("client.example.org"));
        let config = ClientConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(authority.roots())
            .with_client_auth_cert(chain, key)
            .unwrap();
        connect(&Context::for_host(&config, HOST).unwrap(), &server);
    }
}

#[test]
fn no_common_version_is_named() {
    let authority = Authority::new();
    let config = authority.client_for(TLS13);
    let context = Context::for_host(&config, HOST).unwrap();
    let error = refusal(&context, &authority.server(TLS12)).to_string();
    assert!(error.contains("version or cipher suite"), "{error}");
}

#[test]
fn clear_text_is_recognised_as_not_tls() {
    let authority = Authority::new();
    for text in ["220 Welcome\r\n", "421 Too many users.\r\n", "\r\n\r\n\r\n"] {
        for step in [1, 100] {
            let mut channel = authority.context().channel(Purpose::Explicit).unwrap();
            let pieces = text.as_bytes().chunks(step);
            pieces.for_each(|piece| channel.receive(piece));
            let expected = TlsError::NotTls(Some(Purpose::Explicit));
            assert_eq!(channel.failure(), Some(&expected), "{text:?}");
        }
    }
}

#[test]
fn errors_for_clear_text_depend_on_the_connection() {
    let authority = Authority::new();
    let port = "port 990";
    for (purpose, told, untold) in [
        (Purpose::Implicit, port, "AUTH"),
        (Purpose::Explicit, "accepted AUTH TLS", port),
        (
            Purpose::Data,
            "use Secure::data(DataProtection::Clear) with TlsPolicy::Control",
            port,
        ),
    ] {
        let mut channel = authority.context().channel(purpose).unwrap();
        channel.receive(b"drwxr-xr-x 2 ann ann 4096 Jan 1 2020 pub\r\n");
        let error = channel.failure().unwrap();
        assert_eq!(error, &TlsError::NotTls(Some(purpose)));
        let text = error.to_string();
        assert!(text.contains(told) && !text.contains(untold), "{text}");

        // Behind the handshake none of this is the reason.
        let (mut channel, mut peer) = (
            authority.context().channel(purpose).unwrap(),
            Peer::new(&authority.server(TLS13)),
        );
        settle(&mut channel, &mut peer);
        channel.receive(b"226 done\r\n");
        assert_eq!(channel.failure(), Some(&TlsError::NotTls(None)));
    }
}

#[test]
fn an_end_during_the_handshake_is_a_failure() {
    let authority = Authority::new();
    for versions in BOTH {
        let (mut channel, mut peer) = (
            authority.context().channel(Purpose::Explicit).unwrap(),
            Peer::new(&authority.server(versions)),
        );
        to_peer(&mut channel, &mut peer);
        let flight = peer.flight();
        channel.receive(&flight[..flight.len() - 1]);
        assert_eq!(channel.poll_handshake(), Poll::Pending);
        channel.receive_eof();
        let expected = Poll::Ready(Err(TlsError::ClosedEarly));
        assert_eq!(channel.poll_handshake(), expected);
    }
}

#[test]
fn a_forged_record_fails_after_what_came_before_it() {
    let authority = Authority::new();
    for versions in BOTH {
        let (mut channel, mut peer) = connect(&authority.context(), &authority.server(versions));
        let mut stream = peer.send(b"genuine");
        let mut forged = peer.send(b"forged");
        *forged.last_mut().unwrap() ^= 1;
        stream.extend(forged);
        stream.extend(peer.send(b"later"));
        channel.receive(&stream);
        let (read, end) = drain(&mut channel);
        assert_eq!(read, b"genuine");
        assert!(matches!(end, Err(TlsError::Protocol(_))), "{end:?}");
        to_peer(&mut channel, &mut peer);
        let told = rustls::Error::AlertReceived(rustls::AlertDescription::BadRecordMac);
        assert_eq!(peer.error, Some(told));
    }
}

#[test]
fn no_text_shows_payload_or_keys() {
    const CANARY: &[u8] = b"canary-in-the-password";
    let authority = Authority::new();
    for versions in BOTH {
        let keys = Arc::new(peer::Keys::default());
        let mut config = authority.client();
        config.key_log = keys.clone();
        let context = Context::for_host(&config, HOST).unwrap();
        let (mut channel, mut peer) = connect(&context, &authority.server(versions));
        channel.write(CANARY).unwrap();
        channel.receive(&peer.send(CANARY));
        let before = format!("{context:?} {channel:?} {context:#?} {channel:#?}");
        channel.receive(&[0; 64]);
        let error = drain(&mut channel).1.unwrap_err();
        let after = format!("{error} {error:?} {error:#?} {channel:?} {context:?}");

        let mut secrets = keys.0.lock().unwrap().clone();
        assert!(!secrets.is_empty());
        secrets.push(CANARY.to_vec());
        for text in [before, after] {
            assert!(!text.contains("canary"), "{text}");
            let digits: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
            for secret in &secrets {
                let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
                assert!(!text.to_lowercase().contains(&hex), "{text}");
                let list: Vec<String> = secret.iter().map(u8::to_string).collect();
                assert!(!digits.join(" ").contains(&list.join("  ")), "{text}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However the stream is cut and however it is read: the same plaintext, the same end, the same
    /// remainder.
    #[test]
    fn results_do_not_depend_on_the_cuts(
        sizes in proptest::collection::vec(0..50_000_usize, 0..6),
        steps in proptest::collection::vec(1..40_000_usize, 1..20),
        room in 1..70_000_usize,
        fault in 0..4_u8,
        modern: bool,
    ) {
        let authority = Authority::new();
        let server = authority.server(if modern { TLS13 } else { TLS12 });
        let (mut channel, mut peer) = connect(&authority.context(), &server);
        let sent: Vec<u8> = sizes.iter().flat_map(|size| payload(*size)).collect();
        let mut stream: Vec<u8> = sizes.iter().flat_map(|size| peer.send(&payload(*size))).collect();
        match fault {
            0 => {}
            1 => stream.extend([23, 3, 3, 0, 30].iter().chain(&[0; 30])),
            _ => stream.extend(peer.close().iter().chain(b"clear")),
        }
        let (mut rest, mut steps, mut read) = (&stream[..], steps.iter().cycle(), Vec::new());
        let mut buffer = vec![0; room];
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.len().min(*steps.next().unwrap()));
            rest = after;
            channel.receive(piece);
            // One of the faults is met by a reader that waits to the end.
            while let Some(Input::Bytes(count)) = (fault != 3).then(|| channel.read(&mut buffer).ok().flatten()).flatten() {
                read.extend(&buffer[..count]);
            }
        }
        channel.receive_eof();
        let (last, end) = drain(&mut channel);
        read.extend(last);
        prop_assert!(read == sent);
        match fault {
            0 => prop_assert_eq!(end, Ok(Some(Input::End(End::Truncated)))),
            1 => prop_assert!(matches!(end, Err(TlsError::Protocol(_)))),
            _ => prop_assert_eq!(end, Ok(Some(Input::End(End::Clean)))),
        }
        prop_assert_eq!(channel.take_remainder(), if fault > 1 { &b"clear"[..] } else { b"" });
    }

    /// Bytes from nowhere: never a panic, never a success.
    #[test]
    fn noise_never_completes_a_handshake(
        noise in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..10),
        plausible: bool,
    ) {
        let mut channel = Authority::new().context().channel(Purpose::Explicit).unwrap();
        for mut piece in noise {
            if plausible && piece.len() > 5 {
                let length = (piece.len() - 5) as u8;
                piece[..5].copy_from_slice(&[22, 3, 3, 0, length]);
            }
            channel.receive(&piece);
        }
        channel.receive_eof();
        prop_assert!(matches!(channel.poll_handshake(), Poll::Ready(Err(_))));
    }
}

/// Counts of nothing and of everything, before and after the handshake.
#[test]
fn counts_of_no_bytes_and_of_all() {
    let authority = Authority::new();
    for settled in [false, true] {
        let mut channel = authority.context().channel(Purpose::Explicit).unwrap();
        let mut peer = Peer::new(&authority.server(BOTH[0]));
        if settled {
            settle(&mut channel, &mut peer);
        }
        for count in [0, 1, usize::MAX] {
            let room = channel.room(count).len();
            assert!(room <= count.min(Channel::UNREAD_MAX));
            assert_eq!(room == 0, count == 0);
            assert!(channel.read_with(count, |_| {}).unwrap().is_none() || count == 0);
        }
        channel.transmitted(usize::MAX);
        channel.received(0);
    }
}
