//! How much of everything one Dockerfile may decide.

/// Bounds on what is read and made of it.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of a Dockerfile or .dockerignore.
    pub file_bytes: usize,
    /// Bytes of one logical line, continuations and documents included.
    pub line_bytes: usize,
    /// Instructions of a file, ONBUILD's included.
    pub instructions: usize,
    /// Stages of a file.
    pub stages: usize,
    /// Bytes of one value after its variables are replaced.
    pub expanded_bytes: usize,
    /// Bytes of everything that a plan is made of: values, environments and documents of all its steps.
    pub plan_bytes: usize,
    /// Lines of .dockerignore.
    pub patterns: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 4 << 20,
            line_bytes: 1 << 20,
            instructions: 10_000,
            stages: 1_000,
            expanded_bytes: 1 << 20,
            plan_bytes: 64 << 20,
            patterns: 10_000,
        }
    }
}
