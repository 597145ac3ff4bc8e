//! The handshakes with SOCKS5 and HTTP CONNECT proxies, whole against cut.
//!
//! The first byte chooses the protocol (bit 0: HTTP) and whether there is a login (bit 1). The rest
//! is what the proxy sends, and the host behind it.

use ftp_proto::proxy::{ANSWER_BYTES_MAX, Handshake, Proxy, ProxyError};

use crate::{CUTS, pieces};

/// See the module.
pub fn check(input: &[u8]) {
    let (&choice, answer) = input.split_first().unwrap_or((&0, &[]));
    let ends: Vec<_> = CUTS
        .iter()
        .map(|sizes| end(choice, &pieces(answer, sizes)))
        .collect();
    for end in &ends {
        assert_eq!(*end, ends[0]);
    }
    match &ends[0] {
        Ok(Some(early)) => {
            assert!(answer.ends_with(early));
            let head = &answer[..answer.len() - early.len()];
            assert!(head.len() <= ANSWER_BYTES_MAX);
            assert!(opens(choice, head), "{}", head.escape_ascii());
            // The answer is the shortest that opens the connection.
            let shorter = &head[..head.len() - 1];
            assert_eq!(end(choice, &[shorter]), Ok(None));
        }
        Ok(None) => assert!(answer.len() <= ANSWER_BYTES_MAX),
        Err(error) => {
            let text = error.to_string();
            assert!(!text.chars().any(char::is_control), "{text:?}");
            let is_said = answer.windows(6).any(|word| word == b"secret");
            assert!(is_said || !text.contains("secret"), "{text:?}");
        }
    }
}

/// The early bytes of an open connection, an error, or nothing yet.
fn end(choice: u8, pieces: &[&[u8]]) -> Result<Option<Vec<u8>>, ProxyError> {
    let mut handshake = ask(choice);
    write(&mut handshake);
    for piece in pieces {
        let was_open = handshake.is_open();
        handshake.receive(piece)?;
        assert!(handshake.is_open() || !was_open);
        write(&mut handshake);
    }
    if !handshake.is_open() {
        assert_eq!(handshake.read(&mut [0; 8]), 0);
        return Ok(None);
    }
    let mut early = Vec::new();
    let mut buffer = [0; 7];
    loop {
        match handshake.read(&mut buffer) {
            0 => return Ok(Some(early)),
            count => early.extend_from_slice(&buffer[..count]),
        }
    }
}

fn ask(choice: u8) -> Handshake {
    let proxy = match choice & 1 {
        0 => Proxy::socks5(),
        _ => Proxy::http_connect(),
    };
    let proxy = match choice & 2 {
        0 => proxy,
        _ => proxy.credentials("ann", "secret").unwrap(),
    };
    proxy.ask("ftp.example.org", 21).unwrap()
}

fn write(handshake: &mut Handshake) {
    handshake.transmitted(handshake.transmit().len());
    assert!(handshake.transmit().is_empty());
}

/// A second reading of what opens a connection.
fn opens(choice: u8, head: &[u8]) -> bool {
    if choice & 1 == 1 {
        let text: String = head.iter().copied().map(char::from).collect();
        let mut heads = Vec::new();
        let mut lines = Vec::new();
        for line in text.split_terminator('\n') {
            match line.strip_suffix('\r').unwrap_or(line) {
                "" => heads.push(std::mem::take(&mut lines)),
                line => lines.push(line.to_owned()),
            }
        }
        let status = |head: &Vec<String>| head[0].as_bytes()[9..12].to_vec();
        let (last, interim) = heads.split_last().unwrap();
        // 101 would change the protocol, and is no interim answer.
        return lines.is_empty()
            && status(last)[0] == b'2'
            && interim
                .iter()
                .map(status)
                .all(|it| it[0] == b'1' && it != b"101");
    }
    let reply = match head {
        [5, 0, reply @ ..] => reply,
        [5, 2, _, 0, reply @ ..] if choice & 2 != 0 => reply,
        _ => return false,
    };
    let length = match reply[3] {
        1 => 10,
        3 => 7 + usize::from(reply[4]),
        4 => 22,
        _ => return false,
    };
    reply[..2] == [5, 0] && reply.len() == length
}
