//! config-linux.md "Offset for Time Namespace".

use std::fmt::Write as _;

use model::spec::{NamespaceKind, Spec, TimeOffset};

use crate::error::LaunchError;

/// What /proc/PID/timens_offsets is told: a line for each clock, all of them in one write.
pub(super) fn offsets(spec: &Spec) -> Result<Option<String>, LaunchError> {
    let offsets = &spec.linux.time_offsets;
    if offsets.is_empty() {
        return Ok(None);
    }
    let invalid = |value: &str, why| LaunchError::Spec { what: "clock offset", value: value.to_owned(), why };
    let every = || offsets.keys().cloned().collect::<Vec<_>>().join(", ");
    match spec.linux.namespaces.iter().find(|namespace| namespace.kind == NamespaceKind::Time) {
        None => return Err(invalid(&every(), "the container has no time namespace of its own")),
        Some(namespace) if namespace.path.is_some() => {
            return Err(invalid(&every(), "the clocks of a namespace that is joined are set already"));
        }
        Some(_) => {}
    }
    let mut text = String::new();
    for (clock, TimeOffset { secs, nanosecs }) in offsets {
        if !["monotonic", "boottime"].contains(&clock.as_str()) {
            return Err(invalid(clock, "only `monotonic` and `boottime` have one"));
        }
        if *nanosecs >= 1_000_000_000 {
            return Err(invalid(clock, "it has more nanoseconds than a second"));
        }
        let _infallible = writeln!(text, "{clock} {secs} {nanosecs}");
    }
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::spec::Namespace;

    fn of(clock: &str, nanosecs: u32, namespaces: &[Option<&str>]) -> Option<String> {
        let mut spec = Spec::default();
        let time =
            |path: &Option<&str>| Namespace { kind: NamespaceKind::Time, path: path.map(str::to_owned) };
        spec.linux.namespaces = namespaces.iter().map(time).collect();
        spec.linux.time_offsets.insert(clock.to_owned(), TimeOffset { secs: -5, nanosecs });
        offsets(&spec).ok().flatten()
    }

    #[test]
    fn offsets_are_for_a_namespace_that_is_made() {
        assert_eq!(of("monotonic", 7, &[None]).as_deref(), Some("monotonic -5 7\n"));
        assert_eq!(of("monotonic", 7, &[]), None);
        assert_eq!(of("monotonic", 7, &[Some("/proc/1/ns/time")]), None);
        assert_eq!(of("realtime", 7, &[None]), None);
        assert_eq!(of("boottime", 1_000_000_000, &[None]), None);
    }
}
