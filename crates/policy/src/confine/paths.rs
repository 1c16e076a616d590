//! Parts of /proc and /sys that tell about the host or change it.

use model::request::RunRequest;
use model::spec::{MASKED_PATHS, READ_ONLY_PATHS, Text};

/// Masked and read-only paths; none for a privileged container.
pub(super) fn hidden(request: &RunRequest) -> (Vec<Text>, Vec<Text>) {
    if request.privileged {
        return (Vec::new(), Vec::new());
    }
    let owned = |paths: &[&'static str]| paths.iter().copied().map(Text::Borrowed).collect();
    (owned(&MASKED_PATHS), owned(&READ_ONLY_PATHS))
}
