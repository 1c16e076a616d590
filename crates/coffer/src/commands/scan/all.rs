//! `scan --all`: a line for each image.

use engine::Engine;
use engine::examine::{Examined, Subject};

use super::FOUND;
use crate::args::scan::Scan;
use crate::context::Context;
use crate::errors::Failure;
use crate::progress::Bar;
use crate::render::scan::{OverviewJson, overview};

/// Goes on after an image that cannot be scanned.
pub(super) fn examine(scan: &Scan, engine: &Engine, context: &Context) -> Result<u8, Failure> {
    let wishes = scan.words.wishes();
    let examiner = engine.examiner(&wishes)?;
    let (mut all, mut code): (Vec<Examined>, u8) = (Vec::new(), 0);
    for image in engine.images()? {
        let name = image.names.first().cloned().unwrap_or_else(|| image.digest.to_string());
        match examiner.examine(&Subject::Image(name), &mut Bar::new()) {
            Ok(examined) => {
                let examined = scan.narrowed(examined);
                code = code.max(scan.code(&examined));
                all.push(examined);
            }
            Err(error) => {
                context.complain(Some(error.into()));
                code = FOUND;
            }
        }
    }
    context.show(
        || all.iter().map(OverviewJson::new).collect::<Vec<_>>(),
        || overview(&all, context.style, context.width()),
    )?;
    Ok(code)
}
