//! A pull looks at who vouches for what a name leads to, before any of its layers come.

use ledger::Durability;
use model::digest::Digest;
use model::reference::ImageName;
use model::verdict::Level;
use registry::client::Client;
use trust::catalogue::Doubt;

use super::error::{TrustError, UnvouchedError};
use super::news::about;
use super::pins::Pins;
use super::vouch::{Subject, Unvouched};
use crate::book::{Entry, Kind};
use crate::engine::Engine;
use crate::error::EngineError;

/// News that is not older than this, in seconds, is not asked for again by the next pull.
const RECENT: i64 = 60;

impl Engine {
    /// Refuses an image that falls under a pin unless the publisher vouches for what its name stands for, or for the one
    /// image that was chosen of that. At the level `open` it comes all the same: its start is what is recorded.
    pub(crate) fn admissible(
        &self,
        client: &Client,
        name: &ImageName,
        level: Level,
        digests: [Digest; 2],
    ) -> Result<(), EngineError> {
        let pins = Pins::load(&self.site.trust())?;
        let Some(subject) = Subject::of(&pins, name).filter(|_| level != Level::Open) else { return Ok(()) };
        let now = self.now();
        let ask = || {
            self.consult(&subject.pin, |catalogue| {
                let judged = digests.map(|digest| subject.judge(catalogue, digest, now));
                vouched(judged).map_err(Unvouched::Doubt)?;
                Ok(now.saturating_sub(catalogue.refreshed()) <= RECENT)
            })
        };
        if matches!(ask(), Ok(true)) {
            return Ok(());
        }
        // What was signed a moment ago counts; and where nothing is to be heard, what was heard before still does.
        let news = self.hear_from_afar(client, &subject.pin);
        ask().map(drop).map_err(|doubt| self.inadmissible(name, digests, &subject, &doubt, news.err()))
    }

    fn inadmissible(
        &self,
        name: &ImageName,
        [digest, _]: [Digest; 2],
        subject: &Subject,
        doubt: &Unvouched,
        news: Option<EngineError>,
    ) -> EngineError {
        let doubted = match news.filter(|_| doubt.is_stale()) {
            Some(news) => format!("{doubt}, and there is no news: {news}"),
            None => doubt.to_string(),
        };
        let error = UnvouchedError {
            image: name.to_string(),
            place: subject.pin.place.to_string(),
            publisher: subject.pin.publisher.clone(),
            doubt: doubted,
            code: doubt.code(),
            remedy: doubt.remedy(&subject.pin),
        };
        let entry = about(Kind::TrustRefusal, &subject.pin, self.now()).with("digest", digest.to_string());
        let entry = Entry { name: Some(name.to_string()), detail: Some(error.to_string()), ..entry };
        match self.book().and_then(|book| Ok(book.append(&entry, Durability::Flushed)?)) {
            Ok(_) => TrustError::from(Box::new(error)).into(),
            Err(failed) => failed,
        }
    }
}

/// One of them is vouched for, and none is revoked.
fn vouched<T>(judged: [Result<T, Doubt>; 2]) -> Result<T, Doubt> {
    match judged {
        [Err(doubt @ Doubt::Revoked { .. }), _] | [_, Err(doubt @ Doubt::Revoked { .. })] => Err(doubt),
        [Ok(attested), _] | [_, Ok(attested)] => Ok(attested),
        [Err(doubt), Err(_)] => Err(doubt),
    }
}
