//! `trust timestamp serve`

use engine::trust::Deed;

use super::super::{Act, Entry, Life, act, options};
use crate::args::trust::Timestamp;
use crate::context::Context;
use crate::desk::Keeper;
use crate::errors::{ExitCodes, Failure};
use crate::render::{text, time};
use crate::{notify, registries, site};

pub(crate) const SERVE: Entry = Entry {
    words: &["trust", "timestamp", "serve"],
    aliases: &[],
    life: Life::Trust,
    about: "Keep what a publisher signed fresh, with the online key, until it is told to end",
    examples: [
        ("coffer trust timestamp serve team", "as a service, on the host that has the online key"),
        ("coffer trust timestamp serve team --every 5m --passphrase-file /run/secrets/online", "unattended"),
    ],
    notes: "\
It signs snapshot and timestamp anew when half of their life is over, and publishes what has got the signatures that it
needs. The online key can sign nothing else: whoever steals it can hold consumers where they are for the life of a
snapshot, and not give them anything. SIGTERM ends it.",
    codes: ExitCodes::Ordinary,
    options: options::<Timestamp>,
    act: act::<Timestamp>,
};

impl Act for Timestamp {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let mut keeper = Keeper::new(&self.opening)?;
        let registries = registries::open(context, self.there.authfile.as_deref())?;
        let engine = site::open()?;
        let mut is_ready = false;
        let mut herald = |deed: &Deed| {
            say(context, deed);
            if !std::mem::replace(&mut is_ready, true)
                && let Err(error) = notify::ready()
            {
                context.warn(&format!("whoever started this cannot be told that it is ready: {error}"));
            }
        };
        let mut desk = keeper.desk(&registries)?;
        let served =
            engine.keep_publisher_fresh(&mut desk, &self.name, &self.there.signer(), self.every, &mut herald);
        keeper.outcome(served)?;
        Ok(0)
    }
}

/// A line for each round that did something.
fn say(context: &Context, deed: &Deed) {
    let at = time::rfc3339(time::now());
    match deed {
        Deed::Nothing => {}
        Deed::Published(repository) => {
            let versions = repository.versions();
            context.warn(&format!(
                "{at} published what was signed: targets {}, timestamp {}",
                versions.targets, versions.timestamp
            ));
        }
        Deed::Renewed(repository) => {
            context.warn(&format!("{at} renewed: timestamp {}", repository.versions().timestamp));
        }
        Deed::Failed(error) => context.warn(&text::plain(&format!("{at} {error}; tried again"))),
    }
}
