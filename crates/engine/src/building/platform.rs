//! The platform of this host, in the planner's words.

use build::plan::Platform;
use model::image::ImageConfig;

use crate::ship::Wanted;

/// What programs of this host are for.
#[must_use]
pub fn host() -> Platform {
    let (os, architecture) = Wanted::host().into_words();
    Platform { os, architecture, variant: String::new() }
}

/// An image's configuration that says only that.
pub(super) fn of_host() -> ImageConfig {
    let Platform { os, architecture, .. } = host();
    ImageConfig { os, architecture, ..ImageConfig::default() }
}
