//! Leave to start a container: our own decision, or the order of somebody else's engine.

use crate::permit::Permit;

/// The order of an engine that decides for itself what it runs, once its specification has passed the
/// floor of this host. Not `Clone`: there is one for each start, and `launch` consumes it.
#[derive(Debug, PartialEq, Eq)]
pub struct Commission {
    container: String,
    weaknesses: Vec<String>,
}

impl Commission {
    /// Vouches that the specification of `container` has passed the floor. Only `runtime::floor` calls this;
    /// a test of the whole workspace fails on any other caller.
    #[must_use]
    pub fn assertion(container: String, weaknesses: Vec<String>) -> Self {
        Self { container, weaknesses }
    }

    /// The container that may start.
    #[must_use]
    pub fn container(&self) -> &str {
        &self.container
    }

    /// What the engine gave up of the confinement, by stable names.
    #[must_use]
    pub fn weaknesses(&self) -> &[String] {
        &self.weaknesses
    }
}

/// Either is good for one start.
#[derive(Debug)]
pub enum Leave {
    /// We have decided.
    Permit(Permit),
    /// Somebody else has, above our floor.
    Commission(Commission),
}

impl From<Permit> for Leave {
    fn from(permit: Permit) -> Self {
        Self::Permit(permit)
    }
}

impl From<Commission> for Leave {
    fn from(commission: Commission) -> Self {
        Self::Commission(commission)
    }
}
