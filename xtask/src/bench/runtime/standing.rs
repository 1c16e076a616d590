//! Containers that stay: one that others enter, and those that a start left behind that failed or hung.

use super::bundles::Bundles;
use super::contestants::Runtime;
use crate::bench::measure;

/// Ends everybody's containers when dropped.
pub(super) struct Crowd<'a>(pub(super) &'a [Runtime]);

impl Drop for Crowd<'_> {
    fn drop(&mut self) {
        for runtime in self.0 {
            let entries = std::fs::read_dir(&runtime.state).into_iter().flatten().flatten();
            let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
            for id in names.filter(|name| name.starts_with("bench-")) {
                if measure::timed(runtime.command().args(["delete", "--force", &id])) == Ok(None) {
                    eprintln!("left behind: {id} of {}", runtime.name);
                }
            }
        }
    }
}

/// A container of each runtime that enters it; ends when dropped.
pub(super) struct Standing(Runtime);

impl Standing {
    pub(super) const ID: &str = "bench-standing";

    /// If it cannot be started, the contestant is left out when it enters for the first time.
    pub(super) fn new(runtime: &Runtime, bundles: &Bundles) -> Self {
        let mut command = runtime.command();
        command.args(["run", "--detach", "--bundle"]).arg(&bundles.worker).arg(Self::ID);
        let _seen_at_the_audition = measure::timed(&mut command);
        Self(runtime.clone())
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        let mut command = self.0.command();
        let deleted = measure::timed(command.args(["delete", "--force", Self::ID]));
        if !matches!(deleted, Ok(Some(_))) {
            eprintln!("left behind: {} of {}", Self::ID, self.0.name);
        }
    }
}
