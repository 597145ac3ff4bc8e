//! What is measured: the rows of the table.

/// One piece of work, which every client does in a process of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    pub task: Task,
    pub tls: bool,
    /// Through a proxy that holds each direction for 25 ms and counts commands and flights.
    pub far: bool,
    /// Instructions are counted too. Under valgrind a gigabyte takes minutes.
    pub instructions: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Downloads a file of this many MiB and drops what comes.
    Get(u64),
    /// Downloads it into a file.
    GetFile(u64),
    /// Uploads a file of this many MiB.
    Put(u64),
    /// Downloads this many files of 1 KiB.
    Small(u64),
    /// Lists a directory of this many entries. Ours and suppaftp's read every line.
    List(u64),
}

const fn work(task: Task) -> Work {
    Work {
        task,
        tls: false,
        far: false,
        instructions: false,
    }
}

pub const WORKS: &[Work] = &[
    work(Task::GetFile(2048)),
    work(Task::Put(2048)),
    work(Task::Get(64)).counted(),
    work(Task::Get(64)).over_tls().counted(),
    work(Task::Get(1024)).over_tls(),
    work(Task::Put(1024)).over_tls(),
    work(Task::Small(200)).counted(),
    work(Task::Small(200)).over_tls().counted(),
    work(Task::Small(2000)),
    work(Task::List(10_000)).counted(),
    work(Task::Small(20)).far_away(),
];

impl Work {
    /// The row's name, with its true size.
    pub fn name(self) -> String {
        let protocol = if self.tls { "FTPS" } else { "FTP" };
        let distance = if self.far { ", 50 ms away" } else { "" };
        let what = match self.task {
            Task::Get(size) => format!("get {size} MiB"),
            Task::GetFile(size) => format!("get {size} MiB into a file"),
            Task::Put(size) => format!("put {size} MiB"),
            Task::Small(files) => format!("{files} small files"),
            Task::List(entries) => format!("list {entries} entries"),
        };
        format!("{protocol} {what}{distance}")
    }

    const fn over_tls(self) -> Self {
        Self { tls: true, ..self }
    }

    const fn far_away(self) -> Self {
        Self { far: true, ..self }
    }

    const fn counted(self) -> Self {
        Self {
            instructions: true,
            ..self
        }
    }

    /// The work with its sizes divided by `divisor`, for a quick run.
    pub fn divided(self, divisor: u64) -> Self {
        let part = |amount: u64| (amount / divisor).max(1);
        let task = match self.task {
            Task::Get(size) => Task::Get(part(size)),
            Task::GetFile(size) => Task::GetFile(part(size)),
            Task::Put(size) => Task::Put(part(size)),
            Task::Small(files) => Task::Small(part(files).max(2)),
            Task::List(entries) => Task::List(part(entries)),
        };
        Self { task, ..self }
    }

    /// The same work on one file: the difference is what the further ones cost.
    pub fn single(self) -> Option<Self> {
        match self.task {
            Task::Small(files) if files > 1 => Some(Self {
                task: Task::Small(1),
                ..self
            }),
            _ => None,
        }
    }
}

impl Task {
    /// How often the thing that is repeated is done.
    pub const fn units(self) -> u64 {
        match self {
            Self::Small(files) => files,
            _ => 1,
        }
    }

    /// The words for a child's command line.
    pub fn words(self) -> [String; 2] {
        let (word, amount) = match self {
            Self::Get(size) => ("get", size),
            Self::GetFile(size) => ("get-file", size),
            Self::Put(size) => ("put", size),
            Self::Small(files) => ("small", files),
            Self::List(entries) => ("list", entries),
        };
        [word.to_owned(), amount.to_string()]
    }

    /// Reads them.
    pub fn parse(word: &str, amount: &str) -> Option<Self> {
        let amount = amount.parse().ok()?;
        Some(match word {
            "get" => Self::Get(amount),
            "get-file" => Self::GetFile(amount),
            "put" => Self::Put(amount),
            "small" => Self::Small(amount),
            "list" => Self::List(amount),
            _ => return None,
        })
    }
}

/// The names of the server's files.
pub fn sized(mebibytes: u64) -> String {
    format!("{mebibytes}.bin")
}

pub fn small(number: u64) -> String {
    format!("small/{number}")
}

pub fn directory(entries: u64) -> String {
    format!("entries-{entries}")
}

/// Where uploads go.
pub const UPLOADED: &str = "up/uploaded";
