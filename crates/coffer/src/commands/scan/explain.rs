//! `scan explain`: why something is found, or why it is not.

use super::examine;
use crate::args::scan::Explain;
use crate::commands::Act;
use crate::context::Context;
use crate::errors::Failure;
use crate::render::scan::explained::{self, ExplainedJson};
use crate::site;

impl Act for Explain {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let engine = site::open()?;
        let upper = self.id.to_ascii_uppercase();
        let names = [&self.id, &upper];
        let mut dossier = engine.dossier(&self.id)?;
        if dossier.bulletins.is_empty() {
            dossier = engine.dossier(&upper)?;
        }
        let wishes = self.words.wishes();
        let examined = examine(&engine, &engine.examiner(&wishes)?, &self.target)?;
        let found = names.into_iter().map(|name| explained::found(&examined, name));
        let found = found.into_iter().find(|found| !found.is_empty()).unwrap_or_default();
        context.show(
            || ExplainedJson::new(&self.id, &examined, &found, &dossier),
            || explained::page(&self.id, &examined, &found, &dossier, context.style, context.width()),
        )?;
        Ok(0)
    }
}
