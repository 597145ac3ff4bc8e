//! Trials that need a real server: ignored with the reason where there is none, failed where
//! servers are required.

use ftp_testbed::servers::{Server, Setup};
use libtest_mimic::{Completion, Trial};

pub(crate) fn trial(
    name: String,
    setup: Setup,
    check: impl FnOnce(Server) -> Completion + Send + 'static,
) -> Trial {
    Trial::ignorable_test(name, move || match setup.start() {
        Ok(server) => Ok(check(server)),
        Err(unavailable) => unavailable.verdict(),
    })
}
