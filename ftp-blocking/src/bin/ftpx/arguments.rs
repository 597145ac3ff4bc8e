//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use ftp_blocking::FtpUrl;

/// What stands behind the options, in `--help` and in the manual page: headings and lines.
pub(crate) const SECTIONS: [(&str, &str); 4] = [
    (
        "Examples",
        "\
ftpx ls -l ftp://ftp.example.org/pub
ftpx get ftp://ftp.example.org/pub/a.iso
ftpx put report.pdf ftpes://ann@ftp.example.org/inbox/
ftpx mirror -j 8 ftp://ftp.example.org/pub ./pub
ftpx mirror --delete --dry-run ./site ftpes://ann@ftp.example.org/www",
    ),
    (
        "URLs",
        "\
ftp:// is clear, ftpes:// explicit TLS, ftps:// implicit TLS. A path is relative to the
directory of the login; /%2F makes it absolute.",
    ),
    (
        "Passwords",
        "From FTPX_PASSWORD, from ~/.netrc (or the file in NETRC), or asked for.",
    ),
    (
        "Exit codes",
        "\
0    done
1    some of it failed
2    wrong usage
3    connection failed or lost, or refused for now: try later
4    login refused
5    refused by the server
6    local file or disk
7    TLS, certificate or policy
8    the server's answers make no sense, or a transfer is incomplete
130  interrupted",
    ),
];

fn sections() -> String {
    let indented = |text: &str| text.replace('\n', "\n  ");
    SECTIONS
        .map(|(heading, text)| format!("{heading}:\n  {}", indented(text)))
        .join("\n\n")
}

/// Moves files between this machine and FTP servers.
#[derive(Debug, Parser)]
#[command(name = "ftpx", version, after_help = sections())]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of all commands.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Options {
    /// Log in as this user, instead of the user of the URL
    #[arg(long, global = true, env = "FTPX_USER")]
    pub(crate) user: Option<String>,
    /// Send a password from netrc also without TLS, where anybody on the way can read it
    #[arg(long, global = true)]
    pub(crate) netrc_in_clear: bool,
    /// TLS for an ftp:// URL
    #[arg(long, global = true, value_enum, value_name = "MODE")]
    pub(crate) tls: Option<Tls>,
    /// Trust only the certificate with this SHA-256 fingerprint, whoever signed it
    #[arg(long, global = true, value_name = "SHA256", conflicts_with = "roots")]
    pub(crate) pin: Vec<String>,
    /// Trust the roots in this PEM file instead of those of the operating system
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) roots: Option<PathBuf>,
    /// The longest wait for anything, in seconds
    #[arg(long, global = true, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) timeout: Option<u64>,
    /// Active mode: the server connects to this machine
    #[arg(long, global = true)]
    pub(crate) active: bool,
    /// Connect through a proxy: socks5://HOST[:PORT] or http://HOST[:PORT], with USER:PASSWORD@
    /// from FTPX_PROXY
    #[arg(
        long,
        global = true,
        env = "FTPX_PROXY",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub(crate) proxy: Option<String>,
    /// How often a step is tried in all
    #[arg(long, global = true, default_value_t = 5, value_name = "COUNT")]
    pub(crate) tries: u32,
    /// Write a record of the session to FILE, for a bug report (mode 0600). Passwords are masked;
    /// replies and names are kept as they are
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    /// Keep arguments of SITE and of raw commands in the trace
    #[arg(long, global = true, requires = "trace")]
    pub(crate) trace_arguments: bool,
    /// No progress
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
}

/// When TLS begins.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Tls {
    /// With AUTH TLS, before the login
    Explicit,
    /// With the connection, usually at port 990
    Implicit,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List a directory
    Ls(Ls),
    /// Download a file; goes on with a part of an earlier download
    Get(Get),
    /// Upload a file
    Put(Put),
    /// Make one directory like another, down or up
    Mirror(Mirror),
    /// Carry out a plan of `mirror --plan`, or a share of it
    Perform(Perform),
    /// Write a file to standard output
    Cat { url: FtpUrl },
    /// Remove a file, or a directory with all in it
    Rm {
        /// Remove a directory with all in it
        #[arg(short, long)]
        recursive: bool,
        url: FtpUrl,
    },
    /// Make a directory
    Mkdir {
        /// Make the directories above, too; one that exists is a success
        #[arg(short, long)]
        parents: bool,
        url: FtpUrl,
    },
    /// Rename or move on the server
    Mv {
        url: FtpUrl,
        /// The new path, on the same server, relative to the directory of the login
        to: String,
    },
    /// Set the time of a file to now; make an empty file if there is none
    Touch { url: FtpUrl },
    /// Print the SHA-256 of a file; downloads it for that
    Sum {
        url: FtpUrl,
        /// Ask the server for it instead (HASH, XSHA256)
        #[arg(long)]
        server: bool,
    },
    /// Send one command as it is, and print the reply
    Raw {
        url: FtpUrl,
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        line: Vec<String>,
    },
    /// Print the manual page
    #[command(hide = true)]
    Manual,
    /// Print completions for a shell
    #[command(hide = true)]
    Completions { shell: Shell },
}

impl Command {
    /// The URL, if the command has one.
    pub(crate) const fn url(&self) -> Option<&FtpUrl> {
        match self {
            Self::Ls(ls) => Some(&ls.url),
            Self::Get(get) => Some(&get.url),
            Self::Put(put) => Some(&put.url),
            Self::Cat { url }
            | Self::Rm { url, .. }
            | Self::Mkdir { url, .. }
            | Self::Mv { url, .. }
            | Self::Touch { url }
            | Self::Sum { url, .. }
            | Self::Raw { url, .. } => Some(url),
            Self::Mirror(_) | Self::Perform(_) | Self::Manual | Self::Completions { .. } => None,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Ls {
    pub(crate) url: FtpUrl,
    /// Kind, mode, owner, size and time, too
    #[arg(short, long)]
    pub(crate) long: bool,
    /// All directories below, too
    #[arg(short = 'R', long)]
    pub(crate) recursive: bool,
    /// A JSON object in each line
    #[arg(long, conflicts_with = "long")]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Get {
    pub(crate) url: FtpUrl,
    /// The file or directory to write to [default: the working directory]
    pub(crate) to: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Put {
    pub(crate) file: PathBuf,
    /// The file to write, or a directory if it ends with a slash
    pub(crate) url: FtpUrl,
}

#[derive(Debug, Args)]
pub(crate) struct Mirror {
    /// A URL (down) or a local directory (up)
    pub(crate) source: String,
    /// A local directory (down) or a URL (up)
    pub(crate) target: String,
    /// Remove what the source does not have
    #[arg(long)]
    pub(crate) delete: bool,
    /// Show the steps, change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Sessions at the same time
    #[arg(short, long, default_value_t = 4, value_name = "COUNT")]
    pub(crate) jobs: usize,
    /// Copy only files that match a glob
    #[arg(long, value_name = "GLOB")]
    pub(crate) include: Vec<String>,
    /// Leave out files and directories that match a glob
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<String>,
    /// Write the steps to FILE as JSON lines, and change nothing
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub(crate) plan: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Perform {
    /// A plan that `mirror --plan` wrote
    pub(crate) plan: PathBuf,
    /// The share K of N, K from 1 to N
    #[arg(long, value_name = "K/N", default_value = "1/1")]
    pub(crate) shard: crate::plan::Shard,
    /// Sessions at the same time
    #[arg(short, long, default_value_t = 1, value_name = "COUNT")]
    pub(crate) jobs: usize,
}
