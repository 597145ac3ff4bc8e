//! Finds the program of a server.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where `.ci/fetch-servers` leaves the servers.
pub(super) fn folder() -> PathBuf {
    env::var_os("FTP_TESTBED_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/testbed-servers"),
        PathBuf::from,
    )
}

/// A program that was found.
#[derive(Debug)]
pub(super) struct Installation {
    pub(super) program: PathBuf,
    /// The folder that stands for `/`, if the program was unpacked and not installed.
    pub(super) root: Option<PathBuf>,
}

impl Installation {
    /// Looks for a program among the unpacked ones, then on `PATH` and in the folders of system
    /// programs.
    pub(super) fn find(name: &str) -> io::Result<Self> {
        let found = Self::unpacked(name).or_else(|| Self::installed(name));
        found.ok_or_else(|| {
            io::Error::other(format!(
                "{name} is neither unpacked nor on PATH (.ci/fetch-servers fetches it)"
            ))
        })
    }

    fn unpacked(name: &str) -> Option<Self> {
        let root = fs::canonicalize(folder().join("root")).ok()?;
        let program = ["usr/sbin", "usr/bin"]
            .iter()
            .map(|directory| root.join(directory).join(name))
            .find(|path| path.is_file())?;
        Some(Self {
            program,
            root: Some(root),
        })
    }

    fn installed(name: &str) -> Option<Self> {
        let path = env::var_os("PATH").unwrap_or_default();
        let program = env::split_paths(&path)
            .chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from))
            .map(|directory| directory.join(name))
            .find(|path| path.is_file())?;
        Some(Self {
            program,
            root: None,
        })
    }

    /// Adds what the loader needs to find the unpacked libraries, and the zone in which the server
    /// prints times.
    pub(super) fn apply(&self, command: &mut Command) {
        command.env("TZ", "UTC");
        if let Some(root) = &self.root {
            command.env("LD_LIBRARY_PATH", library_path(root));
        }
    }

    /// A command that runs the program as it is, outside of any sandbox.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        self.apply(&mut command);
        command
    }
}

/// `lib` and `usr/lib`, with the folders of the architecture in them (`x86_64-linux-gnu`).
fn library_path(root: &Path) -> OsString {
    let mut directories = Vec::new();
    for library in [root.join("usr/lib"), root.join("lib")] {
        let inner = fs::read_dir(&library).into_iter().flatten().flatten();
        directories.extend(
            inner
                .map(|entry| entry.path())
                .filter(|path| is_architecture(path.file_name())),
        );
        directories.push(library);
    }
    env::join_paths(directories).unwrap_or_default()
}

fn is_architecture(name: Option<&OsStr>) -> bool {
    name.is_some_and(|name| name.to_string_lossy().contains("-linux-"))
}
