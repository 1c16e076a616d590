//! `trust sign`, `trust promote`, `trust revoke`

use engine::EngineError;
use engine::trust::{Begun, Whose as Signer};
use model::reference::ImageName;

use super::super::{Act, Entry, Life, act, options};
use super::show;
use crate::args::ship;
use crate::args::trust::{Promote, Revoke, Sign, There, Whose};
use crate::context::Context;
use crate::desk::Keeper;
use crate::errors::{ExitCodes, Failure};
use crate::render::text;
use crate::{registries, site};

pub(crate) const SIGN: Entry = Entry {
    words: &["trust", "sign"],
    aliases: &[],
    life: Life::Trust,
    about: "Sign images of a registry as releases, or add your signature to what others have begun",
    examples: [
        ("coffer trust sign registry.example/team/app:1.4", "the digest that this tag has there now"),
        ("coffer trust sign --all registry.example/team/app:1.4", "and whatever else waits for you"),
    ],
    notes: "\
What is signed is the name below the publisher's place with its digest, so that a copy in another registry is as good
as the first. As long as fewer have signed than have to, it waits beside the images and nobody's pull sees it; the same
command adds the next signature. Whatever else waits there is shown first, and signed only if you say so.",
    codes: ExitCodes::Ordinary,
    options: options::<Sign>,
    act: act::<Sign>,
};

pub(crate) const PROMOTE: Entry = Entry {
    words: &["trust", "promote"],
    aliases: &[],
    life: Life::Trust,
    about: "Promote a release to a stage, with the signatures of that stage",
    examples: [
        ("coffer trust promote registry.example/team/app:1.4 --to staging", "the digest that was released"),
        ("coffer trust promote registry.example/team/app:1.4 --to prod", "with the keys of prod"),
    ],
    notes: "\
The stage signs the very digest that was released. What the stage requires to be attested is looked for first: without
it nothing is signed. `coffer trust delegate` makes stages.",
    codes: ExitCodes::Ordinary,
    options: options::<Promote>,
    act: act::<Promote>,
};

pub(crate) const REVOKE: Entry = Entry {
    words: &["trust", "revoke"],
    aliases: &[],
    life: Life::Trust,
    about: "Say that nobody may run an image any more, whatever was signed",
    examples: [
        ("coffer trust revoke registry.example/team/app@sha256:... --reason CVE-2026-1234", "under all its names"),
        ("coffer trust revoke registry.example/team/app@sha256:... --undo", "take it back"),
    ],
    notes: "\
The digest goes onto the publisher's list, which every consumer has to have: without a list that is valid nothing of
the publisher runs. Consumers hear of it at their next refresh, within an hour if they are connected.",
    codes: ExitCodes::Ordinary,
    options: options::<Revoke>,
    act: act::<Revoke>,
};

impl Act for Sign {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let mut keeper = Keeper::new(&self.opening)?.among(&self.whose.there);
        let registries = registries::open(context, self.whose.there.authfile.as_deref())?;
        let engine = site::open()?;
        let whose = self.whose.signer();
        let mut desk = keeper.desk(&registries)?;
        let signed = match (&whose.publisher, self.waiting) {
            (Some(name), true) => engine.sign_waiting(&mut desk, name, &whose),
            _ => {
                let images = self.images.iter().map(|image| full(&registries, image));
                engine.sign_releases(&mut desk, &whose, &images.collect::<Result<Vec<_>, _>>()?)
            }
        };
        let signed = keeper.outcome(signed)?;
        let typed = if self.waiting { None } else { Some(format!("sign {}", text::command(&self.images))) };
        show(context, &signed, typed.as_deref())
    }
}

impl Act for Promote {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let mut keeper = Keeper::new(&self.opening)?.among(&self.whose.there);
        let registries = registries::open(context, self.whose.there.authfile.as_deref())?;
        let engine = site::open()?;
        let image = full(&registries, &self.image)?;
        let done = engine.promote(&mut keeper.desk(&registries)?, &self.whose.signer(), &image, &self.to);
        let done = keeper.outcome(done)?;
        show(context, &done, Some(&format!("promote {} --to {}", self.image, self.to)))
    }
}

impl Act for Revoke {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let mut keeper = Keeper::new(&self.opening)?.among(&self.whose.there);
        let registries = registries::open(context, self.whose.there.authfile.as_deref())?;
        let engine = site::open()?;
        let (image, whose) = (full(&registries, &self.image)?, self.whose.signer());
        let mut desk = keeper.desk(&registries)?;
        let (done, why) = match &self.reason {
            Some(reason) => {
                let words = ["--reason".to_owned(), reason.clone()];
                (engine.revoke(&mut desk, &whose, &image, reason), text::command(&words))
            }
            None => (engine.restore_revoked(&mut desk, &whose, &image), "--undo".to_owned()),
        };
        let done = keeper.outcome(done)?;
        show(context, &done, Some(&format!("revoke {} {why}", self.image)))
    }
}

impl Whose {
    fn signer(&self) -> Signer {
        Signer { publisher: self.publisher.clone(), ..self.there.signer() }
    }
}

impl There {
    /// What is said of documents, without a publisher's name.
    pub(super) fn signer(&self) -> Signer {
        Signer {
            publisher: None,
            place: self.place.clone(),
            root: self.root,
            begun: if self.discard { Begun::Dropped } else { Begun::Continued },
        }
    }
}

/// An image's name with its registry.
pub(super) fn full(registries: &engine::registries::Registries, typed: &str) -> Result<ImageName, Failure> {
    let name = ship::name(typed).map_err(EngineError::from)?;
    Ok(registries.full_name(&name)?)
}
