//! A gigabyte each way, in a process of its own so that its memory can be measured.

use std::fs;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::process::Command;
use std::sync::OnceLock;

use ftp_proto::operation::{ChangeDirectory, Retrieve, Store};
use ftp_proto::{Argument, Config, DataMode};
use sha2::{Digest, Sha256};

use super::bench::{Bench, Complaint, Outcome, ensure, same, user};
use crate::servers::Family;
use crate::subject::Subject;
use crate::tree;

const BYTES: u64 = 1 << 30;
/// What the client may need beyond what it had when it was logged in.
const GROWTH_MAX: u64 = 16 << 20;
/// Tells the process what to do: the address and the directory, parted by a blank.
const TASK: &str = "FTP_TESTBED_GIGABYTE";
const DOWN: &str = "down.bin";
const UP: &str = "up.bin";

/// Starts this program again to do the transfers, and compares what has become of the bytes.
pub(super) fn moves_a_gigabyte(bench: &Bench<'_>) -> Outcome {
    let address = bench.server().address(Family::V4).ok_or("no address")?;
    let mut file = fs::File::create(bench.path(DOWN))?;
    io::copy(&mut Pattern::default(), &mut file)?;
    drop(file);
    let directory = String::from_utf8(bench.directory())?;
    let output = Command::new(std::env::current_exe()?)
        .env(TASK, format!("{address} {directory}"))
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure(output.status.success(), || said.into_owned())?;
    let digest = String::from_utf8_lossy(&output.stdout);
    same("what arrived here", &digest.trim(), &expected()?)?;
    let mut stored = Digester::default();
    io::copy(&mut fs::File::open(bench.path(UP))?, &mut stored)?;
    same(
        "what arrived there",
        &stored.finish().as_str(),
        &expected()?,
    )
}

/// The task of this process, if it is one that [`moves_a_gigabyte`] started.
pub(super) fn task() -> Option<String> {
    std::env::var(TASK).ok()
}

/// Does the transfers and prints the digest of what arrived.
pub(super) fn perform<S: Subject>(task: &str) -> Outcome {
    let (address, directory) = task.split_once(' ').ok_or("no directory")?;
    let address: SocketAddr = address.parse()?;
    let mut config = Config::default();
    config.data_mode = DataMode::ExtendedPassive;
    let mut subject = S::connect(address, config)?;
    subject.run(user()?)?;
    subject.run(ChangeDirectory::new(directory)?)?;

    let mut sink = Digester::default();
    let growth = growth(|| {
        let completed = subject.download(Retrieve::new(Argument::new(DOWN)?), &mut sink)?;
        same("the bytes received", &completed.bytes, &BYTES)
    })?;
    check("downloading", growth)?;
    let growth = growth_of_upload(&mut subject)?;
    check("uploading", growth)?;
    println!("{}", sink.finish());
    Ok(())
}

fn growth_of_upload<S: Subject>(subject: &mut S) -> Result<u64, Complaint> {
    growth(|| {
        let store = Store::new(Argument::new(UP)?);
        let completed = subject.upload(store, &mut Pattern::default())?;
        same("the bytes sent", &completed.bytes, &BYTES)
    })
}

fn check(what: &str, growth: u64) -> Outcome {
    ensure(growth <= GROWTH_MAX, || {
        format!("{what} needed {growth} more bytes of memory")
    })
}

/// By how much the peak of the resident memory lies above what was resident before.
fn growth(work: impl FnOnce() -> Outcome) -> Result<u64, Complaint> {
    // Sets the peak back to what is resident now. Where the kernel does not allow that, the peak so
    // far stays the measure: little came before.
    let _ = fs::write("/proc/self/clear_refs", "5");
    let before = peak()?;
    work()?;
    Ok(peak()?.saturating_sub(before))
}

/// The peak of the resident memory, in bytes.
fn peak() -> Result<u64, Complaint> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|text| text.trim().strip_suffix(" kB"));
    Ok(kibibytes.ok_or("no VmHWM")?.parse::<u64>()? << 10)
}

/// The digest of the pattern, computed once.
fn expected() -> Result<&'static str, Complaint> {
    static DIGEST: OnceLock<String> = OnceLock::new();
    if let Some(digest) = DIGEST.get() {
        return Ok(digest);
    }
    let mut digester = Digester::default();
    io::copy(&mut Pattern::default(), &mut digester)?;
    Ok(DIGEST.get_or_init(|| digester.finish()))
}

/// A gigabyte of the pattern of `large.bin`.
#[derive(Debug, Default)]
struct Pattern(u64);

impl Read for Pattern {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(BYTES - self.0).unwrap_or(usize::MAX);
        let count = buffer.len().min(left);
        let (block, _) = buffer.split_at_mut(count);
        tree::fill(self.0, block);
        self.0 += count as u64;
        Ok(count)
    }
}

#[derive(Default)]
struct Digester(Sha256);

impl Digester {
    fn finish(self) -> String {
        let digest = self.0.finalize();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Write for Digester {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
