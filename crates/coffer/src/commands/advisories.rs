//! `advisories import|update|status|verify|export|affected|accept`

use std::fs::File;
use std::io::{BufReader, IsTerminal as _};

use engine::advice::{Age, Catalogue, Feed, PublisherKey};
use engine::examine::Acceptance;
use engine::{Engine, EngineError};

use super::image::save_to;
use super::{Act, Entry, Life, act, options};
use crate::args::scan::{
    Accept, Affected, Export, Import, PinPublisher, Status, UnpinPublisher, Update, Verify,
};
use crate::context::{Context, write_error};
use crate::errors::{ExitCodes, Failure};
use crate::progress::Counting;
use crate::render::advisories::{self, AnswerJson, CatalogueJson, ImportedJson, PublishersJson, StatusJson};
use crate::render::{text, time};
use crate::value::publisher;
use crate::{registries, site};

pub(super) const IMPORT: Entry = Entry {
    words: &["advisories", "import"],
    aliases: &[],
    life: Life::Decide,
    about: "Take in advisories as they are published: OSV, Alpine, Debian, Ubuntu, Red Hat, KEV, EPSS and others",
    examples: [
        ("coffer advisories import osv/ secdb/ known_exploited_vulnerabilities.json", "whatever they are: it looks"),
        ("coffer advisories import debian-osv.tar.zst --key advisories.key", "archives as they come; and signed"),
    ],
    notes: "\
Each publisher is a source; an import replaces what that source said before and leaves the others. Give everything of
one publisher in one import. Only what you name is fetched: https://ADDRESS is one more kind of PATH.

What is not understood is named and left out, never guessed at.",
    codes: ExitCodes::Ordinary,
    options: options::<Import>,
    act: act::<Import>,
};

pub(super) const UPDATE: Entry = Entry {
    words: &["advisories", "update"],
    aliases: &[],
    life: Life::Decide,
    about: "Take over all advisories that were exported elsewhere",
    examples: [
        ("coffer advisories update advisories.coffer", "what `coffer advisories export` wrote"),
        ("coffer advisories update https://mirror.example/advisories.coffer", "from where you keep it"),
    ],
    notes: "\
Nothing is replaced before the whole file is here and every digest holds. Older ones are refused, so that whoever
passes files on cannot make this host forget.",
    codes: ExitCodes::Ordinary,
    options: options::<Update>,
    act: act::<Update>,
};

pub(super) const STATUS: Entry = Entry {
    words: &["advisories", "status"],
    aliases: &[&["advisories", "ls"]],
    life: Life::Decide,
    about: "List the sources of advisories, how many there are and how old they are",
    examples: [
        ("coffer advisories status", "a line for each source"),
        ("coffer advisories status --format json", "with digests and ecosystems"),
    ],
    notes: "",
    codes: ExitCodes::Ordinary,
    options: options::<Status>,
    act: act::<Status>,
};

pub(super) const VERIFY: Entry = Entry {
    words: &["advisories", "verify"],
    aliases: &[],
    life: Life::Decide,
    about: "Read every byte of the advisories and compare it with what was written",
    examples: [
        ("coffer advisories verify", "all sources"),
        ("coffer advisories verify --format json", "and what they are"),
    ],
    notes: "",
    codes: ExitCodes::Ordinary,
    options: options::<Verify>,
    act: act::<Verify>,
};

pub(super) const EXPORT: Entry = Entry {
    words: &["advisories", "export"],
    aliases: &[],
    life: Life::Decide,
    about: "Write all advisories into one file, to carry them to where there is no network",
    examples: [
        ("coffer advisories export -o advisories.coffer", "for `coffer advisories update`"),
        ("coffer advisories export --key advisories.key | ssh host coffer advisories update -", "signed, to another host"),
    ],
    notes: "\
The key is an Ed25519 key in PEM: `openssl genpkey -algorithm ed25519 -out advisories.key` makes one. Its public half is
said on standard error, for `coffer advisories pin` elsewhere.",
    codes: ExitCodes::Ordinary,
    options: options::<Export>,
    act: act::<Export>,
};

pub(super) const PIN: Entry = Entry {
    words: &["advisories", "pin"],
    aliases: &[],
    life: Life::Decide,
    about: "Use only advisories that this key has signed, or another that is pinned",
    examples: [
        ("coffer advisories pin PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=", "as the publisher says it"),
        ("coffer advisories status", "which keys are pinned"),
    ],
    notes: "\
What is here and not signed is not used from then on: take signed advisories over, `coffer advisories update`.",
    codes: ExitCodes::Ordinary,
    options: options::<PinPublisher>,
    act: act::<PinPublisher>,
};

pub(super) const UNPIN: Entry = Entry {
    words: &["advisories", "unpin"],
    aliases: &[],
    life: Life::Decide,
    about: "Give up a key; without any, anybody's advisories are used",
    examples: [
        ("coffer advisories unpin PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=", "a key that is lost"),
        ("coffer advisories status", "which keys are left"),
    ],
    notes: "",
    codes: ExitCodes::Ordinary,
    options: options::<UnpinPublisher>,
    act: act::<UnpinPublisher>,
};

pub(super) const AFFECTED: Entry = Entry {
    words: &["advisories", "affected"],
    aliases: &[],
    life: Life::Decide,
    about: "Say which images have a vulnerability, or a package",
    examples: [
        ("coffer advisories affected CVE-2023-38545", "in which of my images, and in which package"),
        ("coffer advisories affected openssl", "which images have it, in which version"),
    ],
    notes: "\
No image is opened: what is known of each is enough. Images that nobody has scanned are counted;
`coffer scan --all` scans them.",
    codes: ExitCodes::Ordinary,
    options: options::<Affected>,
    act: act::<Affected>,
};

