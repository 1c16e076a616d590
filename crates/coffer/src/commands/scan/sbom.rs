//! `sbom`: the bill of material alone, which needs no advisories.

use engine::examine::{Form, Look, Wishes};

use super::{examine, write};
use crate::args::global::{Document, Format};
use crate::args::scan::Sbom;
use crate::commands::Act;
use crate::context::Context;
use crate::errors::Failure;
use crate::site;

impl Act for Sbom {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let engine = site::open()?;
        let wishes = Wishes { looks: [Look::Licences].into(), ..Wishes::default() };
        let examined = examine(&engine, &engine.examiner(&wishes)?, &self.target)?;
        let form = match context.format {
            Format::Document(Document::Spdx) => Form::Spdx,
            _ => Form::CycloneDx,
        };
        let text = examined.document(form);
        match &self.output {
            Some(path) => write(path, &text)?,
            None => context.print(&text)?,
        }
        Ok(0)
    }
}
