//! `system check|info|df|prune`, and the two ends of a boot

mod boot;

use std::io::{BufRead as _, IsTerminal as _};

use engine::session::Purpose;
use engine::{Prune as Which, Volume};
use model::image::Image;

use super::{Act, Entry, Life, act, container, image, options, volume};
use crate::args::system::{Check, Df, Info, Prune};
use crate::context::{Context, write_error};
use crate::errors::{ExitCodes, Failure};
use crate::progress::Measuring;
use crate::render::cleared::ClearedJson;
use crate::render::host::{self, HostJson};
use crate::render::info::{self, InfoJson};
use crate::render::time;
use crate::render::usage::{self, Detail, UsageJson};
use crate::{apparmor, session, site};

pub(super) use boot::{INSTALL, RESTORE, STOP};

pub(super) const CHECK: Entry = Entry {
    words: &["system", "check"],
    aliases: &[],
    life: Life::Decide,
    about: "Say what this host can enforce, and what it lacks",
    examples: [
        ("coffer system check", "each lack with its remedy"),
        ("coffer system check --format json", "for programs"),
    ],
    notes: "The verdict's host dimension comes from here: below, baseline or hardened.",
    codes: ExitCodes::Ordinary,
    options: options::<Check>,
    act: act::<Check>,
};

pub(super) const INFO: Entry = Entry {
    words: &["system", "info"],
    aliases: &[&["info"]],
    life: Life::Decide,
    about: "Say what there is: containers, images and history, where they are, and what is enforced",
    examples: [("coffer system info", "for people"), ("coffer system info --format json", "for programs")],
    notes: "`coffer system check` says what to do about what is lacking.",
    codes: ExitCodes::Ordinary,
    options: options::<Info>,
    act: act::<Info>,
};

impl Act for Info {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let info = site::open()?.info()?;
        context.show(|| InfoJson::new(&info), || info::page(&info, context.style))?;
        Ok(0)
    }
}

pub(super) const DF: Entry = Entry {
    words: &["system", "df"],
    aliases: &[&["df"]],
    life: Life::Itself,
    about: "Show what takes room on disk, and how much of it could be had back",
    examples: [
        ("coffer system df", "images, containers, logs, volumes, builds, ledger"),
        ("coffer system df -v", "each of them"),
    ],
    notes: "\
Sizes are those of blocks on disk, and of files in what builds keep. Layers that several images have count once in the
sum. An image is active while a container was made of it, a container until it has ended, a volume while a container has
it, and what builds keep while a step has it: `coffer build cache ls`. The ledger is never reclaimed: it is the proof.",
    codes: ExitCodes::Ordinary,
    options: options::<Df>,
    act: act::<Df>,
};

pub(super) const PRUNE: Entry = Entry {
    words: &["system", "prune"],
    aliases: &[],
    life: Life::Itself,
    about: "Remove what nothing needs: ended containers, and images without a name",
    examples: [
        ("coffer system prune", "asks first"),
        ("coffer system prune -f -a --filter until=24h", "all that is unused and a day old"),
    ],
    notes: "\
Volumes hold data that nothing else has, and stay unless `--volumes` says so; `until` does not apply to them.
History stays in any case.",
    codes: ExitCodes::Ordinary,
    options: options::<Prune>,
    act: act::<Prune>,
};

impl Act for Check {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        if self.apparmor_profile {
            return context.print(&apparmor::profile()?).map(|()| 0);
        }
        let site = site::site()?;
        // A host that has no session for users is one of those who ask.
        if let Ok(outside) = session::begin(&site, Purpose::Look) {
            session::hold(outside);
        }
        let checks = site::enter(site)?.system_check();
        context.show(|| HostJson::new(&checks), || host::page(&checks, context.style))?;
        Ok(0)
    }
}

impl Act for Df {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let engine = site::open()?;
        let mut measuring = Measuring::new();
        let usage = engine.usage(&mut |bytes| measuring.counted(bytes))?;
        drop(measuring);
        let detail = if self.verbose { Detail::Each } else { Detail::Sums };
        context.show(
            || UsageJson::new(&usage, detail),
            || usage::page(&usage, detail, time::now(), context.style, context.width()),
        )?;
        Ok(0)
    }
}

impl Act for Prune {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        if !self.force && !self.is_confirmed()? {
            context.warn("nothing was removed");
            return Ok(1);
        }
        let now = time::now();
        let engine = site::open()?;
        let containers = engine.prune(&|record| container::is_meant(record, &self.filter, now))?;
        let which = if self.all { Which::Unused } else { Which::Dangling };
        let images =
            engine.prune_images(which, &|image: &Image| image::is_meant(image, &self.filter, now))?;
        // A volume changes as long as it is used: its age says nothing.
        let labels = |volume: &Volume| {
            self.filter
                .iter()
                .filter(|filter| filter.key != "until")
                .all(|filter| volume::holds(volume, filter))
        };
        let volumes = if self.volumes { Some(engine.prune_volumes(&labels)?) } else { None };
        let cleared = ClearedJson::new(&containers, &images, volumes.as_ref());
        context.show(|| &cleared, || cleared.page())?;
        Ok(0)
    }
}

impl Prune {
    /// Asks the person at the terminal.
    fn is_confirmed(&self) -> Result<bool, Failure> {
        let stdin = std::io::stdin();
        if !stdin.is_terminal() {
            return Err(Failure::failed(
                "E-cli-confirm",
                "`coffer system prune` asks before it removes anything, and there is nobody to ask",
                "say it beforehand: `coffer system prune --force`",
            ));
        }
        let images = if self.all { "every image that no container uses" } else { "images without a name" };
        let volumes = if self.volumes { ", volumes that no container has" } else { "" };
        write_error(&format!("This removes containers that have ended, {images}{volumes}.\nGo on? [y/N] "));
        let mut answer = String::new();
        stdin.lock().read_line(&mut answer).map_err(|error| Failure::output(&error))?;
        Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
    }
}
