//! An entry point for fuzzers and property tests: a hostile specification in, nothing but an answer out.

use model::spec::Spec;

use crate::error::LaunchError;
use crate::plan::{Keyring, Manner, Plan, RootChange};

/// Turns `spec` into plans, as for a container of ours and as for one of somebody else's engine. Nothing is
/// started or made, and namespaces are not joined: opening what a path names is an act already.
///
/// # Errors
/// What is wrong with the specification.
pub fn plan(spec: &Spec) -> Result<(), LaunchError> {
    let ours = Plan::new(spec);
    let mut foreign = spec.clone();
    foreign.linux.namespaces.iter_mut().for_each(|namespace| namespace.path = None);
    Plan::foreign(&foreign, Manner::foreign(Keyring::Own, RootChange::Pivot))?;
    ours.map(drop)
}
