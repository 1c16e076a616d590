//! What every command understands.

use clap::{Args, ValueEnum};

use crate::value::ValueError;

/// Options of every command.
#[derive(Debug, Clone, Copy, Default, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Globals {
    /// How results and errors are written: table or json
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        default_value_t,
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub(crate) format: Format,
    /// When to colour: auto, always or never; auto respects NO_COLOR and TERM=dumb
    #[arg(
        long,
        value_enum,
        value_name = "WHEN",
        default_value_t,
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub(crate) color: When,
}

/// How results are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Table,
    /// For programs; see `coffer help json`.
    Json,
    /// For other people's programs; where a command has any.
    #[value(skip)]
    Document(Document),
}

/// What other people's programs read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Document {
    /// Of code scanning.
    Sarif,
    /// A bill of material.
    CycloneDx,
    /// Another.
    Spdx,
    /// A page for people who have no terminal.
    Html,
}

impl Format {
    /// A command whose results can be documents.
    pub(crate) fn with_documents(command: clap::Command) -> clap::Command {
        command.mut_arg("format", |format| {
            format
                .help("How results are written: table, json, sarif, cyclonedx, spdx or html")
                .value_parser(document)
        })
    }

    /// A command whose results are remarks on a file.
    pub(crate) fn with_remarks(command: clap::Command) -> clap::Command {
        command.mut_arg("format", |format| {
            format.help("How results are written: table, json or sarif").value_parser(remarks)
        })
    }

    /// A command whose results are bills of material.
    pub(crate) fn with_bills(command: clap::Command) -> clap::Command {
        command.mut_arg("format", |format| {
            let help = "How it is written: cyclonedx-json or spdx-json";
            format.help(help).default_value("cyclonedx-json").value_parser(bill)
        })
    }
}

fn remarks(text: &str) -> Result<Format, ValueError> {
    match text {
        "table" => Ok(Format::Table),
        "json" => Ok(Format::Json),
        "sarif" => Ok(Format::Document(Document::Sarif)),
        _ => Err(ValueError::new("it is not known", "one of table, json, sarif")),
    }
}

fn document(text: &str) -> Result<Format, ValueError> {
    match text {
        "table" => Ok(Format::Table),
        "json" => Ok(Format::Json),
        "sarif" => Ok(Format::Document(Document::Sarif)),
        "html" => Ok(Format::Document(Document::Html)),
        _ => bill(text).map_err(|_| {
            ValueError::new("it is not known", "one of table, json, sarif, cyclonedx, spdx, html")
        }),
    }
}

fn bill(text: &str) -> Result<Format, ValueError> {
    match text {
        "cyclonedx" | "cyclonedx-json" => Ok(Format::Document(Document::CycloneDx)),
        "spdx" | "spdx-json" => Ok(Format::Document(Document::Spdx)),
        _ => Err(ValueError::new("it is not known", "one of cyclonedx-json, spdx-json")),
    }
}

/// When output is coloured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal.
    #[default]
    Auto,
    /// Also into files and pipes.
    Always,
    /// Not even on a terminal.
    Never,
}

/// How a list is cut to size.
#[derive(Debug, Clone, Copy, Default, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct ListOptions {
    /// Print only ids
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Print ids and commands whole
    #[arg(long)]
    pub(crate) no_trunc: bool,
}
