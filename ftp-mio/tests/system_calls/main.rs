//! How many system calls one more small file takes: `manual/design.md` of `ftp-proto` names them.
//!
//! strace counts them, where it is installed. The client runs in a process of its own, and the
//! difference between two runs is what a further file adds.

#[cfg(target_os = "linux")]
mod clients;
#[cfg(target_os = "linux")]
mod server;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    counting::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
mod counting {
    use std::net::SocketAddr;
    use std::process::{Command, ExitCode, Stdio};
    use std::{env, fs};

    use libtest_mimic::{Arguments, Completion, Failed, Trial};

    use super::clients::{Driver, fetch};
    use super::server;

    /// A driver, whether under TLS, and the most calls that a further file may take. `ftp-mio` takes
    /// 23 under TLS if the server is quick each time, and more where its flights come apart.
    const TABLE: [(&str, Driver, bool, u64); 4] = [
        ("blocking_in_clear", Driver::Blocking, false, 13),
        ("blocking_under_tls", Driver::Blocking, true, 20),
        ("mio_in_clear", Driver::Mio, false, 16),
        ("mio_under_tls", Driver::Mio, true, 29),
    ];

    /// Tells a process of this test what to fetch: the test's name, the server, the number of files.
    const TASK: &str = "FTP_SYSTEM_CALLS";
    const FILES: u64 = 20;
    /// A busy machine halts a client for so long that it looks again: so often it is counted anew.
    const RUNS: usize = 12;

    pub(super) fn main() -> ExitCode {
        if let Ok(task) = env::var(TASK) {
            return match perform(&task) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    eprintln!("{error}");
                    ExitCode::FAILURE
                }
            };
        }
        let trials =
            TABLE.map(|(name, _, _, most)| Trial::ignorable_test(name, move || judge(name, most)));
        libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
    }

    fn perform(task: &str) -> Result<(), Box<dyn std::error::Error>> {
        let mut words = task.split(' ');
        let name = words.next();
        let row = TABLE.iter().find(|row| Some(row.0) == name);
        let (_, driver, tls, _) = row.ok_or("no such row")?;
        let address = words.next().ok_or("no address")?.parse()?;
        let files = words.next().ok_or("no number")?.parse()?;
        fetch(*driver, *tls, address, files)
    }

    fn judge(name: &str, most: u64) -> Result<Completion, Failed> {
        if !traces() {
            return Ok(Completion::ignored_with("strace does not run here"));
        }
        let address = server::start()?;
        let (mut few, mut many) = (u64::MAX, u64::MAX);
        for _ in 0..RUNS {
            few = few.min(count(name, address, FILES)?);
            many = many.min(count(name, address, 2 * FILES)?);
            let each = many.saturating_sub(few) / FILES;
            if each <= most {
                println!("{name}: {each} calls for a further file");
                return Ok(Completion::Completed);
            }
        }
        Err(format!("{few} calls for {FILES} files, {many} for twice as many; {most} each").into())
    }

    /// Whether strace is installed and may trace.
    fn traces() -> bool {
        let mut strace = Command::new("strace");
        strace.args(["-o", "/dev/null", "true"]);
        let quiet = strace.stdout(Stdio::null()).stderr(Stdio::null());
        quiet.status().is_ok_and(|status| status.success())
    }

    /// The calls of a process that fetches so many files.
    fn count(name: &str, address: SocketAddr, files: u64) -> Result<u64, Failed> {
        let report = tempfile::NamedTempFile::new()?;
        let mut strace = Command::new("strace");
        // With debug assertions, std asks with fcntl whether what it closes is open.
        strace
            .args(["-f", "-c", "-e", "trace=!fcntl", "-o"])
            .arg(report.path())
            .arg(env::current_exe()?);
        let status = strace
            .env(TASK, format!("{name} {address} {files}"))
            .status()?;
        if !status.success() {
            return Err(format!("the client ended with {status}").into());
        }
        let text = fs::read_to_string(report.path())?;
        let total = text.lines().find(|line| line.ends_with(" total"));
        // Percent, seconds, microseconds per call, calls, and errors if there were any.
        let calls = total.and_then(|line| line.split_whitespace().nth(3));
        Ok(calls.ok_or("strace shows no total")?.parse()?)
    }
}
