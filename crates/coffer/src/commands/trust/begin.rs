//! `trust init`, `trust keys`, `trust keys make`

use engine::trust::{Beginning, RoleName, RoleWish, Validity};

use super::super::{Act, Entry, Life, act, options};
use crate::args::trust::{Init, Keys, MakeKey};
use crate::context::Context;
use crate::desk::{Keeper, warn_unsealed};
use crate::errors::{ExitCodes, Failure};
use crate::render::trust::{self, KeyJson, MadeJson};
use crate::value::validity::Signed;
use crate::{registries, site};

pub(crate) const INIT: Entry = Entry {
    words: &["trust", "init"],
    aliases: &[],
    life: Life::Trust,
    about: "Become a publisher: make keys, and say how many of them have to sign",
    examples: [
        ("coffer trust init team", "asks for a passphrase, and prints what consumers pin"),
        ("coffer trust init team --keys root=2:2,release=1:1 --key root=ben.pub", "two of three for the root, one of them Ben's"),
    ],
    notes: "\
The root says who the other keys belong to, release signs images, online signs every day that nothing newer was held
back. Without --keys there are two root keys of which one is enough: carry the second one away, and the loss of the
first is no disaster.

Nothing is sent anywhere: the first `coffer trust sign` publishes beside the images. Keys are in
~/.config/coffer/publishers/NAME/keys, sealed with a passphrase in the format of age. It is asked for, or read from
--passphrase-file or COFFER_TRUST_PASSPHRASE, and never from the command line.",
    codes: ExitCodes::Ordinary,
    options: options::<Init>,
    act: act::<Init>,
};

pub(crate) const KEYS: Entry = Entry {
    words: &["trust", "keys"],
    aliases: &[&["trust", "keys", "ls"]],
    life: Life::Trust,
    about: "List the publishers and keys that are here",
    examples: [
        ("coffer trust keys", "all of them, and how each is kept"),
        ("coffer trust keys team --format json", "one publisher's, for programs"),
    ],
    notes: "Nothing secret is printed: ids, roles, and whether a passphrase, a token or nothing guards a key.",
    codes: ExitCodes::Ordinary,
    options: options::<Keys>,
    act: act::<Keys>,
};

pub(crate) const MAKE_KEY: Entry = Entry {
    words: &["trust", "keys", "make"],
    aliases: &[],
    life: Life::Trust,
    about: "Make a key of your own for a publisher whose signer you are going to be",
    examples: [
        ("coffer trust keys make team release", "prints the file to give to whoever keeps the root"),
        ("coffer trust keys make team staging", "for a stage"),
    ],
    notes: "\
Give the file NAME.pub to the publisher, who names it with --key ROLE=FILE. The other file stays here. From then on the
publisher's commands, typed here, add your signature.",
    codes: ExitCodes::Ordinary,
    options: options::<MakeKey>,
    act: act::<MakeKey>,
};

impl Act for Init {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let mut keeper = Keeper::that_seals(&self.sealing)?;
        let wish = self.wish()?;
        let registries = registries::open(context, None)?;
        let engine = site::open()?;
        warn_unsealed(context, &self.sealing);
        let made = engine.begin_publishing(&mut keeper.desk(&registries)?, &wish);
        let made = keeper.outcome(made)?;
        context.show(|| MadeJson::new(&made), || trust::made(&made, context.style, context.width()))?;
        Ok(0)
    }
}

impl Init {
    fn wish(&self) -> Result<Beginning, Failure> {
        let validity = self.valid.iter().fold(Validity::default(), |validity, length| match length.of {
            Signed::Root => Validity { root: length.seconds, ..validity },
            Signed::Release => Validity { targets: length.seconds, ..validity },
            Signed::Snapshot => Validity { snapshot: length.seconds, ..validity },
            Signed::Timestamp => Validity { timestamp: length.seconds, ..validity },
        });
        let stages =
            self.keys.iter().map(|count| &count.role).chain(self.key.iter().map(|given| &given.role));
        if let Some(stage) = stages.into_iter().find(|role| matches!(role, RoleName::Stage(_))) {
            let what = format!("`{stage}` is a stage, and a new publisher has none");
            return Err(Failure::usage(
                what,
                format!("afterwards: coffer trust delegate {} {stage}", self.name),
            ));
        }
        Ok(Beginning {
            name: self.name.clone(),
            // A second key that is carried away, so that the loss of one is no disaster.
            root: self.role(&RoleName::Root, 2),
            release: self.role(&RoleName::Release, 1),
            online: self.role(&RoleName::Online, 1),
            validity,
        })
    }

    /// What is said of a role; where nothing is, keys that are made, of which one is enough.
    fn role(&self, role: &RoleName, usual: u8) -> RoleWish {
        let named = self.key.iter().filter(|given| given.role == *role).map(|given| given.key.clone());
        let named: Vec<_> = named.collect();
        match self.keys.iter().rev().find(|count| count.role == *role) {
            Some(count) => RoleWish { make: count.keys, named, needed: u32::from(count.needed) },
            None if named.is_empty() => RoleWish { make: usual, named, needed: 1 },
            None => RoleWish { make: 0, named, needed: 1 },
        }
    }
}

impl Act for Keys {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let mut keeper = Keeper::that_asks_nothing();
        let registries = registries::open(context, None)?;
        let all = site::open()?.publishers(&keeper.desk(&registries)?, self.name.as_deref());
        let all = keeper.outcome(all)?;
        context.show(
            || {
                all.iter()
                    .flat_map(|(name, keys)| keys.iter().map(|key| KeyJson::standing(name, key)))
                    .collect::<Vec<_>>()
            },
            || trust::keys(&all).render(context.style, context.width()),
        )?;
        Ok(0)
    }
}

impl Act for MakeKey {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let mut keeper = Keeper::that_seals(&self.sealing)?;
        let registries = registries::open(context, None)?;
        let engine = site::open()?;
        warn_unsealed(context, &self.sealing);
        let made = engine.make_signer(&mut keeper.desk(&registries)?, &self.name, &self.role);
        let (key, path) = keeper.outcome(made)?;
        context.show(
            || KeyJson::new(&self.name, &key).with_file(&path),
            || trust::made_key(&self.name, &key, &path),
        )?;
        Ok(0)
    }
}
