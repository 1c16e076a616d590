//! `copy`

use engine::ship::{Copying, Extent, Wanted};
use engine::trust::Along;

use super::sync::referrers;
use crate::args::ship::Copy;
use crate::commands::Act;
use crate::context::Context;
use crate::errors::Failure;
use crate::progress::Lines;
use crate::render::ship::{CopiedJson, copied};
use crate::render::text;
use crate::{registries, site};

impl Act for Copy {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let registries = registries::open(context, self.authfile.as_deref())?;
        let engine = site::open()?;
        let wanted = self.platform.unwrap_or_else(Wanted::host);
        let extent = if self.all { Extent::Whole } else { Extent::One(wanted) };
        let how = Copying { extent, referrers: referrers(self.without_referrers) };
        let done = engine.copy_image(&registries, &self.from, &self.to, &how, &mut Lines::new())?;
        context.show(
            || CopiedJson::new(&done),
            || if self.quiet { format!("{}\n", done.digest) } else { copied(&done, context.style) },
        )?;
        if let Some(word) = done.trust.as_ref().and_then(lost) {
            context.warn(&text::plain(&word));
        }
        Ok(0)
    }
}

/// What a person should know where nobody vouches for the copy as they did for the image.
fn lost(trust: &Along) -> Option<String> {
    match trust {
        Along::Nobody | Along::Aboard | Along::Copied(_) | Along::There(_) => None,
        Along::Foreign(place) => {
            Some(format!("`{place}` has another publisher, who does not vouch for the copy"))
        }
        Along::Renamed(name) => Some(format!(
            "its publisher calls it `{name}`, and does not vouch for the copy under another name"
        )),
    }
}