pub(super) const ACCEPT: Entry = Entry {
    words: &["advisories", "accept"],
    aliases: &[],
    life: Life::Decide,
    about: "Accept a vulnerability at this site, with a reason and an end",
    examples: [
        (
            "coffer advisories accept CVE-2023-38545 --package curl --reason 'no SOCKS proxy' --until 2027-01-31",
            "in one package",
        ),
        ("coffer advisories accept CVE-2023-4911 --reason 'one tenant' --until never", "wherever it is"),
    ],
    notes: "\
It is written to ignore.toml in the state directory, and to the ledger. What is accepted is listed as dismissed, and
refuses no start; after the last day it counts again.",
    codes: ExitCodes::Ordinary,
    options: options::<Accept>,
    act: act::<Accept>,
};

impl Act for Import {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let engine = site::open()?;
        let mut counting = Counting::new("advisories");
        let feeds: Vec<Feed> = self.feeds.iter().map(|feed| Feed::typed(feed)).collect();
        let places = registries::places(None);
        let holder = self.key.as_deref().map(publisher::holder).transpose()?;
        let mut tell = |count| counting.counted(count);
        let imported = engine.import_advisories(&feeds, places, holder.as_ref(), &mut tell)?;
        drop(counting);
        if let Some(lost) = &imported.lost {
            context.warn(&text::plain(&format!("what was there before is gone: {lost}")));
        }
        context.show(|| ImportedJson::new(&imported), || advisories::imported(&imported, context.style))?;
        Ok(0)
    }
}

impl Act for Update {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let engine = site::open()?;
        let age = if self.allow_older { Age::Any } else { Age::NotOlder };
        let index = match Feed::typed(&self.file) {
            Feed::Address(address) => engine.fetch_advisories(&address, &registries::places(None), age)?,
            Feed::Path(path) if path.as_os_str() == "-" => {
                engine.update_advisories(&mut std::io::stdin().lock(), age)?
            }
            Feed::Path(path) => {
                let file = File::open(&path).map_err(|error| Failure::file("open", &path, &error))?;
                engine.update_advisories(&mut BufReader::new(file), age)?
            }
        };
        show(context, &index)
    }
}

impl Act for Status {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let engine = site::open()?;
        show_with(context, &engine.advisories()?, &engine.advisory_publishers().map_err(EngineError::from)?)
    }
}

impl Act for Verify {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let index = site::open()?.verify_advisories()?;
        context.show(|| CatalogueJson::new(&index), || advisories::verified(&index, context.style))?;
        Ok(0)
    }
}

impl Act for Export {
    fn act(self, _context: &mut Context) -> Result<u8, Failure> {
        let engine = site::open()?;
        let holder = self.key.as_deref().map(publisher::holder).transpose()?;
        let holder = holder.as_ref();
        match &self.output {
            Some(path) => {
                save_to(path, |mut out| Ok(engine.export_advisories(holder, &mut out).map(drop)?))?
            }
            None if std::io::stdout().is_terminal() => {
                return Err(Failure::failed(
                    "E-cli-terminal",
                    "standard output is a terminal, and advisories in one file are no text",
                    "write them to a file: coffer advisories export -o FILE",
                ));
            }
            None => drop(engine.export_advisories(holder, &mut std::io::stdout().lock())?),
        }
        if let Some(holder) = holder {
            write_error(&format!("signed; elsewhere: coffer advisories pin {}\n", holder.public()));
        }
        Ok(0)
    }
}

impl Act for PinPublisher {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let engine = site::open()?;
        engine.pin_advisories(&self.key)?;
        show_publishers(context, &engine)
    }
}

impl Act for UnpinPublisher {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let engine = site::open()?;
        if !engine.unpin_advisories(&self.key)? {
            let what = format!("the key {} is not pinned", self.key);
            return Err(Failure::failed(
                "E-advisories-not-pinned",
                what,
                "see which are: coffer advisories status",
            ));
        }
        show_publishers(context, &engine)
    }
}

impl Act for Affected {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let answer = site::open()?.affected(&self.name)?;
        context.show(
            || AnswerJson::new(&self.name, &answer),
            || advisories::answer(&self.name, &answer, context.style, context.width()),
        )?;
        Ok(0)
    }
}

impl Act for Accept {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let Self { id, package, reason, until } = self;
        let acceptance = Acceptance { id, package, reason, until: until.0 };
        site::open()?.accept(&acceptance)?;
        context.show(|| &acceptance, || advisories::accepted(&acceptance))?;
        Ok(0)
    }
}

fn show(context: &Context, index: &Catalogue) -> Result<u8, Failure> {
    show_with(context, index, &None)
}

/// The same with the keys that are pinned.
fn show_with(context: &Context, index: &Catalogue, keys: &Option<Vec<PublisherKey>>) -> Result<u8, Failure> {
    let now = time::now();
    context.show(
        || StatusJson::new(index, keys.as_deref()),
        || {
            let catalogue = advisories::catalogue(index, now, context.style, context.width());
            catalogue + &keys.as_deref().map_or_else(String::new, advisories::publishers)
        },
    )?;
    Ok(0)
}

fn show_publishers(context: &Context, engine: &Engine) -> Result<u8, Failure> {
    let keys = engine.advisory_publishers().map_err(EngineError::from)?;
    context.show(
        || PublishersJson::new(keys.as_deref()),
        || {
            keys.as_deref()
                .map_or_else(|| "anybody's advisories are used\n".to_owned(), advisories::publishers)
        },
    )?;
    Ok(0)
}
