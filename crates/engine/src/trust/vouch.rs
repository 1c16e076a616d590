//! Who vouches for an image that is to start. A start reads two small files; signatures were verified when they came.

use std::time::Duration;

use model::digest::{ClaimedDigest, Digest};
use model::image::Image;
use model::reference::{ImageName, Reference};
use model::trust::Vouched;
use trust::catalogue::{Attested, Catalogue, Doubt};

use super::errand::News;
use super::error::TrustError;
use super::pins::{Pin, Pins};
use super::place::target;
use super::shelf::Shelf;
use crate::engine::Engine;

/// What is older than this, in seconds, is asked for anew while the start goes on.
const STALE: i64 = 3600;

/// So many seconds pass until somebody who did not answer is asked again behind a start.
const AGAIN: i64 = 300;

/// How long a start waits for news where what is kept has expired.
const PATIENCE: Duration = Duration::from_secs(5);

/// A name of an image below a place, and what its publisher calls it.
pub(super) struct Subject {
    pub(super) pin: Pin,
    /// `web/app`
    name: String,
    /// `web/app:1.4`; nothing where the image was asked for by its digest.
    target: Option<String>,
    /// The digest that was asked for.
    digest: Option<ClaimedDigest>,
}

/// What is kept of a publisher says, and how old that is.
struct Answer {
    heard: i64,
    answer: std::result::Result<Word, Unvouched>,
}

/// What a publisher says of an image, and who built it.
struct Word {
    attested: Attested,
    built: Option<String>,
}

/// Why a publisher's word does not stand for an image.
pub(super) enum Unvouched {
    /// They do not say so.
    Doubt(Doubt),
    /// They were never heard.
    Unheard,
    /// What they say cannot be read.
    Unread(TrustError),
}

impl Engine {
    /// Who vouches for an image that was asked for by this name. This process must have no other thread: it may send
    /// one of its own out for news.
    pub(crate) fn vouched(&self, text: &str, image: &Image, now: i64) -> Vouched {
        let pins = match Pins::load(&self.site.trust()) {
            Ok(pins) => pins,
            // Whoever cannot read whom to believe believes nobody.
            Err(error) => {
                let (publisher, place) = ("a publisher".to_owned(), "places of this site".to_owned());
                return Vouched::Doubted {
                    publisher,
                    place,
                    doubt: error.to_string(),
                    remedy: error.remedy(),
                };
            }
        };
        let mut first = Vouched::Nobody;
        for subject in subjects(&pins, text, image) {
            let vouched = match self.attested(&subject, image, now) {
                Ok(word) => return subject.signed(&word.attested, word.built),
                Err((doubt, why)) => subject.doubted(&doubt, why.as_deref()),
            };
            if first == Vouched::Nobody {
                first = vouched;
            }
        }
        first
    }

    /// What the publisher says of an image of the store; where nothing is believed of them any more, after asking for
    /// news, and with what came of that.
    fn attested(
        &self,
        subject: &Subject,
        image: &Image,
        now: i64,
    ) -> std::result::Result<Word, (Unvouched, Option<String>)> {
        let Answer { heard, answer } = self.answer(subject, image, now);
        if self.places.is_none() {
            return answer.map_err(|doubt| (doubt, None));
        }
        if answer.as_ref().is_err_and(Unvouched::is_stale) {
            let why = match self.news_within(&subject.pin, PATIENCE) {
                News::Heard => None,
                News::None(why) => Some(why),
            };
            return self.answer(subject, image, now).answer.map_err(|doubt| (doubt, why));
        }
        if now.saturating_sub(heard) >= STALE {
            self.keep_fresh(&subject.pin, now);
        }
        answer.map_err(|doubt| (doubt, None))
    }

    /// What is kept of the publisher says of an image of the store.
    fn answer(&self, subject: &Subject, image: &Image, now: i64) -> Answer {
        let said = self.consult(&subject.pin, |catalogue| {
            let answer = self.judged(catalogue, subject, image, now).map_err(Unvouched::Doubt);
            let word = |attested| Word { attested, built: self.built(subject, catalogue, image) };
            Ok(Answer { heard: catalogue.refreshed(), answer: answer.map(word) })
        });
        said.unwrap_or_else(|why| Answer { heard: 0, answer: Err(why) })
    }

    fn judged(
        &self,
        catalogue: &Catalogue<'_>,
        subject: &Subject,
        image: &Image,
        now: i64,
    ) -> std::result::Result<Attested, Doubt> {
        let doubt = match subject.judge(catalogue, image.digest, now) {
            Err(doubt) => doubt,
            attested => return attested,
        };
        // Of an index the publisher signs the list, and what runs is one of its images.
        let listed = match &doubt {
            Doubt::OtherDigest { signed, .. } => Some(*signed),
            Doubt::UnknownDigest { .. } => subject.digest,
            _ => None,
        };
        match listed.and_then(|listed| self.store.listed(&listed, image).ok().flatten()) {
            Some(listed) => subject.judge(catalogue, listed, now),
            None => Err(doubt),
        }
    }

