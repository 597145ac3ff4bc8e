//! What may be written to the control connection.

use ftp_proto::{COMMAND_BYTES_MAX, Session, TlsPolicy};

use super::{Broken, require};

/// Commands that tell who we are.
const SECRETS: [&[u8]; 3] = [b"USER ", b"PASS ", b"ACCT "];
/// Commands that belong to a transfer. Those without an argument stand with their end.
const TRANSFERS: [&[u8]; 16] = [
    b"TYPE ", b"EPSV\r", b"PASV\r", b"EPRT ", b"PORT ", b"REST ", b"RETR ", b"STOR ", b"APPE ",
    b"STOU\r", b"STOU ", b"LIST\r", b"LIST ", b"NLST\r", b"MLSD\r", b"MLSD ",
];
/// Those of them that make payload move.
const PAYLOAD: [&[u8]; 10] = [
    b"RETR ", b"STOR ", b"APPE ", b"STOU\r", b"STOU ", b"LIST\r", b"LIST ", b"NLST\r", b"MLSD\r",
    b"MLSD ",
];

/// Whole lines without CR, LF or NUL inside them, and nothing that the policy forbids at this
/// moment. `cleared` says that TLS was ended with CCC, after which only secrets are withheld.
///
/// The first line may have been written in part; the others are whole.
pub(super) fn is_allowed(session: &Session, cleared: bool) -> Result<(), Broken> {
    for (index, line) in session
        .transmit()
        .split_inclusive(|byte| *byte == b'\n')
        .enumerate()
    {
        let text = line.strip_suffix(b"\r\n");
        let is_rest_of_line = index == 0 && line == b"\n";
        let clean = text.is_some_and(|text| !text.iter().any(|byte| matches!(byte, b'\r' | 0)));
        // Telnet may double every byte.
        let fits = line.len() <= 2 * COMMAND_BYTES_MAX + 2;
        require((clean || is_rest_of_line) && fits, || {
            format!("{} is to be written", line.escape_ascii())
        })?;
        policy_allows(session, cleared, line)?;
    }
    Ok(())
}

fn policy_allows(session: &Session, cleared: bool, line: &[u8]) -> Result<(), Broken> {
    let policy = session.config().tls;
    if policy == TlsPolicy::None {
        return Ok(());
    }
    let is_one_of = |commands: &[&[u8]]| commands.iter().any(|command| line.starts_with(command));
    let in_clear = !session.is_secured();
    require(!(in_clear && is_one_of(&SECRETS)), || {
        "a secret goes out in clear".into()
    })?;
    require(!(in_clear && !cleared && is_one_of(&TRANSFERS)), || {
        format!("{} goes out before TLS", line.escape_ascii())
    })?;
    let unprotected = policy == TlsPolicy::Full && !session.is_data_protected();
    require(!(unprotected && is_one_of(&PAYLOAD)), || {
        format!("{} goes out without PROT P", line.escape_ascii())
    })
}
