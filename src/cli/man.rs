//! `man`: prints the manual page, with a section for each command.

use std::io;

use clap::Command;
use clap_mangen::Man;

use super::error::CliError;
use super::output::print;

pub(super) fn run(mut command: Command) -> Result<(), CliError> {
    // Gives subcommands their full names and their global options.
    command.build();
    let page = render(&command).map_err(CliError::runtime)?;
    print(page.trim_end());
    Ok(())
}

fn render(command: &Command) -> io::Result<String> {
    let mut page = Vec::new();
    let man = Man::new(command.clone());
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;

    for subcommand in commands_below(command) {
        page.extend(render_command(subcommand)?.into_bytes());
    }
    Ok(String::from_utf8_lossy(&page).into_owned())
}

/// Returns the commands below one, each followed by its own, without the generated `help`.
fn commands_below(command: &Command) -> Vec<&Command> {
    command
        .get_subcommands()
        .filter(|subcommand| subcommand.get_name() != "help")
        .flat_map(|subcommand| [vec![subcommand], commands_below(subcommand)].concat())
        .collect()
}

/// Returns the section of a command.
fn render_command(command: &Command) -> io::Result<String> {
    let mut parts = Vec::new();
    let man = Man::new(command.clone());
    man.render_synopsis_section(&mut parts)?;
    man.render_description_section(&mut parts)?;
    if command.get_arguments().next().is_some() {
        man.render_options_section(&mut parts)?;
    }

    // The sections of its own page are subsections here.
    let parts = String::from_utf8_lossy(&parts).replace("\n.SH ", "\n.SS ");
    // The full name without that of the program: "requests verify".
    let name = command.get_bin_name().and_then(|name| name.split_once(' '));
    let name = name.map_or(command.get_name(), |(_, name)| name).to_uppercase();
    Ok(format!(".SH \"{name}\"\n{parts}"))
}
