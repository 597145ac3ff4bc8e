//! The table of failing scenarios: what a client has to make of a peer that does exactly what a
//! script says.
//!
//! The core plays the same in memory, in every order of events (`ftp-proto/tests/session`). Here
//! they go over real sockets, so that what a driver makes of them shows too. A client is put to the
//! test by implementing [`Subject`] and calling [`run`] with its [`trials`] in a test target
//! without a harness of its own; those of [`agreement`] play every scenario with two clients and
//! compare what they did.
//!
//! Every limit is an hour, but for the one that a scenario is about. Where the order of what
//! happens on the two connections matters, the peer waits for the client: for its next command, for
//! the end of the data connection, or at a [gate](Script::wait) that the client opens when it has
//! so many bytes. Rows 15 and 27 of the transfer table need TLS and are played by the tests of
//! FTPS.

mod aborts;
mod active;
mod course;
mod deadlines;
mod downloads;
mod everywhere;
mod harness;
mod keepalives;
mod logins;
mod lookahead;
mod oddities;
mod owed;
mod play;
mod resumes;
mod told;
mod uploads;

use std::time::Duration;

use ftp_proto::{Closed, Config, Encoding, Leniency};

use crate::scripted::{Oddity, Passive, Port, Script};
#[cfg(doc)]
use crate::subject::Subject;
pub use harness::{agreement, run, trials};
pub use told::Told;

/// The limit that a scenario is about.
const SHORT: Duration = Duration::from_millis(200);
/// The same, where the peer has to answer within the limit before it does not.
const PROMPT: Duration = Duration::from_secs(1);
/// The limit of everything else.
const LONG: Duration = Duration::from_secs(3600);

/// One row of the table.
#[derive(Clone, Debug)]
pub struct Scenario {
    name: String,
    script: Script,
    /// A peer with these oddities, and not one with a script.
    odd: Option<&'static [Oddity]>,
    configure: Vec<fn(&mut Config)>,
    /// What connecting comes to, if that is not a session: one of these.
    unwelcome: Vec<Told>,
    steps: Vec<Step>,
    /// The deviations of the server that the session let pass.
    lets_pass: Vec<Leniency>,
    /// What the peer has read from its last data connection, if that is told at all.
    stored: Option<&'static [u8]>,
    /// How many bytes of an upload leave before its failure is seen is a matter of the sockets'
    /// buffers.
    counts_vary: bool,
}

