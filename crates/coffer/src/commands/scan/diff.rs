//! `scan diff`

use super::examine;
use crate::args::scan::Diff;
use crate::commands::Act;
use crate::context::Context;
use crate::errors::Failure;
use crate::render::scan::difference;
use crate::site;

impl Act for Diff {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let engine = site::open()?;
        let wishes = self.words.wishes();
        let examiner = engine.examiner(&wishes)?;
        let before = examine(&engine, &examiner, &self.before)?;
        let after = examine(&engine, &examiner, &self.after)?;
        let (before, after) = (before.scan(), after.scan());
        let diff = engine::examine::diff(&before, &after);
        context.show(|| &diff, || difference::page(&diff, context.style, context.width()))?;
        Ok(0)
    }
}
