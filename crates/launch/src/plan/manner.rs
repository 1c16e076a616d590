//! How a container is started, beside what it is.

/// What differs between a container of ours and one of somebody else's engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Manner {
    pub keeper: Keeper,
    pub filter: FilterTime,
    pub program: ProgramCheck,
    pub keyring: Keyring,
    pub root: RootChange,
}

/// Who the container ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeper {
    /// The process that started it.
    Starter,
    /// Nobody: that process is gone long before.
    Nobody,
}

/// When the system call filter is installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FilterTime {
    /// Before the process waits for its start, so that it can be looked at; the filter is ours and allows
    /// what is left to do.
    BeforeTheWait,
    /// Right before exec: a foreign filter may forbid anything.
    BeforeExec,
}

/// When a program that cannot be executed is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProgramCheck {
    /// As it is executed.
    AtExec,
    /// At the creation already, as engines expect.
    AtCreation,
}

/// Which session keyring the container has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyring {
    /// A new one.
    Own,
    /// That of the caller.
    Callers,
}

/// How the container's root becomes its processes' root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RootChange {
    /// pivot_root(2): the host's tree is gone afterwards.
    Pivot,
    /// chroot(2), where the host's root cannot be pivoted (an initial ramdisk).
    Chroot,
}

impl Manner {
    /// Of a container of ours.
    pub(crate) const OURS: Self = Self {
        keeper: Keeper::Starter,
        filter: FilterTime::BeforeTheWait,
        program: ProgramCheck::AtExec,
        keyring: Keyring::Own,
        root: RootChange::Pivot,
    };

    /// Of a container of somebody else's engine.
    pub(crate) fn foreign(keyring: Keyring, root: RootChange) -> Self {
        Self {
            keeper: Keeper::Nobody,
            filter: FilterTime::BeforeExec,
            program: ProgramCheck::AtCreation,
            keyring,
            root,
        }
    }
}
