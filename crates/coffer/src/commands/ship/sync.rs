//! `sync`

use std::path::Path;

use engine::ship::{Effect, Failing, Job, Outcome, Referrers, Syncing};

use crate::args::ship::Sync;
use crate::commands::Act;
use crate::context::Context;
use crate::errors::Failure;
use crate::progress::Lines;
use crate::render::ship::{SyncedJson, synced};
use crate::{registries, site};

impl Act for Sync {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let registries = registries::open(context, self.authfile.as_deref())?;
        let engine = site::open()?;
        let how = Syncing {
            effect: if self.dry_run { Effect::Say } else { Effect::Copy },
            failing: if self.keep_going { Failing::GoesOn } else { Failing::Stops },
            referrers: referrers(self.without_referrers),
        };
        let mut all = Vec::new();
        engine.sync(&registries, &self.jobs()?, how, &mut Lines::new(), &mut |done| all.push(done))?;
        context.show(
            || all.iter().map(SyncedJson::new).collect::<Vec<_>>(),
            || synced(&all, context.style, context.width()),
        )?;
        let mut code = 0;
        for done in all {
            if let Outcome::Failed(error) = done.outcome {
                context.complain(Some(error.into()));
                code = 1;
            }
        }
        Ok(code)
    }
}

impl Sync {
    fn jobs(&self) -> Result<Vec<Job>, Failure> {
        match &self.to {
            Some(to) => Ok(vec![Job { from: self.from.clone(), to: to.clone(), tags: self.tags.clone() }]),
            None if self.tags.is_empty() => Ok(Job::list(Path::new(&self.from))?),
            None => Err(Failure::usage(
                "`--tags` is for one repository",
                "put patterns into the file: tags = [...]",
            )),
        }
    }
}

/// Facts travel with an image unless somebody says otherwise.
pub(super) fn referrers(without: bool) -> Referrers {
    if without { Referrers::Left } else { Referrers::Along }
}
