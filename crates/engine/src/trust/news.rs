//! News of a publisher: asked for, verified, kept, and written down.

use ledger::Durability;
use registry::client::Client;
use trust::catalogue::Catalogue;
use trust::client::{Floors, Refreshed, Trusted, refresh};

use super::error::TrustError;
use super::files::Files;
use super::pins::{Pin, Pins};
use super::place::Place;
use super::shelf::{Flush, OwnShelf, Shelf};
use super::source::{Afar, Origin, client};
use crate::book::{Entry, Kind};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::registries::Registries;

/// What this module returns.
type Result<T> = std::result::Result<T, EngineError>;

/// The file of the present root among those that are kept.
const ROOT: &str = "root.json";

/// What a publisher said.
#[derive(Debug, Clone)]
pub struct Heard {
    /// Whose word it is, about what.
    pub pin: Pin,
    /// Whether there was anything new.
    pub news: Refreshed,
    /// When it stops being believed, in seconds since 1970.
    pub expires: i64,
}

impl Engine {
    /// Asks for news of whoever is pinned at a place, or of everybody. Each answer stands for itself.
    ///
    /// # Errors
    /// [`TrustError::NotPinned`]; pins that cannot be read.
    pub fn refresh_trust(
        &self,
        registries: &Registries,
        place: Option<&Place>,
    ) -> Result<Vec<Result<Heard>>> {
        let pins = Pins::load(&self.site.trust())?;
        let meant: Vec<&Pin> = match place {
            Some(place) => vec![pins.at(place).ok_or_else(|| TrustError::NotPinned(place.to_string()))?],
            None => pins.iter().collect(),
        };
        let client = client(registries);
        let heard = meant.into_iter().map(|pin| self.hear_from_afar(&client, pin)).collect();
        self.learn_all_builds()?;
        Ok(heard)
    }

    /// The same for one pin, as the settings of this engine's user have registries.
    pub(super) fn refresh_pin(&self, pin: &Pin) -> Result<Heard> {
        let Some(places) = &self.places else {
            return Err(TrustError::Nothing(pin.place.to_string()).into());
        };
        let registries = Registries::load(places.clone())?;
        self.hear_from_afar(&client(&registries), pin)
    }

    /// Takes over what a publisher's files say, for everybody who is pinned and has them for their own.
    ///
    /// # Errors
    /// [`TrustError::Strangers`] if they are nobody's who is pinned; pins that cannot be read.
    pub fn import_trust(&self, files: &Files) -> Result<Vec<Result<Heard>>> {
        let pins = Pins::load(&self.site.trust())?;
        let mut all = Vec::new();
        for pin in pins.iter() {
            if files.clone().root(&pin.fingerprint)?.is_some() {
                all.push(self.hear(pin, |_| Ok(files.clone())));
            }
        }
        self.learn_all_builds()?;
        if all.is_empty() { Err(TrustError::Strangers.into()) } else { Ok(all) }
    }

    pub(super) fn hear_from_afar(&self, client: &Client, pin: &Pin) -> Result<Heard> {
        self.hear(pin, |had| Afar::look(client, &pin.place, had))
    }

    /// Takes over what a publisher says. `origin` is asked while nobody else changes what is kept of them.
    pub(super) fn hear<O: Origin>(
        &self,
        pin: &Pin,
        origin: impl FnOnce(&Files) -> Result<O>,
    ) -> Result<Heard> {
        let now = self.now();
        let shelf = Shelf::of(&self.site.trust(), &pin.fingerprint).own()?;
        shelf.ask(now)?;
        let mut had = shelf.files()?;
        let mut origin = origin(&had)?;
        let mut trusted =
            begin(pin, &shelf, &mut had, &mut origin).map_err(|error| self.unbelieved(pin, error))?;
        let outcome = refresh(&mut trusted, &mut origin, now);
        let catalogue = outcome.and_then(|news| Ok((news, Catalogue::of(&mut trusted, &mut origin, now)?)));
        // What was verified before an error stays verified.
        let files = kept(&trusted)?;
        if files != had {
            shelf.keep(&files, &written(trusted.floors())?)?;
        }
        let (news, catalogue) = catalogue.map_err(|error| self.unbelieved(pin, Problem::Word(error)))?;
        let bytes = catalogue.to_bytes().map_err(|error| shelf.damaged(error.to_string()))?;
        shelf.keep_catalogue(&bytes, if files == had { Flush::Later } else { Flush::Now })?;
        if news == Refreshed::Changed {
            self.note(&about(Kind::TrustRefresh, pin, now).with("versions", versions(&trusted)))?;
        }
        Ok(Heard { pin: pin.clone(), news, expires: catalogue.expires() })
    }

    /// What is not believed is history before it is an answer; what merely could not be had is not.
    fn unbelieved(&self, pin: &Pin, problem: Problem) -> EngineError {
        let source = match problem {
            Problem::Word(source) => source,
            Problem::Other(error) => return error,
        };
        let is_silence = matches!(source, trust::TrustError::Source { .. });
        let source = Box::new(source);
        let (publisher, place) = (pin.publisher.clone(), pin.place.to_string());
        let error = TrustError::Unbelieved { publisher, place, source };
        if is_silence {
            return error.into();
        }
        let entry = Entry { detail: Some(error.to_string()), ..about(Kind::TrustRefusal, pin, self.now()) };
        match self.book().and_then(|book| Ok(book.append(&entry, Durability::Flushed)?)) {
            Ok(_) => error.into(),
            Err(failed) => failed,
        }
    }
}

/// Why nothing could be begun with.
enum Problem {
    Word(trust::TrustError),
    Other(EngineError),
}

impl<E: Into<EngineError>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

/// What was believed of a publisher so far: at first, the root whose fingerprint is pinned.
fn begin(
    pin: &Pin,
    shelf: &OwnShelf,
    had: &mut Files,
    origin: &mut impl Origin,
) -> std::result::Result<Trusted, Problem> {
    let floors: Floors = match shelf.floors()? {
        Some(bytes) => serde_json::from_slice(&bytes).map_err(|error| shelf.damaged(error.to_string()))?,
        None => Floors::default(),
    };
    if had.get(ROOT).is_none() {
        let root = origin.root(&pin.fingerprint)?;
        let root = root.ok_or(Problem::Word(trust::TrustError::Stranger(pin.fingerprint)))?;
        Trusted::first(&root, pin.fingerprint).map_err(Problem::Word)?;
        had.add(ROOT, root)?;
    }
    Trusted::from_cache(pin.fingerprint, had, floors).map_err(Problem::Word)
}

fn kept(trusted: &Trusted) -> Result<Files> {
    let mut files = Files::default();
    for (name, bytes) in trusted.files() {
        files.add(&name, bytes.to_vec())?;
    }
    Ok(files)
}

fn written(floors: &Floors) -> Result<Vec<u8>> {
    serde_json::to_vec(floors).map_err(|error| EngineError::io("write what was seen")(error.into()))
}

/// `root 2, timestamp 7, snapshot 4, targets 3`
fn versions(trusted: &Trusted) -> String {
    let Floors { root, timestamp, snapshot, files, .. } = trusted.floors();
    let targets = files.get("targets.json").copied().unwrap_or(0);
    format!("root {root}, timestamp {timestamp}, snapshot {snapshot}, targets {targets}")
}

pub(super) fn about(kind: Kind, pin: &Pin, now: i64) -> Entry {
    Entry::new(kind, now).with("place", pin.place.to_string()).with("publisher", &pin.publisher)
}
