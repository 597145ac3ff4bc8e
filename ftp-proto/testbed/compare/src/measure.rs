//! What one process costs.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A client that takes longer has no row: curl sometimes waits a second for each file.
const LIMIT: Duration = Duration::from_secs(120);

/// The cost of one run of a command.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// User and system time.
    pub cpu: Duration,
    pub wall: Duration,
    /// The most memory that was resident at one time, in KiB. At least that of this program.
    pub peak: u64,
}

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Runs a command in a process that has no other child, so that the kernel's sums are the command's.
pub fn run(command: &[String]) -> Outcome<Cost> {
    let output = Command::new(std::env::current_exe()?)
        .arg("measure")
        .args(command)
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("{} of {command:?}", output.status).into());
    }
    let text = String::from_utf8(output.stdout)?;
    let numbers: Vec<u64> = text
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    let [cpu, wall, peak] = numbers[..] else {
        return Err(format!("not a measurement: {text}").into());
    };
    let (cpu, wall) = (Duration::from_micros(cpu), Duration::from_micros(wall));
    Ok(Cost { cpu, wall, peak })
}

/// The process in between: runs the command and prints its cost.
pub fn measure(command: &[String]) -> Outcome<()> {
    let start = Instant::now();
    succeed(&mut quiet(command)?)?;
    let wall = start.elapsed();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    println!(
        "{} {} {}",
        cpu_micros(&usage),
        wall.as_micros(),
        usage.max_rss()
    );
    Ok(())
}

/// User and system time, in microseconds.
pub fn cpu_micros(usage: &Usage) -> i64 {
    let micros = |time: nix::sys::time::TimeVal| time.tv_sec() * 1_000_000 + time.tv_usec();
    micros(usage.user_time()) + micros(usage.system_time())
}

/// The number of system calls; `None` where strace is not installed.
pub fn system_calls(command: &[String], scratch: &Path) -> Option<u64> {
    let report = scratch.join("strace");
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-c", "-o"])
        .arg(&report)
        .args(command)
        .stdout(Stdio::null());
    succeed(&mut strace).ok()?;
    let text = fs::read_to_string(report).ok()?;
    let total = text.lines().find(|line| line.ends_with(" total"))?;
    // Percent, seconds, microseconds per call, calls, and errors if there were any.
    total.split_whitespace().nth(3)?.parse().ok()
}

/// The number of instructions in user space; `None` where valgrind is not installed.
pub fn instructions(command: &[String]) -> Option<u64> {
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .args(command);
    let child = valgrind
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let _limit = limit(&child);
    let output = child.wait_with_output().ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    output.status.success().then_some(())?;
    // A client may have children that do little.
    let counts = text.lines().filter(|line| line.contains("Collected : "));
    counts
        .filter_map(|line| line.rsplit(' ').next()?.parse().ok())
        .max()
}

fn quiet(command: &[String]) -> Outcome<Command> {
    let (program, arguments) = command.split_first().ok_or("no command")?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdout(Stdio::null())
        .stdin(Stdio::null());
    Ok(command)
}

fn succeed(command: &mut Command) -> Outcome<()> {
    let mut child = command.spawn()?;
    let _limit = limit(&child);
    let status = child.wait()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{status} of {command:?}").into())
    }
}

/// Ends a child after [`LIMIT`], unless what is returned was dropped before.
fn limit(child: &Child) -> Sender<()> {
    let (sender, receiver) = channel();
    let id = Pid::from_raw(child.id().cast_signed());
    thread::spawn(move || {
        if receiver.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
            let _ = kill(id, Signal::SIGKILL);
        }
    });
    sender
}
