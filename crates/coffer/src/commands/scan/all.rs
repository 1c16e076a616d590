//! `scan --all`: a line for each image.

use engine::Engine;

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
    let (mut all, mut code) = (Vec::new(), 0);
    examiner.each(&engine.images()?, Bar::new, &mut |examined| match examined {
        Ok(examined) => {
            let examined = scan.narrowed(examined);
            code = code.max(scan.code(&examined));
            all.push(OverviewJson::new(&examined));
        }
        Err(error) => {
            context.complain(Some(error.into()));
            code = FOUND;
        }
    });
    context.show(|| &all, || overview(&all, context.style, context.width()))?;
    Ok(code)
}
