//! Trials that need a real server: ignored with the reason where there is none, failed where servers are required.

use ftp_testbed::servers::{Server, Setup, required};
use libtest_mimic::{Completion, Failed, Trial};

pub(crate) fn trial(
    name: String,
    setup: Setup,
    check: impl FnOnce(Server) -> Completion + Send + 'static,
) -> Trial {
    Trial::ignorable_test(name, move || match setup.start() {
        Ok(server) => Ok(check(server)),
        Err(unavailable) if required() => Err(Failed::from(unavailable)),
        Err(unavailable) => Ok(Completion::ignored_with(unavailable)),
    })
}
