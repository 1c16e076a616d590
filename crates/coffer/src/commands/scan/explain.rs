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
        let id = if self.id.is_ascii() { self.id.to_ascii_uppercase() } else { self.id.clone() };
        let wishes = self.words.wishes();
        let examined = examine(&engine, &self.target, &wishes)?;
        let found: Vec<_> = [&self.id, &id]
            .into_iter()
            .map(|name| explained::found(&examined, name))
            .find(|found| !found.is_empty())
            .unwrap_or_default();
        let dossier = [&self.id, &id]
            .into_iter()
            .map(|name| engine.dossier(name))
            .find(|dossier| dossier.as_ref().map_or(true, |dossier| !dossier.bulletins.is_empty()))
            .transpose()?
            .unwrap_or_default();
        context.show(
            || ExplainedJson::new(&self.id, &examined, &found, &dossier),
            || explained::page(&self.id, &examined, &found, &dossier, context.style),
        )?;
        Ok(0)
    }
}
