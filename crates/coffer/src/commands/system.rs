//! `system check|info`, and the two ends of a boot

mod boot;

use engine::session::Purpose;

use super::{Act, Entry, Life, act, options};
use crate::args::system::{Check, Info};
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};
use crate::render::host::{self, HostJson};
use crate::render::info::{self, InfoJson};
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
