//! Processes that end with the value that stands for them.

use std::fs;
use std::io;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Killed processes are gone within milliseconds; a process stuck in the kernel must not hold up
/// the tests for ever.
const STOP_MAX: Duration = Duration::from_secs(10);

/// A server's main process.
#[derive(Debug)]
pub(super) struct Daemon {
    child: Child,
    /// Ends the server when this process is killed and cannot: its standard input closes then.
    guardian: Child,
}

impl Daemon {
    /// Starts a command with no standard input; `command` says where its output goes.
    pub(super) fn spawn(command: &mut Command) -> io::Result<Self> {
        let mut child = command.stdin(Stdio::null()).spawn()?;
        match guard(child.id()) {
            Ok(guardian) => Ok(Self { child, guardian }),
            Err(error) => {
                end(&mut child);
                Err(error)
            }
        }
    }

    /// How the main process ended, if it did.
    pub(super) fn exited(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// The main process and those that it started, directly or not.
    pub(super) fn pids(&self) -> Vec<u32> {
        let main = self.child.id();
        [main].into_iter().chain(descendants(main)).collect()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // The guardian first: it must not outlive the pid that it watches over.
        end(&mut self.guardian);
        stop_with_descendants(&mut self.child);
    }
}

fn guard(pid: u32) -> io::Result<Child> {
    Command::new("sh")
        .args(["-c", "read -r _; kill -KILL \"$1\"", "guardian"])
        .arg(pid.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

/// Kills a child and what it started, and waits until all of them are gone.
pub(super) fn stop_with_descendants(child: &mut Child) {
    // A stopped parent starts no further sessions while the present ones are being ended.
    signal(child.id(), Signal::STOP);
    let deadline = Instant::now() + STOP_MAX;
    loop {
        let sessions = descendants(child.id());
        if sessions.is_empty() || Instant::now() > deadline {
            break;
        }
        for pid in sessions {
            signal(pid, Signal::KILL);
        }
        // They are not our children, so their end can only be seen, not waited for.
        thread::sleep(Duration::from_millis(1));
    }
    end(child);
}

/// Kills a child and collects it, so that its pid is gone afterwards.
fn end(child: &mut Child) {
    // Both fail only if the child has been collected already, and then there is nothing to do.
    let _ = child.kill();
    let _ = child.wait();
}

fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        // It may have ended by itself.
        let _ = kill_process(pid, signal);
    }
}

/// The living processes below `ancestor`, from the nearest to the farthest.
pub(super) fn descendants(ancestor: u32) -> Vec<u32> {
    let parents = parents();
    let mut found = vec![ancestor];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(
            parents
                .iter()
                .filter(|(_, of)| *of == parent)
                .map(|(pid, _)| *pid),
        );
        next += 1;
    }
    found.split_off(1)
}

/// All processes with their parents; those that ended and wait to be collected are left out.
fn parents() -> Vec<(u32, u32)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let stat = fs::read(entry.path().join("stat")).ok()?;
            let stat = String::from_utf8_lossy(&stat);
            // The name of the program stands in parentheses and may itself contain any character.
            let (_, fields) = stat.rsplit_once(')')?;
            let mut fields = fields.split_ascii_whitespace();
            let state = fields.next()?;
            let parent = fields.next()?.parse().ok()?;
            (state != "Z").then_some((pid, parent))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};

    #[test]
    fn what_a_daemon_started_ends_with_it() {
        let mut command = Command::new("sh");
        command
            .args(["-c", "sleep 1000 & echo started; wait"])
            .stdout(Stdio::piped());
        let mut daemon = Daemon::spawn(&mut command).unwrap();
        let mut line = String::new();
        BufReader::new(daemon.child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let pids = daemon.pids();
        assert_eq!(pids.len(), 2);
        drop(daemon);
        for pid in pids {
            // The second one may wait for init to collect it.
            let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
            assert!(!stat.is_ok_and(|stat| !stat.contains(") Z ")), "{pid}");
        }
    }

    #[test]
    fn the_guardian_kills_what_it_watches_when_its_input_closes() {
        let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
        let mut guardian = guard(child.id()).unwrap();
        drop(guardian.stdin.take());
        assert_eq!(child.wait().unwrap().code(), None);
        guardian.wait().unwrap();
    }
}
