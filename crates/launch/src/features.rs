//! What this build carries out, for engines that ask before they hand over a specification (features.md).

use crate::plan;

/// Capabilities, with `CAP_`, in the kernel's order.
pub fn capabilities() -> impl Iterator<Item = String> {
    plan::capability_names((1 << plan::CAPABILITIES.len()) - 1).map(|name| format!("CAP_{name}"))
}

/// Modes of `linux.memoryPolicy`.
pub fn memory_policy_modes() -> impl Iterator<Item = &'static str> {
    plan::memory_policy_modes()
}

/// Flags of `linux.memoryPolicy`.
pub fn memory_policy_flags() -> impl Iterator<Item = &'static str> {
    plan::memory_policy_flags()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seccomp;
    use model::spec::{MemoryPolicy, Seccomp, Spec};

    /// What is listed is taken, so that the list cannot outgrow the code.
    #[test]
    fn what_is_listed_is_carried_out() {
        let mut spec = Spec::default();
        spec.process.args = vec!["/bin/true".to_owned()];
        spec.process.capabilities.bounding = capabilities().map(Into::into).collect();
        assert_eq!(spec.process.capabilities.bounding.len(), 41);
        for mode in memory_policy_modes() {
            let flags = memory_policy_flags().map(Into::into).collect();
            let nodes = if ["MPOL_DEFAULT", "MPOL_LOCAL"].contains(&mode) { "" } else { "0" };
            spec.linux.memory_policy = Some(MemoryPolicy { mode: mode.into(), nodes: nodes.into(), flags });
            plan::Plan::new(&spec).unwrap();
        }
        let mut profile = Seccomp {
            architectures: seccomp::architectures().map(Into::into).collect(),
            flags: seccomp::flags().map(|(name, _)| name.into()).collect(),
            ..Seccomp::default()
        };
        seccomp::compile(&profile).unwrap();
        profile.flags.push("SECCOMP_FILTER_FLAG_NEW".into());
        assert!(seccomp::compile(&profile).is_err());
    }
}
