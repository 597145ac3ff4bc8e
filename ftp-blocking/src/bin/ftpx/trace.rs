//! `--trace FILE`: the records of a session, for a bug report that replays.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use ftp_blocking::proto::trace::Record;
use ftp_blocking::proto::{Argument, Command, Verb};

use crate::exit::{Result, local};

/// Writes a file for each session: FILE, then FILE.2 and so on. A replay is of one session.
#[derive(Clone, Debug)]
pub(crate) struct Tracer {
    files: Arc<Mutex<Files>>,
    masks: bool,
    raw: Arc<OnceLock<Verb>>,
}

#[derive(Debug)]
struct Files {
    path: PathBuf,
    current: File,
    sessions: u32,
}

impl Tracer {
    pub(crate) fn create(path: &Path, masks: bool) -> Result<Self> {
        let current = create(path).map_err(local(path.display()))?;
        let files = Files {
            path: path.to_owned(),
            current,
            sessions: 0,
        };
        Ok(Self {
            files: Arc::new(Mutex::new(files)),
            masks,
            raw: Arc::default(),
        })
    }

    /// A command of the user has this verb.
    pub(crate) fn raw(&self, verb: Verb) {
        // There is one command in a run.
        let _ = self.raw.set(verb);
    }

    pub(crate) fn sink(&self) -> impl FnMut(&Record) + Send + 'static {
        let tracer = self.clone();
        move |record| tracer.write(record)
    }

    fn write(&self, record: &Record) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(record, Record::Opened { .. }) {
            files.next_session();
        }
        // A trace that cannot be written does not end the session.
        let _ = writeln!(files.current, "{}", self.masked(record));
    }

    fn masked(&self, record: &Record) -> Record {
        match record {
            Record::Command(command) => Record::Command(self.mask(command)),
            Record::Submitted(command) => Record::Submitted(self.mask(command)),
            Record::Batched(command) => Record::Batched(self.mask(command)),
            other => other.clone(),
        }
    }

    /// One asterisk, as for a password: a replay takes a shorter line. The session sends OPTS of
    /// its own accord, and would not do so in the replay if it were masked.
    fn mask(&self, command: &Command) -> Command {
        let verb = command.verb();
        let is_raw = self.raw.get() == Some(&verb) && verb != Verb::Opts;
        match (command.argument(), Argument::new("*")) {
            (Some(_), Ok(star)) if self.masks && (is_raw || verb == Verb::Site) => {
                Command::new(verb, star)
            }
            _ => command.clone(),
        }
    }
}

impl Files {
    fn next_session(&mut self) {
        self.sessions += 1;
        if self.sessions == 1 {
            return;
        }
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{}", self.sessions));
        if let Ok(file) = create(Path::new(&name)) {
            self.current = file;
        }
    }
}

fn create(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
        let file = options.mode(0o600).open(path)?;
        // It may have existed.
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        Ok(file)
    }
    #[cfg(not(unix))]
    options.open(path)
}
