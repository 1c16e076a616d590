//! `system check`

use engine::session::Purpose;

use super::{Act, Entry, Life, act, options};
use crate::args::other::SystemCheck;
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};
use crate::render::host::{self, HostJson};
use crate::{apparmor, session, site};

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
    options: options::<SystemCheck>,
    act: act::<SystemCheck>,
};

impl Act for SystemCheck {
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
