//! How somebody becomes a publisher, or a signer of somebody else's.

use std::path::PathBuf;

use ledger::Durability;
use model::digest::{ClaimedDigest, Digest};
use trust::key::{KeyId, PublicKey, Signer, SoftKey};
use trust::publisher::{Draft, Keys, Missing, Plan, RoleName, Validity, Versions};

use super::desk::{Desk, NamedKey, public_key};
use super::notes::{self, Notes};
use super::{EngineError, PublishingError, packed};
use crate::book::{Entry, Kind};
use crate::engine::Engine;
use crate::trust::keyring::{Kept, Keyring};

/// A publisher who is to be.
#[derive(Debug)]
pub struct Beginning {
    /// What they are called here.
    pub name: String,
    /// Who says who signs.
    pub root: RoleWish,
    /// Who signs releases.
    pub release: RoleWish,
    /// What says every day that nothing newer is withheld.
    pub online: RoleWish,
    /// For how long what is signed is good.
    pub validity: Validity,
}

/// The keys of a role that is to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoleWish {
    /// How many are made here.
    pub make: u8,
    /// Those that others have, or a token.
    pub named: Vec<NamedKey>,
    /// How many of all of them have to sign.
    pub needed: u32,
}

/// A publisher who is.
#[derive(Debug)]
pub struct Made {
    /// What they are called here.
    pub name: String,
    /// Where their keys are.
    pub directory: PathBuf,
    /// Each role with its keys, and how many of them have to sign.
    pub roles: Vec<(RoleName, Keys)>,
    /// The keys that are here.
    pub kept: Vec<Kept>,
    /// By which consumers know them; nothing while the root lacks signatures.
    pub fingerprint: Option<ClaimedDigest>,
    /// Signatures that the root still needs.
    pub missing: Vec<Missing>,
    /// For how long what is signed is good.
    pub validity: Validity,
}

/// Keys of one role, and those of them that can sign now.
struct Gathered {
    keys: Keys,
    made: Vec<SoftKey>,
}

impl Engine {
    /// Makes a publisher: keys, and the first documents, which wait here for the first release.
    ///
    /// # Errors
    /// [`PublishingError`]: there is one of that name, keys do not add up, or cannot be written.
    pub fn begin_publishing(&self, desk: &mut Desk<'_>, wish: &Beginning) -> Result<Made, EngineError> {
        // What cannot be read is said before anything is made.
        for named in [&wish.root, &wish.release, &wish.online].into_iter().flat_map(|role| &role.named) {
            if let NamedKey::File(path) = named {
                public_key(path)?;
            }
        }
        let book = self.book()?;
        let keyring = Keyring::create(&desk.publishers, &wish.name)?;
        let directory = desk.directory(&keyring);
        let made = self.begun_publishing(desk, &keyring, wish).inspect_err(|_| {
            // Half a publisher is none; nobody has used these keys.
            let _left_for_a_person = std::fs::remove_dir_all(&directory);
        })?;
        let entry = Entry::new(Kind::TrustInit, self.now()).with("publisher", &made.name);
        let entry =
            made.fingerprint.iter().fold(entry, |entry, known| entry.with("fingerprint", known.to_string()));
        book.append(&entry, Durability::Flushed)?;
        Ok(made)
    }

