//! Checksums that ProFTPD's mod_digest tells, of whole files and of parts.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::ExitCode;

use ftp_blocking::Client;
use ftp_proto::checksum::Algorithm;
use ftp_testbed::servers::{Family, Kind, PASSWORD, Setup, USER};
use libtest_mimic::{Arguments, Completion, Failed, Trial};

const CONTENT: &[u8] = b"0123456789";

const WHOLE: [(Algorithm, &str); 4] = [
    (
        Algorithm::Sha256,
        "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882",
    ),
    (Algorithm::Sha1, "87acec17cd9dcd20a716cc2cf67417b71c8a7016"),
    (Algorithm::Md5, "781e5e245d69b566979b86e28d23f2c7"),
    (Algorithm::Crc32, "a684c7c6"),
];

fn main() -> ExitCode {
    let trials = vec![Trial::ignorable_test("proftpd::checksums", check)];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn check() -> Result<Completion, Failed> {
    let server = match Setup::new(Kind::Proftpd).start() {
        Ok(server) => server,
        Err(unavailable) => return unavailable.verdict(),
    };
    let mut ftp = Client::builder()
        .connect_to(&[server.address(Family::V4).unwrap()])
        .unwrap();
    ftp.login(USER, PASSWORD).unwrap();
    let name = "up/my file 1";
    ftp.store_from(name, &mut &CONTENT[..]).unwrap();
    for (algorithm, digits) in WHOLE {
        let told = ftp.checksum(name, algorithm).unwrap();
        assert_eq!(told.to_string(), digits, "{algorithm}");
    }
    // Bytes 2345, by XCRC: HASH tells that it took the whole file.
    let part = ftp.checksum_of_range(name, Algorithm::Crc32, 2..6).unwrap();
    assert_eq!(part.to_string(), "b0d2832b");
    // RANG is no longer in force.
    let mut content = Vec::new();
    ftp.retrieve_to(name, &mut content).unwrap();
    assert_eq!(content, CONTENT);
    let missing = ftp.checksum("nope", Algorithm::Sha256).unwrap_err();
    assert!(missing.is_permanent());
    Ok(Completion::Completed)
}
