//! `ftpx`: moves files between this machine and FTP servers, from a terminal or from a script.
//!
//! All FTP is in the libraries. This binary reads arguments, finds passwords, shows progress, and
//! ends with an exit code that a script can use (`exit.rs`).
#![forbid(unsafe_code)]

mod arguments;
mod connect;
mod credentials;
mod exit;
mod files;
mod interrupt;
mod list;
mod mirror;
mod netrc;
mod pages;
mod plan;
mod progress;
mod trace;
mod transfer;

use std::process::ExitCode;

use clap::Parser as _;

use arguments::{Arguments, Command, Options};
use connect::{Link, Origin};
use exit::{Failure, Result};
use ftp_blocking::Tcp;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = interrupt::install()
        .map_err(|error| Failure::Usage(error.to_string()))
        .and_then(|()| run(&arguments.options, &arguments.command))
        .map_err(|failure| match arguments.command.url() {
            Some(url) => failure.about(url),
            None => failure,
        });
    let Err(failure) = outcome else {
        return ExitCode::SUCCESS;
    };
    if !failure.is_silent() {
        eprintln!("ftpx: {failure}");
    }
    if let Some(left) = interrupt::left_behind().filter(|_| interrupt::is_asked()) {
        eprintln!("ftpx: left behind: {left}");
    }
    failure.code().into()
}

fn run(options: &Options, command: &Command) -> Result<()> {
    match &options.proxy {
        None => run_over(Tcp::new(), options, command),
        Some(proxy) => run_over(connect::proxied(proxy)?, options, command),
    }
}

fn run_over<T: Link>(inner: T, options: &Options, command: &Command) -> Result<()> {
    let origin = Origin { options, inner };
    match command {
        Command::Ls(ls) => list::ls(&origin, ls),
        Command::Get(get) => transfer::get(&origin, get),
        Command::Put(put) => transfer::put(&origin, put),
        Command::Cat { url } => transfer::cat(&origin, url),
        Command::Mirror(mirror) => mirror::mirror(&origin, mirror),
        Command::Perform(perform) => mirror::perform(&origin, perform),
        Command::Rm { recursive, url } => files::rm(&origin, url, *recursive),
        Command::Mkdir { parents, url } => files::mkdir(&origin, url, *parents),
        Command::Mv { url, to } => files::mv(&origin, url, to),
        Command::Touch { url } => files::touch(&origin, url),
        Command::Sum { url, server } => transfer::sum(&origin, url, *server),
        Command::Raw { url, line } => files::raw(&origin, url, &line.join(" ")),
        Command::Manual => pages::manual(),
        Command::Completions { shell } => pages::completions(*shell),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_arguments_are_consistent() {
        super::Arguments::command().debug_assert();
    }
}