    fn begun_publishing(
        &self,
        desk: &mut Desk<'_>,
        keyring: &Keyring,
        wish: &Beginning,
    ) -> Result<Made, EngineError> {
        let root = desk.gather(keyring, &RoleName::Root, &wish.root)?;
        let release = desk.gather(keyring, &RoleName::Release, &wish.release)?.keys;
        let online = desk.gather(keyring, &RoleName::Online, &wish.online)?.keys;
        let plan = Plan { root: root.keys, release, online };
        let mut draft = Draft::init(&plan, wish.validity, self.now())?;
        let seen = draft.describe()?;
        let in_memory: Vec<&dyn Signer> = root.made.iter().map(|key| key as &dyn Signer).collect();
        if !in_memory.is_empty() {
            draft.sign(&seen, &in_memory)?;
        }
        let kept = keyring.keys()?;
        for key in kept.iter().filter(|key| key.role == RoleName::Root) {
            if of_root(&draft.missing()).is_some_and(|missing| missing.absent.contains(&key.public.id())) {
                let signer = desk.open(keyring, key)?;
                draft.sign(&seen, &[&*signer])?;
            }
        }
        let missing: Vec<Missing> = of_root(&draft.missing()).into_iter().collect();
        let directory = desk.directory(keyring);
        let files = draft.files();
        let root = files.get("1.root.json").cloned().unwrap_or_default();
        let fingerprint = missing.is_empty().then(|| Digest::of(&root).into());
        if fingerprint.is_some() {
            keyring.remember(&root, &Versions::default())?;
        }
        notes::keep_first(&directory, &packed(&files)?)?;
        Notes::new(wish.validity).save(&directory)?;
        let Plan { root, release, online } = plan;
        let roles = vec![(RoleName::Root, root), (RoleName::Release, release), (RoleName::Online, online)];
        Ok(Made {
            name: wish.name.clone(),
            directory,
            roles,
            kept,
            fingerprint,
            missing,
            validity: wish.validity,
        })
    }

    /// Makes a key for somebody else's publisher; the file with its public half.
    ///
    /// # Errors
    /// [`PublishingError`].
    pub fn make_signer(
        &self,
        desk: &mut Desk<'_>,
        name: &str,
        role: &RoleName,
    ) -> Result<(Kept, PathBuf), EngineError> {
        let keyring = match Keyring::create(&desk.publishers, name) {
            Err(crate::trust::keyring::KeyringError::Exists(_)) => Keyring::open(&desk.publishers, name)?,
            created => created?,
        };
        let (kept, _) = desk.make_key(&keyring, role)?;
        let path = desk.directory(&keyring).join("keys").join(format!("{}.pub", kept.file));
        Ok((kept, path))
    }
}

impl Desk<'_> {
    /// Makes the keys that are to be made, and looks at the others.
    fn gather(
        &mut self,
        keyring: &Keyring,
        role: &RoleName,
        wish: &RoleWish,
    ) -> Result<Gathered, PublishingError> {
        let (mut made, mut keys) = (Vec::new(), Vec::new());
        for _ in 0..wish.make {
            let (kept, key) = self.make_key(keyring, role)?;
            keys.push(kept.public);
            made.push(key);
        }
        for named in &wish.named {
            keys.push(self.take_key(keyring, role, named)?);
        }
        Ok(Gathered { keys: Keys { keys, threshold: wish.needed }, made })
    }

    /// The keys of a role, as they are wished for.
    pub(super) fn keys_for(
        &mut self,
        keyring: &Keyring,
        role: &RoleName,
        wish: &RoleWish,
    ) -> Result<Keys, PublishingError> {
        Ok(self.gather(keyring, role, wish)?.keys)
    }
}

fn of_root(missing: &[Missing]) -> Option<Missing> {
    missing.iter().find(|missing| missing.role == RoleName::Root).cloned()
}

/// A key by the beginning of its id, among those that are named.
pub(super) fn by_beginning(
    text: &str,
    publisher: &str,
    among: &[PublicKey],
) -> Result<KeyId, PublishingError> {
    let mut found: Vec<KeyId> =
        among.iter().map(PublicKey::id).filter(|id| id.as_str().starts_with(text)).collect();
    found.sort();
    found.dedup();
    match found.as_slice() {
        [id] if !text.is_empty() => Ok(id.clone()),
        _ => Err(PublishingError::WhichKey {
            text: text.to_owned(),
            publisher: publisher.to_owned(),
            found: found.len(),
        }),
    }
}
