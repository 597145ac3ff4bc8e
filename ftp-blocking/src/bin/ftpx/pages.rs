//! The manual page and completions, made from the arguments.

use std::io;

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::arguments::Arguments;
use crate::exit::{Result, local};

/// The page of the program, and behind it one for each command.
pub(crate) fn manual() -> Result<()> {
    let mut command = Arguments::command();
    command.build();
    let mut out = io::stdout().lock();
    let mut render = |command: clap::Command| clap_mangen::Man::new(command).render(&mut out);
    render(command.clone()).map_err(local("standard output"))?;
    for below in command
        .get_subcommands()
        .filter(|below| !below.is_hide_set())
    {
        render(below.clone()).map_err(local("standard output"))?;
    }
    Ok(())
}

pub(crate) fn completions(shell: Shell) -> Result<()> {
    clap_complete::generate(
        shell,
        &mut Arguments::command(),
        "ftpx",
        &mut io::stdout().lock(),
    );
    Ok(())
}
