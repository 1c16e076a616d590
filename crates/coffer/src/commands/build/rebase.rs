//! `rebase`

use engine::Engine;
use engine::building::RebaseRequest;

use crate::args::build::Rebase;
use crate::commands::{Act, Entry, Life, act, options};
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};
use crate::render::build::{MovedJson, moved};
use crate::site;

pub(crate) const REBASE: Entry = Entry {
    words: &["rebase"],
    aliases: &[&["image", "rebase"]],
    life: Life::Make,
    about: "Put an image's own layers onto another base, where that is safe: patch day without building anew",
    examples: [
        ("coffer rebase app:1 --onto debian:12.9", "app:1 is the new image then"),
        ("coffer rebase app:1 --onto debian:12.9 --dry-run", "only whether it may be done"),
    ],
    notes: "\
It is done only where nothing can break that the application relies on: the same platform, distribution and release, a C
library that is not older, the same runtimes and libraries, and no file of the application's layers that the two bases
have otherwise. What came from the old base in the configuration comes from the new one. Otherwise every reason is told,
and nothing is changed.

Without --from it is the image of the store that shares most layers with this one.

Exit code: 0 done, 1 it stays where it is, 2 not understood.",
    codes: ExitCodes::Ordinary,
    options: options::<Rebase>,
    act: act::<Rebase>,
};

impl Act for Rebase {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let engine = site::open()?;
        let request = self.request(&engine)?;
        if self.dry_run {
            engine.judge_rebase(&request)?;
            context.print(&format!("{} can lie on {}\n", self.image, self.onto))?;
            return Ok(0);
        }
        let done = engine.rebase(request)?;
        done.remarks.iter().for_each(|remark| context.warn(remark));
        context.show(|| MovedJson::new(&done), || moved(&done, context.style))?;
        Ok(0)
    }
}

impl Rebase {
    fn request(&self, engine: &Engine) -> Result<RebaseRequest, Failure> {
        let from = self.from.as_ref().map(|from| engine.image(from)).transpose()?;
        Ok(RebaseRequest {
            image: engine.image(&self.image)?,
            from,
            onto: engine.image(&self.onto)?,
            onto_name: self.onto.clone(),
            names: self.names.clone(),
        })
    }
}