/// What the test does next.
#[derive(Clone, Debug)]
enum Step {
    /// Waits until the script has passed a mark.
    Await(&'static str),
    /// Lets the script go on.
    Release(&'static str),
    /// Has the client do something, which comes to this.
    Act(Act, Told),
}

/// What the client does.
#[derive(Clone, Debug)]
enum Act {
    Login,
    /// With everything that can be told around a login.
    LoginAtHost,
    /// Any command; its reply is what comes of it.
    Command(&'static str),
    /// From `a` to `b`.
    Rename,
    /// The directory, by the best way; its lines are what comes of it.
    List(&'static str),
    /// A new directory; the path that was told is what comes of it.
    MakeDirectory,
    /// A file under a name of the server's choice.
    StoreUnique(&'static [u8]),
    Download(Download),
    /// Each of these files, one after the other; their content, or why there is none, is what comes
    /// of it.
    Each(&'static [&'static str]),
    Upload(Upload),
}

/// How the file `a` is retrieved.
#[derive(Clone, Copy, Debug, Default)]
struct Download {
    offset: u64,
    limit: Option<u64>,
    /// SIZE is asked.
    verified: bool,
    /// The client aborts when it has so many bytes.
    abort_at: Option<u64>,
    /// The client's own disk is full at so many bytes.
    full_at: Option<u64>,
    /// The gate [`TAKEN`] is opened when the client has so many bytes.
    taken_at: Option<u64>,
    /// The client takes its time with the payload until the script has passed this mark.
    waits_for: Option<&'static str>,
    /// The client takes so long with each block of payload.
    rests_for: Duration,
}

/// What is stored as the file `a`.
#[derive(Clone, Copy, Debug, Default)]
struct Upload {
    offset: u64,
    bytes: &'static [u8],
    /// More follows than the sockets hold.
    and_more: bool,
    /// The client's own source fails behind the bytes.
    fails: bool,
}

/// The gate that a [`Download`] opens.
const TAKEN: &str = "taken";

const fn download() -> Download {
    Download {
        offset: 0,
        limit: None,
        verified: false,
        abort_at: None,
        full_at: None,
        taken_at: None,
        waits_for: None,
        rests_for: Duration::ZERO,
    }
}

const fn upload(bytes: &'static [u8]) -> Upload {
    Upload {
        offset: 0,
        bytes,
        and_more: false,
        fails: false,
    }
}

/// More than the sockets hold.
const fn much() -> Upload {
    let mut upload = upload(b"");
    upload.and_more = true;
    upload
}

impl From<Download> for Act {
    fn from(download: Download) -> Self {
        Self::Download(download)
    }
}

impl From<Upload> for Act {
    fn from(upload: Upload) -> Self {
        Self::Upload(upload)
    }
}

impl From<&'static str> for Act {
    fn from(command: &'static str) -> Self {
        Self::Command(command)
    }
}

impl Scenario {
    /// With a peer that greets and then does what `script` says.
    fn new(name: impl Into<String>, script: Script) -> Self {
        Self::bare(name, Script::new().send("220 ready\r\n").then_all(script))
    }

    /// With a peer that does not even greet unless `script` says so.
    fn bare(name: impl Into<String>, script: Script) -> Self {
        Self {
            name: name.into(),
            script,
            odd: None,
            configure: Vec::new(),
            unwelcome: Vec::new(),
            steps: Vec::new(),
            lets_pass: Vec::new(),
            stored: None,
            counts_vary: false,
        }
    }

    /// With a server that has files and these oddities.
    fn odd(name: impl Into<String>, oddities: &'static [Oddity]) -> Self {
        let mut scenario = Self::bare(name, Script::new());
        scenario.odd = Some(oddities);
        scenario
    }

    fn configured(mut self, configure: fn(&mut Config)) -> Self {
        self.configure.push(configure);
        self
    }

    fn config(&self) -> Config {
        let mut config = Config::default();
        config.timeouts = ftp_proto::Timeouts::all(LONG);
        config.detail = ftp_proto::Detail::Everything;
        // A script has an answer to what it is about, and none to FEAT.
        if self.odd.is_none() {
            config.encoding = Encoding::AsItIs;
        }
        for configure in &self.configure {
            configure(&mut config);
        }
        config
    }

    /// The client gets no session, and is told this instead.
    fn unwelcome(mut self, told: Told) -> Self {
        self.unwelcome.push(told);
        self
    }

    /// Does something, which comes to this.
    fn then(mut self, act: impl Into<Act>, told: Told) -> Self {
        self.steps.push(Step::Act(act.into(), told));
        self
    }

    fn release(mut self, gate: &'static str) -> Self {
        self.steps.push(Step::Release(gate));
        self
    }

    fn reached(mut self, mark: &'static str) -> Self {
        self.steps.push(Step::Await(mark));
        self
    }

    fn lets_pass(mut self, leniency: Leniency) -> Self {
        self.lets_pass.push(leniency);
        self
    }

    const fn stores(mut self, bytes: &'static [u8]) -> Self {
        self.stored = Some(bytes);
        self
    }

    const fn counts_vary(mut self) -> Self {
        self.counts_vary = true;
        self
    }

    /// The session goes on: the next two commands get the replies that are theirs.
    fn goes_on(mut self) -> Self {
        self.script = self
            .script
            .answer("SIZE still", "213 7\r\n")
            .answer("NOOP", "200 here\r\n")
            .expect_close();
        self.then("SIZE still", Told::replied("213 7"))
            .then("NOOP", Told::replied("200 here"))
    }

    /// The session is over: nothing more is sent, and everything fails at once, in the same way.
    fn ends(self, closed: Closed) -> Self {
        self.then("NOOP", Told::over(ftp_proto::Verb::Noop, closed))
            .then(download(), Told::over(ftp_proto::Verb::Retr, closed))
            .then("PWD", Told::over(ftp_proto::Verb::Pwd, closed))
    }
}

/// All scenarios.
#[must_use]
pub fn table() -> Vec<Scenario> {
    let groups = [
        ("downloads", downloads::scenarios()),
        ("uploads", uploads::scenarios()),
        ("active", active::scenarios()),
        ("aborts", aborts::scenarios()),
        ("deadlines", deadlines::scenarios()),
        ("owed", owed::scenarios()),
        ("resumes", resumes::scenarios()),
        ("keepalives", keepalives::scenarios()),
        ("lookahead", lookahead::scenarios()),
        ("logins", logins::scenarios()),
        ("everywhere", everywhere::scenarios()),
        ("oddities", oddities::scenarios()),
    ];
    let named = |(group, scenarios): (&'static str, Vec<Scenario>)| {
        scenarios.into_iter().map(move |mut scenario| {
            scenario.name = format!("{group}::{}", scenario.name);
            scenario
        })
    };
    groups.into_iter().flat_map(named).collect()
}

// -- what scripts begin with ----------------------------------------------------------------------

/// The opening of a passive transfer in image type, up to the open data connection.
fn opening() -> Script {
    Script::new()
        .answer("TYPE I", "200 ok\r\n")
        .then_all(port())
}

/// The same when the type is in force.
fn port() -> Script {
    Script::new()
        .expect("EPSV")
        .passive(Port::Open, Passive::Extended)
        .accept()
}

/// RETR, answered so.
fn retr(reply: &str) -> Script {
    opening().answer("RETR a", reply)
}

/// RETR, answered so when the data is already on its way.
fn retr_behind(data: &str, reply: &str) -> Script {
    opening().expect("RETR a").send_data(data).send(reply)
}

/// STOR, answered so.
fn stor(reply: &str) -> Script {
    opening().answer("STOR a", reply)
}

/// The end of the data from the server, seen by the client.
fn ended(script: Script) -> Script {
    script.shut_down_data().read_data_to_end()
}

/// ABOR, and these replies after the verdict has been told.
fn aborted(replies: &str) -> Script {
    Script::new().expect("ABOR").wait("told").send(replies)
}
