//! Mirrors on one thread against real servers: odd names, broken off three times each way, and
//! equal byte for byte in the end; servers in other zones; and how long a mirror takes over a long
//! way. `FTP_TESTBED_RUN=full` takes 2,000 files, else some dozens, and measures.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod mirrors;

use std::net::SocketAddr;
use std::process::ExitCode;

use ftp_mio::proto::Argument;
use ftp_mio::proto::driver::MirrorSetup;
use ftp_mio::proto::operation::Login;
use ftp_mio::{Mirrored, Result};
use ftp_testbed::mirrors::{Mirrors, both_ways, speed, trials, zones};
use ftp_testbed::servers::{Kind, PASSWORD, Setup, USER, in_full};
use libtest_mimic::{Arguments, Trial};

/// Sessions on one thread.
struct OneThread;

impl Mirrors for OneThread {
    fn mirror(server: SocketAddr, setup: MirrorSetup<'static>) -> Result<Mirrored> {
        let argument = |text| Argument::new(text).unwrap();
        let login = Login::new(argument(USER)).password(argument(PASSWORD));
        mirrors::mirror(server, login, setup)
    }
}

const EAST: &str = "IST-5:30";
const WEST: &str = "EST5EDT,M3.2.0,M11.1.0";

fn main() -> ExitCode {
    let zone = |zone: &'static str| move |kind| Setup::new(kind).zone(zone);
    let zoned = [Kind::Vsftpd, Kind::Inetutils, Kind::PureFtpd];
    let quick = [
        trials(
            "both_ways",
            &Kind::COMPLETE,
            Setup::new,
            both_ways::<OneThread>,
        ),
        trials("east", &zoned, zone(EAST), zones::<OneThread>),
        trials("west", &zoned, zone(WEST), zones::<OneThread>),
    ];
    let near = [Kind::Vsftpd, Kind::Proftpd, Kind::Pyftpdlib];
    let elsewhere = [Kind::Vsftpd, Kind::Inetutils];
    let long = [
        trials("over_a_long_way", &near, Setup::new, speed::<OneThread>),
        trials("far_east", &elsewhere, zone(EAST), speed::<OneThread>),
        trials("far_west", &elsewhere, zone(WEST), speed::<OneThread>),
    ];
    let skipped = |trial: Trial| trial.with_ignored_flag(!in_full());
    let long = long.into_iter().flatten().map(skipped);
    let trials = quick.into_iter().flatten().chain(long).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
