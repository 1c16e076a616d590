//! `trust delegate`, `trust rotate`, `trust renew`, `trust recover`

use engine::trust::{RoleWish, StageWish};

use super::super::{Act, Entry, Life, act, options};
use super::show;
use crate::args::trust::{Delegate, Recover, Renew, Rotate};
use crate::context::Context;
use crate::desk::{Keeper, warn_unsealed};
use crate::errors::{ExitCodes, Failure};
use crate::{registries, site};

pub(crate) const DELEGATE: Entry = Entry {
    words: &["trust", "delegate"],
    aliases: &[],
    life: Life::Trust,
    about: "Make, change or remove a stage that releases are promoted to: whose keys, and what has to be attested",
    examples: [
        ("coffer trust delegate team staging --requires vuln=scanner.pub", "a key is made here"),
        ("coffer trust delegate team prod --keys 0:2 --key anna.pub --key ben.pub", "both have to sign"),
    ],
    notes: "\
The release keys sign it. A stage's keys can sign for the stage and for nothing else; what its delegation requires has
to be attested by one of the named keys before anybody promotes. What a stage that --remove takes away let through stays released,
and whoever has pinned the publisher with that stage is refused all of it, and told why.",
    codes: ExitCodes::Ordinary,
    options: options::<Delegate>,
    act: act::<Delegate>,
};

pub(crate) const ROTATE: Entry = Entry {
    words: &["trust", "rotate"],
    aliases: &[],
    life: Life::Trust,
    about: "Replace a key by another one; whoever has pinned the publisher need not do anything",
    examples: [
        ("coffer trust rotate team release", "makes a key, and ends the one that is here"),
        ("coffer trust rotate team root --old 3f2a91 --key pkcs11:object=root", "into a token"),
    ],
    notes: "\
Old and new root keys sign a root together, as TUF 1.0 wants (section 5.3.4). What the old key signed is signed again,
so that nothing is lost with it. A key in hardware is never followed by one in a file unless --key says so.",
    codes: ExitCodes::Ordinary,
    options: options::<Rotate>,
    act: act::<Rotate>,
};

pub(crate) const RECOVER: Entry = Entry {
    words: &["trust", "recover"],
    aliases: &[],
    life: Life::Trust,
    about: "Put new keys in place of keys that are lost or stolen, with those that are left",
    examples: [
        ("coffer trust recover team --lost 3f2a91", "makes a key in its place"),
        ("coffer trust recover team --lost 3f2a91 --lost 77bc02", "two at once"),
    ],
    notes: "\
As many root keys as have to sign are enough, here or elsewhere. Nobody who has pinned the publisher has to do anything.
With fewer, consumers have to pin a new publisher: that is what the threshold is for.",
    codes: ExitCodes::Ordinary,
    options: options::<Recover>,
    act: act::<Recover>,
};

pub(crate) const RENEW: Entry = Entry {
    words: &["trust", "renew"],
    aliases: &[],
    life: Life::Trust,
    about: "Sign what a role says once more, before its time is over",
    examples: [
        ("coffer trust renew team root", "once a year"),
        ("coffer trust renew team prod", "a stage that nothing was promoted to for long"),
    ],
    notes: "\
Whatever a role signs renews its document, and `coffer trust timestamp serve` renews the online ones, so that only
what rests for long needs this. `coffer trust inspect` shows when each ends.",
    codes: ExitCodes::Ordinary,
    options: options::<Renew>,
    act: act::<Renew>,
};

impl Act for Delegate {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let mut keeper = Keeper::that_seals(&self.sealing)?.among(&self.there);
        let registries = registries::open(context, self.there.authfile.as_deref())?;
        let engine = site::open()?;
        if self.remove {
            let (mut desk, whose) = (keeper.desk(&registries)?, self.there.signer());
            let done = engine.remove_stage(&mut desk, &self.name, &whose, &self.stage);
            return show(context, &keeper.outcome(done)?, None);
        }
        warn_unsealed(context, &self.sealing);
        let (make, needed) = self.keys.unwrap_or((u8::from(self.key.is_empty()), 1));
        let wish = StageWish {
            stage: self.stage,
            keys: RoleWish { make, named: self.key, needed: u32::from(needed) },
            requires: self.requires.into_iter().map(|required| (required.kind, required.keys)).collect(),
        };
        let done = engine.delegate(&mut keeper.desk(&registries)?, &self.name, &self.there.signer(), &wish);
        show(context, &keeper.outcome(done)?, None)
    }
}

impl Act for Rotate {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let mut keeper = Keeper::that_seals(&self.sealing)?.among(&self.there);
        let registries = registries::open(context, self.there.authfile.as_deref())?;
        let engine = site::open()?;
        warn_unsealed(context, &self.sealing);
        let (old, new) = (self.old.as_deref(), self.key.as_ref());
        let mut desk = keeper.desk(&registries)?;
        let done = engine.rotate_key(&mut desk, &self.name, &self.there.signer(), &self.role, old, new);
        show(context, &keeper.outcome(done)?, None)
    }
}

impl Act for Renew {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let mut keeper = Keeper::new(&self.opening)?.among(&self.there);
        let registries = registries::open(context, self.there.authfile.as_deref())?;
        let engine = site::open()?;
        let done =
            engine.renew_role(&mut keeper.desk(&registries)?, &self.name, &self.there.signer(), &self.role);
        show(context, &keeper.outcome(done)?, None)
    }
}

impl Act for Recover {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let mut keeper = Keeper::that_seals(&self.sealing)?.among(&self.there);
        let registries = registries::open(context, self.there.authfile.as_deref())?;
        let engine = site::open()?;
        warn_unsealed(context, &self.sealing);
        let done =
            engine.recover_keys(&mut keeper.desk(&registries)?, &self.name, &self.there.signer(), &self.lost);
        show(context, &keeper.outcome(done)?, None)
    }
}
