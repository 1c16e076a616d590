//! Examining one image of the store after the other: those of which enough is known are judged several at a time.

use std::panic::resume_unwind;
use std::thread;

use model::image::Image;
use store::{Progress, Quiet};

use super::gather::Learned;
use super::{Examined, Examiner, Subject, describe};
use crate::book::Entry;
use crate::error::EngineError;

/// How many are judged before somebody is told of them: so many are held in memory.
const PORTION: usize = 64;

impl Examiner<'_> {
    /// Examines images of the store, and tells what comes of each, in their order; `watch` makes whoever sees how far
    /// it has come with one. This process must have no other thread.
    pub fn each<P: Progress>(
        &self,
        images: &[Image],
        watch: impl Fn() -> P,
        tell: &mut dyn FnMut(Result<Examined, EngineError>),
    ) {
        for portion in images.chunks(PORTION) {
            let all = self.all_judged(portion);
            if let Err(error) = self.engine.note_all(&self.entries(portion, &all)) {
                tell(Err(error));
                continue;
            }
            for (image, judged) in portion.iter().zip(all) {
                tell(match judged {
                    Some(judged) => judged,
                    None => self.examine(&Subject::Image(name(image)), &mut watch()),
                });
            }
        }
    }

    fn entries(&self, images: &[Image], all: &[Option<Result<Examined, EngineError>>]) -> Vec<Entry> {
        let judged = images.iter().zip(all);
        let judged = judged.filter_map(|(image, judged)| Some((image, judged.as_ref()?.as_ref().ok()?)));
        judged.map(|(image, examined)| self.engine.entry(examined, Some(image))).collect()
    }

    /// What is to be said of images that are known already, by as many threads as there are processors; they end here.
    fn all_judged(&self, images: &[Image]) -> Vec<Option<Result<Examined, EngineError>>> {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let share = images.len().div_ceil(threads).max(1);
        let judge = |images: &[Image]| images.iter().map(|image| self.if_known(image)).collect::<Vec<_>>();
        thread::scope(|scope| {
            let judge = &judge;
            let shares: Vec<_> =
                images.chunks(share).map(|share| scope.spawn(move || judge(share))).collect();
            shares
                .into_iter()
                .flat_map(|share| share.join().unwrap_or_else(|panic| resume_unwind(panic)))
                .collect()
        })
    }

    /// Nothing for an image that has to be looked into.
    fn if_known(&self, image: &Image) -> Option<Result<Examined, EngineError>> {
        let is_enough = self.signs.is_empty();
        let known = is_enough.then(|| self.engine.kept_known(image, self.wishes.scope())).flatten()?;
        let target = describe::image(&name(image), image);
        let learned =
            Learned { target, known, image: Some(image.clone()), trees: Vec::new(), facts: Vec::new() };
        Some(self.judged(learned, Some(image), &mut Quiet))
    }
}

/// The first of its names, or its digest.
fn name(image: &Image) -> String {
    image.names.first().cloned().unwrap_or_else(|| image.digest.to_string())
}
