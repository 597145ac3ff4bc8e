//! Where a case works, and how it says what went wrong.

use std::ffi::OsStr;
use std::fmt::Debug;
use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use ftp_proto::operation::{ChangeDirectory, Exchange, Login};
use ftp_proto::{Argument, ArgumentError, Error, ErrorKind, State};

use crate::servers::{PASSWORD, Server, USER};
pub use crate::subject::Complaint;
use crate::subject::{Failure, Subject};
use crate::tree;

/// What a case comes to.
pub type Outcome = Result<(), Complaint>;

/// A server, and a directory on it that belongs to one case.
#[derive(Debug)]
pub struct Bench<'a> {
    server: &'a Server,
    name: String,
}

impl<'a> Bench<'a> {
    /// Makes the directory `up/NAME`.
    pub(super) fn create(server: &'a Server, name: &str) -> io::Result<Self> {
        let bench = Self {
            server,
            name: name.to_owned(),
        };
        fs::create_dir(bench.path(""))?;
        fs::set_permissions(bench.path(""), Permissions::from_mode(0o777))?;
        Ok(bench)
    }

    /// Removes the directory with everything in it.
    pub(super) fn remove(self) -> io::Result<()> {
        fs::remove_dir_all(self.path(""))
    }

    pub(super) const fn server(&self) -> &Server {
        self.server
    }

    /// A file of the directory, as this process sees it.
    pub(super) fn path(&self, name: impl AsRef<[u8]>) -> PathBuf {
        let directory = self.server.tree().root().join("up").join(&self.name);
        directory.join(OsStr::from_bytes(name.as_ref()))
    }

    /// The directory, as the session sees it.
    pub(super) fn directory(&self) -> Vec<u8> {
        self.remote(&format!("up/{}", self.name))
    }

    /// A path below the root of the tree, as the session sees it.
    pub(super) fn remote(&self, path: &str) -> Vec<u8> {
        let home = self.server.home().trim_end_matches('/');
        format!("{home}/{path}").into_bytes()
    }

    /// Puts a file into the directory that the session may change.
    pub(super) fn place(&self, name: impl AsRef<[u8]>, contents: &[u8]) -> io::Result<()> {
        let path = self.path(name);
        fs::write(&path, contents)?;
        fs::set_permissions(&path, Permissions::from_mode(0o666))
    }

    /// Logs in and goes to the directory.
    pub(super) fn log_in<S: Subject>(&self, subject: &mut S) -> Outcome {
        subject.run(user()?)?;
        subject.run(ChangeDirectory::new(self.directory())?)?;
        Ok(())
    }

    /// Compares a file of the directory with what it should hold.
    pub(super) fn holds(&self, name: impl AsRef<[u8]>, expected: &[u8]) -> Outcome {
        same_bytes(
            "the file on the server",
            &fs::read(self.path(name))?,
            expected,
        )
    }
}

/// The login of the account that owns the tree.
pub(super) fn user() -> Result<Login, ArgumentError> {
    Ok(Login::new(Argument::new(USER)?).password(Argument::new(PASSWORD)?))
}

/// The session is where it should be, and answers. aioftp answers that it knows no NOOP.
pub(super) fn works<S: Subject>(subject: &mut S) -> Outcome {
    match subject.run(Exchange::noop()) {
        Err(Failure::Session(error)) if matches!(error.kind(), ErrorKind::Refused(_)) => {}
        result => drop(result?),
    }
    same("the state", &subject.session().state(), &State::Usable)
}

/// The session's error, which has to be one, and has to agree with the session on its state.
pub(super) fn refusal<S: Subject, T: Debug>(
    subject: &S,
    result: Result<T, Failure>,
) -> Result<Error, Complaint> {
    use ftp_proto::After;
    let error = match result {
        Ok(value) => return Err(format!("succeeded with {value:?}").into()),
        Err(Failure::Session(error)) => error,
        Err(other) => return Err(format!("not the session's error: {other}").into()),
    };
    let state = subject.session().state();
    let agrees = match error.after() {
        After::Usable => state == State::Usable,
        After::Settling => matches!(state, State::Settling { .. }),
        After::Dead => matches!(state, State::Dead(_)),
    };
    ensure(agrees, || format!("{error}, but it is {state:?}"))?;
    Ok(error)
}

pub(super) fn ensure(holds: bool, complaint: impl FnOnce() -> String) -> Outcome {
    if holds {
        return Ok(());
    }
    Err(complaint().into())
}

pub(super) fn same<T: PartialEq + Debug>(what: &str, found: &T, expected: &T) -> Outcome {
    ensure(found == expected, || {
        format!("{what}: {found:?} instead of {expected:?}")
    })
}

/// Compares contents, which may be too long to print.
pub(super) fn same_bytes(what: &str, found: &[u8], expected: &[u8]) -> Outcome {
    let common = found.iter().zip(expected).take_while(|(a, b)| a == b);
    ensure(found == expected, || {
        format!(
            "{what}: {} bytes instead of {}, different from byte {} on",
            found.len(),
            expected.len(),
            common.count()
        )
    })
}

/// The first `bytes` bytes of the pattern that `large.bin` has.
pub(super) fn pattern(bytes: usize) -> Vec<u8> {
    let mut block = vec![0; bytes];
    tree::fill(0, &mut block);
    block
}

/// Takes the pattern from `offset` on, and fails at the first byte that is another.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) offset: u64,
    expected: Vec<u8>,
}

impl Pattern {
    pub(super) const fn from(offset: u64) -> Self {
        Self {
            offset,
            expected: Vec::new(),
        }
    }
}

impl Write for Pattern {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.expected.resize(bytes.len(), 0);
        tree::fill(self.offset, &mut self.expected);
        if bytes != self.expected {
            let text = format!("wrong bytes from {} on", self.offset);
            return Err(io::Error::other(text));
        }
        self.offset += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
