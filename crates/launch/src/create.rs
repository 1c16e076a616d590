//! A container of somebody else's engine: its specification is carried out as it stands.

use model::commission::Commission;
use model::spec::Spec;

use crate::cgroup::{Cgroup, Location};
use crate::error::LaunchError;
use crate::gate::Gate;
use crate::plan::{Keyring, Manner, Plan, RootChange};
use crate::start::{AtHalt, Io, Prepared, carry_out};

/// What is created, and how.
pub struct Order<'a> {
    /// Its paths on the host must be absolute.
    pub spec: &'a Spec,
    /// Where its control group is made; that stays when its processes are gone.
    pub location: &'a Location,
    /// Where its standard streams come from.
    pub io: Io,
    /// Where it waits for its start; without one, for [`Prepared::release`].
    pub gate: Option<&'a Gate>,
    /// Which session keyring it has.
    pub keyring: Keyring,
    /// How its root becomes its processes' root.
    pub root: RootChange,
    /// The hooks of the host.
    pub at_halt: AtHalt<'a>,
}

impl std::fmt::Debug for Order<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Order").field("spec", self.spec).field("io", &self.io).finish_non_exhaustive()
    }
}

/// Carries out the order up to the last step before exec. The commission is consumed: it is good for one
/// start.
///
/// # Errors
/// [`LaunchError`]; nothing of the container is left.
pub fn create(commission: Commission, order: Order<'_>) -> Result<Prepared, LaunchError> {
    drop(commission);
    let Order { spec, location, io, gate, keyring, root, at_halt } = order;
    let plan = Plan::foreign(spec, Manner::foreign(keyring, root))?;
    let resources = &spec.linux.resources;
    let cgroup = Cgroup::create(location, resources)?;
    if let Some(owner) = plan.cgroup_owner() {
        cgroup.give(owner)?;
    }
    carry_out(plan, (cgroup, resources), io, gate, at_halt)
}