    /// Asks the catalogue of a publisher. One that was torn, or is of another version, is made anew with the next news.
    pub(super) fn consult<T>(
        &self,
        pin: &Pin,
        ask: impl FnOnce(&Catalogue<'_>) -> std::result::Result<T, Unvouched>,
    ) -> std::result::Result<T, Unvouched> {
        let bytes = self.catalogue(pin).map_err(Unvouched::Unread)?.ok_or(Unvouched::Unheard)?;
        let catalogue = Catalogue::from_bytes(&bytes).map_err(|_| Unvouched::Unheard)?;
        ask(&catalogue)
    }

    /// Has news asked for behind the start, unless somebody asked a moment ago.
    fn keep_fresh(&self, pin: &Pin, now: i64) {
        let asked = Shelf::of(&self.site.trust(), &pin.fingerprint).asked().unwrap_or(0);
        if now.saturating_sub(asked) >= AGAIN {
            self.news_later(pin);
        }
    }
}

/// The names by which an image falls under a pin. A name with its registry means itself; anything else may be any of
/// the image's names.
fn subjects(pins: &Pins, text: &str, image: &Image) -> Vec<Subject> {
    let typed = match text.parse() {
        Ok(Reference::Name(name) | Reference::Remote(name)) => Some(name),
        Ok(Reference::Embedded) => return Vec::new(),
        Ok(Reference::Archive(_)) | Err(_) => None,
    };
    if let Some(name) = &typed {
        let subject = Subject::of(pins, name);
        if subject.is_some() || name.names_registry() {
            return subject.into_iter().collect();
        }
    }
    let names = image.names.iter().filter_map(|name| name.parse::<ImageName>().ok());
    names.filter_map(|name| Subject::of(pins, &name)).collect()
}

impl Subject {
    /// A name, if it falls under a pin.
    pub(super) fn of(pins: &Pins, name: &ImageName) -> Option<Self> {
        let repository = name.located();
        let pinned = pins.over(&repository)?;
        let target = name.digest.is_none().then(|| target(pinned.name, name));
        Some(Self { pin: pinned.pin.clone(), name: pinned.name.to_owned(), target, digest: name.digest })
    }

    pub(super) fn judge(
        &self,
        catalogue: &Catalogue<'_>,
        digest: Digest,
        now: i64,
    ) -> std::result::Result<Attested, Doubt> {
        catalogue.judge(self.target.as_deref(), &self.name, digest, self.pin.stage.as_deref(), now)
    }

    pub(super) fn signed(&self, attested: &Attested, built: Option<String>) -> Vouched {
        Vouched::Signed {
            publisher: self.pin.publisher.clone(),
            place: self.pin.place.to_string(),
            stages: attested.stages().to_vec(),
            built,
        }
    }

    pub(super) fn doubted(&self, doubt: &Unvouched, why: Option<&str>) -> Vouched {
        let sentence = match why {
            Some(why) => format!("{doubt}, and there is no news: {why}"),
            None => doubt.to_string(),
        };
        Vouched::Doubted {
            publisher: self.pin.publisher.clone(),
            place: self.pin.place.to_string(),
            doubt: sentence,
            remedy: doubt.remedy(&self.pin),
        }
    }
}

impl Unvouched {
    /// Whether news could change it, because nothing is believed at the moment.
    pub(super) fn is_stale(&self) -> bool {
        match self {
            Self::Doubt(doubt) => matches!(doubt, Doubt::Expired { .. }),
            Self::Unheard | Self::Unread(_) => true,
        }
    }

    /// Stable code.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Doubt(doubt) => doubt.code(),
            Self::Unheard => "E-trust-unheard",
            Self::Unread(error) => error.code(),
        }
    }

    /// What to do next.
    pub(super) fn remedy(&self, pin: &Pin) -> String {
        let (publisher, place) = (&pin.publisher, &pin.place);
        match self {
            Self::Doubt(Doubt::Expired { .. }) | Self::Unheard => {
                format!("coffer trust refresh {place}")
            }
            Self::Doubt(Doubt::NotSigned(_) | Doubt::UnknownDigest { .. }) => {
                format!("ask {publisher} to sign it: coffer trust sign")
            }
            Self::Doubt(Doubt::OtherDigest { .. }) => {
                format!("take what {publisher} signed, by its digest; coffer trust inspect {place}")
            }
            Self::Doubt(Doubt::Revoked { .. }) => {
                format!("take another version; coffer trust inspect {place}")
            }
            Self::Doubt(Doubt::Stage { .. }) => {
                format!("ask {publisher} to promote it: coffer trust promote")
            }
            Self::Doubt(Doubt::NoStage(_)) => format!("pin another stage; coffer trust inspect {place}"),
            Self::Doubt(Doubt::StageRemoved { .. }) => format!(
                "pin another stage, or none: coffer trust pin {place} --root {}; coffer trust inspect {place} lists them",
                pin.fingerprint
            ),
            Self::Doubt(Doubt::Clock { .. }) => "set the clock".into(),
            Self::Unread(error) => error.remedy(),
        }
    }
}

impl std::fmt::Display for Unvouched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Doubt(doubt) => doubt.fmt(f),
            Self::Unheard => f.write_str("its publisher was never heard"),
            Self::Unread(error) => error.fmt(f),
        }
    }
}
