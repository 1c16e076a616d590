//! `diff`: what a container has changed.

use crate::args::files::Diff;
use crate::commands::Act;
use crate::context::Context;
use crate::errors::Failure;
use crate::render::changes::{self, ChangeJson};
use crate::site;

impl Act for Diff {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let changes = site::open()?.diff(&self.container)?;
        context
            .show(|| changes.iter().map(ChangeJson::new).collect::<Vec<_>>(), || changes::lines(&changes))?;
        Ok(0)
    }
}
