//! What to do after a failure: try again, look the outcome up, or give up.
//!
//! A driver performs it: `ftp-blocking` and `ftp-mio` have `Retrying`. Nothing here waits or reads a
//! clock.

use core::time::Duration;

use crate::action::Failure;
use crate::command::Verb;
use crate::error::{Closed, Error, ErrorKind};
use crate::verdict::Interruption;

/// How often and how soon a step is tried again.
///
/// ```
/// use core::time::Duration;
/// use ftp_proto::retry::{Next, Retry, Step};
/// use ftp_proto::{Config, Control, ErrorKind, Reason, Session, Verb};
///
/// let session = Session::new(Config::default(), Control::default());
/// let lost = |verb| session.error(ErrorKind::Timeout(Reason::Reply), verb);
/// let policy = Retry::default();
///
/// let next = policy.next(&lost(Verb::Mlsd), Step::Listing, 1, 0);
/// assert_eq!(next, Next::Again(Duration::from_millis(500)));
/// // The server may have removed the file before the reply was lost.
/// assert_eq!(policy.next(&lost(Verb::Dele), Step::of(Verb::Dele), 1, 0), Next::LookUp);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Retry {
    /// Tries in all, the first among them. 5. A transfer that has moved payload begins to count
    /// anew.
    pub tries_max: u32,
    /// The longest pause after the first failure; it doubles with each further one. 1 s.
    pub delay: Duration,
    /// The longest pause of all. 60 s.
    pub delay_max: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            tries_max: 5,
            delay: Duration::from_secs(1),
            delay_max: Duration::from_secs(60),
        }
    }
}

/// What failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Step {
    /// Making a session: connection, greeting, TLS, login.
    Connecting,
    /// A listing, or a question such as SIZE: nothing changes on the server.
    Listing,
    /// A download.
    Download,
    /// STOR under a name that this run has created: nobody's file is lost.
    UploadOfOurs,
    /// STOR under a name that was there before, or may have been.
    UploadOverOthers,
    /// A command that changes something: after a lost reply nobody knows whether it did.
    Change,
}

impl Step {
    /// The step of a command. For STOR, that of a name that was there before.
    pub const fn of(verb: Verb) -> Self {
        match verb {
            Verb::User | Verb::Pass | Verb::Acct | Verb::Auth | Verb::Pbsz | Verb::Prot => {
                Self::Connecting
            }
            Verb::Retr => Self::Download,
            Verb::Stor => Self::UploadOverOthers,
            // The first half of a renaming changes nothing, and CWD and TYPE belong to a session.
            Verb::List
            | Verb::Nlst
            | Verb::Mlsd
            | Verb::Mlst
            | Verb::Stat
            | Verb::Size
            | Verb::Mdtm
            | Verb::Pwd
            | Verb::Feat
            | Verb::Noop
            | Verb::Syst
            | Verb::Help
            | Verb::Rnfr
            | Verb::Cwd
            | Verb::Cdup
            | Verb::Type
            | Verb::Opts => Self::Listing,
            _ => Self::Change,
        }
    }
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "callers have to know all three")]
pub enum Next {
    /// The error is the result.
    GiveUp,
    /// Try again after this pause, over a new connection if the session is over.
    Again(Duration),
    /// The command may have been carried out: look at the server, and do not repeat it.
    LookUp,
}

impl Retry {
    /// What to do after `error` at `step`. `failures` counts the tries that failed, this one among
    /// them. `random` is a random number, which keeps many clients from coming back at once.
    ///
    /// A 5xx reply (530 among them), a failure of TLS or of a certificate, a policy and a mistake
    /// of the caller are never tried again. After a 4xx reply the server has done nothing, so the
    /// step is tried again. A failure without a reply depends on the step: connections, listings,
    /// downloads and uploads under names of this run are tried again, and other uploads are not.
    pub fn next(&self, error: &Error, step: Step, failures: u32, random: u32) -> Next {
        if !error.is_transient() || is_of_tls(error) {
            return Next::GiveUp;
        }
        let untouched = matches!(error.kind(), ErrorKind::Refused(_));
        match step {
            Step::Change if !untouched => Next::LookUp,
            Step::UploadOverOthers if !untouched => Next::GiveUp,
            _ => self.again(failures, random),
        }
    }

    /// [`Next::Again`], unless there were enough tries. For failures before there was a session.
    pub fn again(&self, failures: u32, random: u32) -> Next {
        if failures >= self.tries_max {
            return Next::GiveUp;
        }
        Next::Again(self.pause(failures, random))
    }

    /// Between half of the longest pause and all of it.
    fn pause(&self, failures: u32, random: u32) -> Duration {
        let factor = 2_u32.saturating_pow(failures.saturating_sub(1));
        let longest = self.delay.saturating_mul(factor).min(self.delay_max);
        let half = longest.checked_div(2).unwrap_or_default();
        // Of 2^16 parts, so that no duration overflows.
        let part = half.checked_div(1 << 16).unwrap_or_default();
        half.saturating_add(part.saturating_mul(random >> 16))
    }
}

/// The certificate was refused, or TLS was: the same happens the next time.
const fn is_of_tls(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Closed(Closed::Lost(Failure::Tls), _) => true,
        ErrorKind::Interrupted(interrupted) => matches!(
            interrupted.cause,
            Interruption::Data(Failure::Tls) | Interruption::NotResumed
        ),
        _ => false,
    }
}

