//! Hooks that run inside, ready to be executed by the container's first process.

use std::ffi::CString;

use model::spec::{Hook, Hooks};
use sys::exec::StringVector;

use super::path::cstring;
use crate::error::LaunchError;

/// A hook's program and how long it may take.
#[derive(Debug)]
pub(crate) struct PlannedHook {
    pub path: CString,
    pub arguments: StringVector,
    pub environment: StringVector,
    /// Seconds.
    pub timeout: Option<u64>,
}

/// The hooks of a creation and a start, those outside included.
#[derive(Debug, Default)]
pub(crate) struct HookPlan {
    /// Whether the creation halts for hooks before the root is changed, wherever they run.
    pub halts: bool,
    /// In the container's namespaces, with the caller's root.
    pub create: Vec<PlannedHook>,
    /// In the container, before its program.
    pub start: Vec<PlannedHook>,
}

impl HookPlan {
    pub(crate) fn new(hooks: &Hooks) -> Result<Self, LaunchError> {
        let Hooks { prestart, create_runtime, create_container, start_container, .. } = hooks;
        let before_the_root = [prestart, create_runtime, create_container];
        Ok(Self {
            halts: before_the_root.iter().any(|hooks| !hooks.is_empty()),
            create: create_container.iter().map(PlannedHook::new).collect::<Result<_, _>>()?,
            start: start_container.iter().map(PlannedHook::new).collect::<Result<_, _>>()?,
        })
    }
}

impl PlannedHook {
    fn new(hook: &Hook) -> Result<Self, LaunchError> {
        let invalid = |why| LaunchError::Spec { what: "hook", value: hook.path.clone(), why };
        if !hook.path.starts_with('/') {
            return Err(invalid("its path must be absolute"));
        }
        if hook.timeout == Some(0) {
            return Err(invalid("its timeout must be above zero"));
        }
        // Without arguments a program still has its name.
        let arguments = if hook.args.is_empty() { std::slice::from_ref(&hook.path) } else { &hook.args };
        Ok(Self {
            path: cstring("hook", &hook.path)?,
            arguments: super::process::vector("hook argument", arguments)?,
            environment: super::process::vector("hook environment variable", &hook.env)?,
            timeout: hook.timeout,
        })
    }
}
