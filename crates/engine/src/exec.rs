//! STUB until w-exec
use crate::engine::Engine;
use crate::state::Record;
use model::spec::Spec;
use model::upkeep::HealthCommand;
use std::time::Duration;
/// r
#[derive(Debug)]
pub struct HealthResult {
    /// e
    pub exit: Option<u8>,
    /// o
    pub output: Vec<u8>,
}
impl Engine {
    pub(crate) fn probe_health(
        &self,
        _r: &Record,
        _s: &Spec,
        _c: &HealthCommand,
        _t: Duration,
    ) -> HealthResult {
        HealthResult { exit: None, output: Vec::new() }
    }
}