/// Where an upload that was interrupted goes on.
///
/// `size` is the server's answer to SIZE, `None` if the file is not there; `sent` is how many bytes
/// this run has sent. `None` if the file is longer than that: somebody else has written to it, and
/// the upload must not go on.
///
/// ```
/// use ftp_proto::retry::upload_offset;
///
/// assert_eq!(upload_offset(Some(4096), 8192), Some(4096));
/// assert_eq!(upload_offset(None, 8192), Some(0)); // from the beginning
/// assert_eq!(upload_offset(Some(9000), 8192), None);
/// ```
pub const fn upload_offset(size: Option<u64>, sent: u64) -> Option<u64> {
    match size {
        None => Some(0),
        Some(size) if size <= sent => Some(size),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Next, Retry, Step};
    use crate::action::Failure;
    use crate::command::Verb;
    use crate::error::{After, Closed, Error, ErrorKind, Misuse, Policy};
    use crate::reply::{Reply, ReplyCode};
    use crate::time::Reason;
    use crate::verdict::{Compared, Interrupted, Interruption};
    use crate::violation::Violation;
    use alloc::boxed::Box;
    use core::time::Duration;

    const STEPS: [Step; 6] = [
        Step::Connecting,
        Step::Listing,
        Step::Download,
        Step::UploadOfOurs,
        Step::UploadOverOthers,
        Step::Change,
    ];

    fn next(kind: ErrorKind, step: Step) -> Next {
        let error = Error::new(kind, None, After::Dead);
        Retry::default().next(&error, step, 1, 0)
    }

    fn refusal(code: u16) -> Box<Reply> {
        let code = ReplyCode::new(code);
        #[allow(clippy::expect_used, reason = "a test fails by panicking")]
        Box::new(Reply::new(code.expect("a code"), b"no"))
    }

    fn interrupted(cause: Interruption) -> ErrorKind {
        ErrorKind::Interrupted(Box::new(Interrupted {
            bytes: 1,
            cause,
            reply: None,
            compared: Compared::Nothing,
            ended: false,
        }))
    }

    #[test]
    fn what_happens_again_is_never_tried_again() {
        for step in STEPS {
            for kind in [
                ErrorKind::Refused(refusal(550)),
                ErrorKind::Refused(refusal(530)),
                ErrorKind::Closed(Closed::Lost(Failure::Tls), None),
                interrupted(Interruption::Data(Failure::Tls)),
                interrupted(Interruption::NotResumed),
                interrupted(Interruption::Aborted),
                ErrorKind::Policy(Policy::ControlNotSecured),
                ErrorKind::Misuse(Misuse::Busy),
                ErrorKind::Violation(Violation::OutOfOrder),
                ErrorKind::Closed(Closed::Quit, None),
            ] {
                assert_eq!(next(kind.clone(), step), Next::GiveUp, "{step:?} {kind}");
            }
        }
    }

    #[test]
    fn a_refusal_for_now_is_tried_again() {
        for step in STEPS {
            let answer = next(ErrorKind::Refused(refusal(450)), step);
            assert!(matches!(answer, Next::Again(_)), "{step:?}");
        }
    }

    #[test]
    fn a_lost_reply_is_judged_by_the_step() {
        for kind in [
            ErrorKind::Timeout(Reason::Reply),
            ErrorKind::Closed(Closed::Eof, None),
            ErrorKind::Closed(Closed::Lost(Failure::Reset), None),
            interrupted(Interruption::ControlLost),
        ] {
            for step in STEPS {
                let found = next(kind.clone(), step);
                let fits = match step {
                    Step::Change => found == Next::LookUp,
                    Step::UploadOverOthers => found == Next::GiveUp,
                    _ => matches!(found, Next::Again(_)),
                };
                assert!(fits, "{step:?} {kind}: {found:?}");
            }
        }
    }

    #[test]
    fn what_changes_something_is_not_repeated() {
        for verb in [
            Verb::Rnto,
            Verb::Dele,
            Verb::Mkd,
            Verb::Rmd,
            Verb::Appe,
            Verb::Stou,
            Verb::Site,
        ] {
            assert_eq!(Step::of(verb), Step::Change, "{verb}");
        }
    }

    #[test]
    fn each_verb_is_of_a_step() {
        for (verbs, step) in [
            (
                &[
                    Verb::User,
                    Verb::Pass,
                    Verb::Acct,
                    Verb::Auth,
                    Verb::Pbsz,
                    Verb::Prot,
                ][..],
                Step::Connecting,
            ),
            (&[Verb::Retr], Step::Download),
            (&[Verb::Stor], Step::UploadOverOthers),
            (
                &[
                    Verb::List,
                    Verb::Mlsd,
                    Verb::Stat,
                    Verb::Size,
                    Verb::Rnfr,
                    Verb::Cwd,
                ],
                Step::Listing,
            ),
        ] {
            for verb in verbs {
                assert_eq!(Step::of(*verb), step, "{verb}");
            }
        }
    }

    #[test]
    fn pauses_double_up_to_a_limit_and_tries_end() {
        let policy = Retry {
            tries_max: 100,
            ..Retry::default()
        };
        for (failures, random, millis) in [
            (1, 0, 500),
            (1, u32::MAX, 999),
            (2, 0, 1_000),
            (4, 0, 4_000),
            (50, 0, 30_000),
            (99, u32::MAX, 59_999),
        ] {
            let Next::Again(pause) = policy.again(failures, random) else {
                assert_eq!(failures, 0, "given up");
                continue;
            };
            assert_eq!(pause.as_millis(), millis, "{failures}");
        }
        assert_eq!(policy.again(100, 0), Next::GiveUp);
        let once = Retry {
            tries_max: 0,
            delay_max: Duration::MAX,
            ..policy
        };
        assert_eq!(once.again(1, 0), Next::GiveUp);
    }
}
