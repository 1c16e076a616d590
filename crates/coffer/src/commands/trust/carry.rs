//! `trust export`, `trust import`

use std::io::IsTerminal as _;

use engine::trust::Carrier;

use super::super::image::save_to;
use super::super::{Act, Entry, Life, act, options};
use super::pin::files;
use crate::args::trust::{Export, Import};
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};
use crate::{registries, site};

pub(crate) const EXPORT: Entry = Entry {
    words: &["trust", "export"],
    aliases: &[],
    life: Life::Trust,
    about: "Write what a publisher signed into one file, to carry it to where there is no network",
    examples: [
        ("coffer trust export registry.example/team -o team.trust", "for `coffer trust import`"),
        (
            "coffer trust export registry.example/team | ssh host coffer trust import /dev/stdin",
            "straight to another host",
        ),
    ],
    notes: "It is good for as long as the publisher's timestamp is valid, which is printed; nothing can make it last longer.",
    codes: ExitCodes::Ordinary,
    options: options::<Export>,
    act: act::<Export>,
};

pub(crate) const IMPORT: Entry = Entry {
    words: &["trust", "import"],
    aliases: &[],
    life: Life::Trust,
    about: "Take over what a publisher signed from a file that was carried here",
    examples: [
        ("coffer trust import team.trust", "for every place where this publisher is pinned"),
        ("coffer trust import /media/stick/team", "a directory with the same files"),
    ],
    notes: "\
The publisher has to be pinned: `coffer trust pin PLACE --root FINGERPRINT --from FILE` does both. The file is believed
no more than a registry: whatever is older than what is here, or does not verify, is refused.",
    codes: ExitCodes::Ordinary,
    options: options::<Import>,
    act: act::<Import>,
};

impl Act for Export {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let registries = registries::open(context, self.authfile.as_deref())?;
        let engine = site::open()?;
        let carrier = Carrier::Registry(self.place.clone());
        let exported = match &self.output {
            Some(path) => {
                let mut exported = None;
                save_to(path, |mut out| {
                    exported = Some(engine.export_trust(&registries, &carrier, &mut out)?);
                    Ok(())
                })?;
                exported
            }
            None if std::io::stdout().is_terminal() => {
                return Err(Failure::failed(
                    "E-cli-terminal",
                    "standard output is a terminal, and what a publisher signed is no text in one file",
                    format!("write it to a file: coffer trust export {} -o FILE", self.place),
                ));
            }
            None => Some(engine.export_trust(&registries, &carrier, &mut std::io::stdout().lock())?),
        };
        if let Some(exported) = exported {
            context.warn(&format!("{} files, good until {}", exported.files, exported.until));
        }
        Ok(0)
    }
}

impl Act for Import {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let answers = site::open()?.import_trust(&files(&self.file)?)?;
        super::heard(context, answers)
    }
}
