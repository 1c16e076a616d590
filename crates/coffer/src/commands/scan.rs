//! `scan`, `scan diff`, `scan explain`, `sbom`

mod all;
mod diff;
mod explain;
mod sbom;

use std::path::Path;

use engine::Engine;
use engine::examine::{Examined, Examiner, Fixes, Form, Wishes};
use model::finding::Severity;

use super::image::{admit_embedded, save_to};
use super::{Act, Entry, Life, act, options};
use crate::args::global::{Document, Format};
use crate::args::scan::{Diff, Explain, Sbom, Scan, Words};
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};
use crate::progress::Bar;
use crate::render::scan;
use crate::render::style::Style;
use crate::site;

/// How a scan ends that has found what it should not.
const FOUND: u8 = 1;

pub(super) const SCAN: Entry = Entry {
    words: &["scan"],
    aliases: &[&["image", "scan"]],
    life: Life::Decide,
    about: "Say what is in an image and what is wrong with it: vulnerabilities, secrets, mistakes, licences",
    examples: [
        ("coffer scan nginx:1.27 --severity high --only-fixed", "what an update would mend"),
        ("coffer scan app:1 --format sarif -o app.sarif --fail-on critical", "in a pipeline"),
    ],
    notes: "\
TARGET is an image as everywhere else, an archive, a directory, a bill of material (CycloneDX, SPDX, Syft) or a
container: its image and what it has written since. container:NAME and sbom:FILE say which is meant.

--format is table, json, sarif, cyclonedx, spdx or html. Hostile files are read by a process without rights; what is
learned of a layer is kept beside it, so that the next scan asks only the advisories. Those come from
`coffer advisories import`; without any, everything but vulnerabilities is found all the same. --scanners vuln learns
what is installed and looks into no other file, which is several times faster the first time.

`coffer scan explain CVE TARGET` says why something is found, `coffer scan diff BEFORE AFTER` what changed, and
`coffer advisories affected CVE` which images have it.

Exit code: 0 done, 1 if --fail-on says so or it failed, 2 not understood.",
    codes: ExitCodes::Ordinary,
    options: |command| Format::with_documents(options::<Scan>(command)),
    act: act::<Scan>,
};

pub(super) const DIFF: Entry = Entry {
    words: &["scan", "diff"],
    aliases: &[],
    life: Life::Decide,
    about: "Compare two images: packages that came and went, vulnerabilities that are new or mended",
    examples: [
        ("coffer scan diff app:1 app:2", "what an update brings"),
        ("coffer scan diff nginx container:web", "what has changed since it was started"),
    ],
    notes: "",
    codes: ExitCodes::Ordinary,
    options: options::<Diff>,
    act: act::<Diff>,
};

pub(super) const EXPLAIN: Entry = Entry {
    words: &["scan", "explain"],
    aliases: &[],
    life: Life::Decide,
    about: "Say why a vulnerability is found: which package, which layer, which fix, and how urgent it is",
    examples: [
        ("coffer scan explain CVE-2023-38545 app:1", "why it matters, or why it does not"),
        ("coffer scan explain GHSA-jfh8-c2jp-5v3q app:1", "by any of its names"),
    ],
    notes: "\
Urgency is a number up to 100: how severe it is by those who maintain the package, how likely it is to be exploited
(EPSS, and CISA's list), whether there is a fix, and whether the vulnerable function is there at all.",
    codes: ExitCodes::Ordinary,
    options: options::<Explain>,
    act: act::<Explain>,
};

pub(super) const SBOM: Entry = Entry {
    words: &["sbom"],
    aliases: &[],
    life: Life::Decide,
    about: "Write the bill of material of an image",
    examples: [
        ("coffer sbom app:1 --format cyclonedx-json -o app.cdx.json", "CycloneDX 1.6"),
        ("coffer sbom app:1 --format spdx-json", "SPDX 2.3, on standard output"),
    ],
    notes: "--format is cyclonedx-json, which is also the default, or spdx-json.",
    codes: ExitCodes::Ordinary,
    options: |command| Format::with_bills(options::<Sbom>(command)),
    act: act::<Sbom>,
};

impl Act for Scan {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let engine = site::open()?;
        let Some(target) = &self.target else { return all::examine(&self, &engine, context) };
        let wishes = self.words.wishes();
        let examined = self.narrowed(examine(&engine, &engine.examiner(&wishes)?, target)?);
        match &self.output {
            Some(path) => write(path, &document(&examined, context.format, Style::Plain, usize::MAX))?,
            None => context.print(&document(&examined, context.format, context.style, context.width()))?,
        }
        Ok(self.code(&examined))
    }
}

impl Scan {
    fn narrowed(&self, examined: Examined) -> Examined {
        let fixes = if self.only_fixed { Fixes::Known } else { Fixes::Any };
        examined.narrowed(self.severity.unwrap_or(Severity::Unknown), fixes)
    }

    fn code(&self, examined: &Examined) -> u8 {
        let limit = |worst| self.fail_on.is_some_and(|limit| worst >= limit);
        if examined.worst().is_some_and(limit) { FOUND } else { 0 }
    }
}

impl Words {
    /// Everything where nothing is named.
    fn wishes(&self) -> Wishes {
        let mut wishes = Wishes::default();
        if !self.scanners.is_empty() {
            wishes.looks = self.scanners.iter().copied().collect();
        }
        let Self { vex, ignore, hashes, yara, .. } = self.clone();
        Wishes { vex, ignore, hashes, yara, ..wishes }
    }
}

/// Examines what a person named.
fn examine(engine: &Engine, examiner: &Examiner<'_>, target: &str) -> Result<Examined, Failure> {
    admit_embedded(engine, target)?;
    let subject = engine.meant(target)?;
    Ok(examiner.examine(&subject, &mut Bar::new())?)
}

fn document(examined: &Examined, format: Format, style: Style, width: usize) -> String {
    match format {
        Format::Table => scan::page(examined, style, width),
        Format::Json => examined.document(Form::Json),
        Format::Document(Document::Sarif) => examined.document(Form::Sarif),
        Format::Document(Document::CycloneDx) => examined.document(Form::CycloneDx),
        Format::Document(Document::Spdx) => examined.document(Form::Spdx),
        Format::Document(Document::Html) => examined.document(Form::Html),
    }
}

/// Writes a file that is whole or not there.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    save_to(path, |out| out.write_all(text.as_bytes()).map_err(|error| Failure::file("write", path, &error)))
}
