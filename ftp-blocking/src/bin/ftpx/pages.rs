//! The manual page and completions, made from the arguments.

use std::io::{self, Write};

use clap::CommandFactory as _;
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use crate::arguments::{Arguments, SECTIONS};
use crate::exit::{Result, local};

/// The page of the program, and behind it one for each command.
pub(crate) fn manual() -> Result<()> {
    write_manual(&mut io::stdout().lock()).map_err(local("standard output"))
}

fn write_manual(out: &mut impl Write) -> io::Result<()> {
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    write_program(&Man::new(command.clone()), out)?;
    command
        .get_subcommands()
        .filter(|below| !below.is_hide_set())
        .try_for_each(|below| Man::new(below.clone()).render(out))
}

/// As `render` does, but with a heading for each section.
fn write_program(page: &Man, out: &mut impl Write) -> io::Result<()> {
    page.render_title(out)?;
    page.render_name_section(out)?;
    page.render_synopsis_section(out)?;
    page.render_description_section(out)?;
    page.render_options_section(out)?;
    page.render_subcommands_section(out)?;
    for (heading, text) in SECTIONS {
        let mut section = Roff::new();
        section.control("SH", [heading.to_uppercase().as_str()]);
        section.control("nf", []);
        section.text([roman(text)]);
        section.control("fi", []);
        section.to_writer(out)?;
    }
    page.render_version_section(out)
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
