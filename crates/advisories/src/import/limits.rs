//! How much published documents may ask of this machine before they are refused.

/// Upper bounds, each with an error that names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Files, those in archives included. All of OSV has about 700,000.
    pub documents: u64,
    /// Bytes of everything together, once unpacked.
    pub bytes: u64,
    /// Bytes of a document that is held in memory as a whole.
    pub document: u64,
    /// Bytes of a record, of which a document may have many; read, it takes up to sixteen times as much memory.
    pub record: u64,
    /// Directories above a file, and archives around it.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { documents: 5_000_000, bytes: 64 << 30, document: 256 << 20, record: 32 << 20, depth: 16 }
    }
}
