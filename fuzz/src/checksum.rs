//! Checksums in the replies to HASH, XSHA256, XSHA1, XMD5, XCRC and MD5.

use ftp_proto::checksum::{Algorithm, Checksum, decode, decode_hash};
use ftp_proto::reply::{Reply, ReplyCode};

/// The input is the text of the reply.
pub fn check(input: &[u8]) {
    let reply = Reply::new(ReplyCode::FILE_STATUS, input);
    for algorithm in Algorithm::ALL {
        if let Ok(checksum) = decode(&reply, algorithm) {
            stands_in(input, &checksum);
        }
        if let Ok(checksum) = decode_hash(&reply, algorithm, None) {
            stands_in(input, &checksum);
            let again = format!("{algorithm} 0-1 {checksum} a");
            let again = Reply::new(ReplyCode::FILE_STATUS, again.as_bytes());
            assert_eq!(decode_hash(&again, algorithm, Some(&(0..2))), Ok(checksum));
        }
        let other = Reply::new(ReplyCode::OKAY, input);
        assert!(decode(&other, algorithm).is_err());
        assert!(decode_hash(&other, algorithm, None).is_err());
    }
}

/// The digits are a word of the text, so that none was made up.
fn stands_in(text: &[u8], checksum: &Checksum) {
    let digits = checksum.to_string();
    let mut words = text.split(|byte| byte.is_ascii_whitespace());
    assert!(words.any(|word| word.eq_ignore_ascii_case(digits.as_bytes())));
}
