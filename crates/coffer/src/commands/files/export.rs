//! `export`: to a file that is whole or not there, or to standard output.

use std::io::IsTerminal as _;

use super::warn;
use crate::args::files::Export;
use crate::commands::Act;
use crate::commands::image::save_to;
use crate::context::Context;
use crate::errors::Failure;
use crate::progress::Bar;
use crate::site;

impl Act for Export {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        if self.output.is_none() && std::io::stdout().is_terminal() {
            return Err(Failure::failed(
                "E-cli-terminal",
                "standard output is a terminal, and an archive is no text",
                format!("write it to a file: coffer export {} -o FILE", self.container),
            ));
        }
        let engine = site::open()?;
        let mut bar = Bar::of_bytes();
        let mut notices = None;
        let mut export = |out: &mut dyn std::io::Write| {
            notices = Some(engine.export(&self.container, out, &mut |bytes| bar.moved(bytes))?);
            Ok(())
        };
        match &self.output {
            Some(path) => save_to(path, export)?,
            None => export(&mut std::io::stdout().lock())?,
        }
        drop(bar);
        warn(context, &notices.unwrap_or_default());
        Ok(0)
    }
}
