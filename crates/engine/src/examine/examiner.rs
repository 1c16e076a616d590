//! Examining one thing after the other, by the same advisories and the same words.

use model::finding::{Misconfiguration, Place};
use model::image::{Image, ImageConfig};
use scan::malware::Signs;
use scan::misconfiguration::Placed;
use store::Progress;

use super::gather::{Files, Learned};
use super::known::Known;
use super::words::Words;
use super::{Counts, Examined, Look, Subject, Wishes, describe, malware, matching};
use crate::advice::Advice;
use crate::book::{Entry, Kind};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::time::rfc3339;

/// Examines things as somebody wishes. Everything that the wishes name was read once, and the advisories stay those
/// of its beginning, whatever replaces them.
pub struct Examiner<'a> {
    pub(super) engine: &'a Engine,
    pub(super) wishes: &'a Wishes,
    words: Words,
    pub(super) signs: Signs,
    advice: Option<Advice>,
}

impl Engine {
    /// Reads what an examination needs beside what is examined.
    ///
    /// # Errors
    /// [`ExamineError`](super::ExamineError), where the advisories or a file that the wishes name cannot be used.
    pub fn examiner<'a>(&'a self, wishes: &'a Wishes) -> Result<Examiner<'a>, EngineError> {
        Ok(Examiner {
            engine: self,
            wishes,
            words: Words::read(wishes, &self.site)?,
            signs: malware::signs(wishes)?,
            advice: if wishes.looks.contains(&Look::Vulnerabilities) { self.advice()? } else { None },
        })
    }

    /// The day, `2026-11-26`.
    pub(crate) fn today(&self) -> String {
        rfc3339(self.now()).chars().take(10).collect()
    }

    /// Of what is no image, only files can be mistakes.
    fn mistakes(&self, image: Option<&Image>, oddities: &[Placed]) -> Vec<Misconfiguration> {
        let none = ImageConfig::default();
        let subject = scan::misconfiguration::Subject {
            config: image.map_or(&none, |image| &image.config),
            history: image.map_or(&[], |image| &image.history),
            names: image.map_or(&[], |image| &image.names),
            created: image.and_then(|image| image.created),
            now: self.now(),
        };
        let mut mistakes = scan::misconfiguration::judge(&subject, oddities);
        mistakes.retain(|wrong| image.is_some() || matches!(wrong.place, Place::File { .. }));
        mistakes
    }

    /// What the ledger is told.
    pub(super) fn entry(&self, examined: &Examined, image: Option<&Image>) -> Entry {
        let counts = Counts::of(examined.open().map(|found| found.severity));
        let exploited = examined.open().filter(|found| found.exploited.is_some()).count();
        let digest = image.map(|image| image.digest);
        let entry = Entry::image(Kind::Scan, digest, examined.target.name.clone(), self.now())
            .with("critical", counts.critical.to_string())
            .with("high", counts.high.to_string())
            .with("exploited", exploited.to_string());
        let entry = match examined.looks.contains(&Look::Secrets) {
            true => entry.with("secrets", examined.secrets.len().to_string()),
            false => entry,
        };
        let database = examined.database.as_ref().map(|database| database.time.clone());
        match database {
            Some(time) => entry.with("database", time),
            None => entry,
        }
    }
}

impl Examiner<'_> {
    /// Examines something. This process must have no other thread.
    ///
    /// # Errors
    /// [`ExamineError`](super::ExamineError); the store's and the state's, where there is nothing of the kind.
    pub fn examine(&self, subject: &Subject, progress: &mut dyn Progress) -> Result<Examined, EngineError> {
        let files = if self.signs.is_empty() { Files::NotNeeded } else { Files::Needed };
        let learned = self.engine.learn(subject, (self.wishes.scope(), files), progress)?;
        let image = learned.image.clone();
        let kept = image.as_ref().filter(|_| matches!(subject, Subject::Image(_) | Subject::Archive(_)));
        let examined = self.judged(learned, kept, progress)?;
        self.engine.note(&self.engine.entry(&examined, image.as_ref()))?;
        Ok(examined)
    }

    /// What is to be said of something that was learned. `kept` is the image whose own inventory it is.
    pub(super) fn judged(
        &self,
        learned: Learned,
        kept: Option<&Image>,
        progress: &mut dyn Progress,
    ) -> Result<Examined, EngineError> {
        let (engine, looks) = (self.engine, &self.wishes.looks);
        let Learned { target, known, image, trees, facts } = learned;
        let Known { inventory, secrets, oddities, .. } = known;
        let mut examined = Examined { inventory, looks: looks.clone(), ..Examined::of(target, engine.now()) };
        examined.malware = engine.malware(trees, &facts, &self.signs, &mut examined.inventory, progress)?;
        if looks.contains(&Look::Secrets) {
            examined.secrets = secrets;
        }
        if looks.contains(&Look::Misconfigurations) {
            examined.misconfigurations = engine.mistakes(image.as_ref(), &oddities);
        }
        if looks.contains(&Look::Licences) {
            examined.licences = describe::licences(&examined.inventory);
        }
        if let Some(advice) = &self.advice {
            self.compare(&mut examined, advice, (image.as_ref(), kept))?;
        }
        Ok(examined)
    }

    /// Asks the advisories, and then everybody who has a word in it. `kept` is the image whose own inventory it is.
    fn compare(
        &self,
        examined: &mut Examined,
        advice: &Advice,
        (image, kept): (Option<&Image>, Option<&Image>),
    ) -> Result<(), EngineError> {
        let (engine, today) = (self.engine, self.engine.today());
        let mut found = advice.vulnerabilities(&mut examined.inventory, &today)?;
        let _kept =
            kept.map(|image| engine.keep_judgement(image, &advice.index, &found, &examined.inventory));
        let purls = describe::image_purls(image);
        examined.expired = self.words.apply(&mut found, &examined.inventory, &purls, &today);
        matching::urgent_first(&mut found);
        examined.vulnerabilities = found;
        examined.database = Some(describe::database(&advice.index, engine.now()));
        Ok(())
    }
}
