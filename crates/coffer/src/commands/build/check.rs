//! `build check`

use std::path::Path;

use engine::building::{FileRemarks, check_file};

use super::provide::arguments;
use crate::args::build::Check;
use crate::args::global::{Document, Format};
use crate::commands::{Act, Entry, Life, act, options};
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};
use crate::render::build::remarks;

/// How a check ends that has found what it should not.
const FOUND: u8 = 1;

pub(crate) const CHECK: Entry = Entry {
    words: &["build", "check"],
    aliases: &[],
    life: Life::Make,
    about: "Say what is wrong with a Dockerfile, whether it builds or not",
    examples: [
        ("coffer build check", "./Dockerfile"),
        ("coffer build check deploy/Dockerfile --format sarif", "for code scanning"),
    ],
    notes: "\
Forty-seven rules, those of BuildKit among them by their names; docs/checks.md lists them with reasons. A file silences
some with `# check=skip=RULE,RULE` in its first lines, or right above an instruction for that one.

--format is table, json or sarif.

Exit code: 0 nothing but notes, 1 something was found or it does not build, 2 not understood.",
    codes: ExitCodes::Ordinary,
    options: |command| Format::with_remarks(options::<Check>(command)),
    act: act::<Check>,
};

impl Act for Check {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let arguments = arguments(&self.arguments);
        let checked: FileRemarks = check_file(&meant(&self.file), &arguments, &self.skip)?;
        match context.format {
            Format::Json => context.print_json(&checked)?,
            Format::Document(Document::Sarif) => context.print(&(checked.sarif() + "\n"))?,
            Format::Table | Format::Document(_) => context.print(&remarks(&checked, context.style))?,
        }
        Ok(if checked.is_wrong() { FOUND } else { 0 })
    }
}

/// A directory means the Dockerfile in it.
fn meant(file: &str) -> String {
    let path = Path::new(file);
    if path.is_dir() { path.join("Dockerfile").display().to_string() } else { file.to_owned() }
}
