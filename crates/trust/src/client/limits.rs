//! How much is read of a stranger: the specification leaves the numbers to each client.

/// Bytes of a root, snapshot or timestamp: W, X and Y of sections 5.3.3, 5.4.1 and 5.5.1.
pub const MOST_METADATA: u64 = 1 << 20;

/// Bytes of the targets of one role: Z of section 5.6.1.
pub const MOST_TARGETS: u64 = 10 << 20;

/// Bytes of a file that is kept beside the metadata, such as the list of what is revoked.
pub const MOST_FILE: u64 = 1 << 20;

/// Roots in one update: Y of section 5.3.3.
pub(super) const MOST_ROOTS: u64 = 1024;

/// Roles that are asked about one name: section 5.6.7.1.
pub(super) const MOST_VISITED: usize = 32;
