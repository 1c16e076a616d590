//! How much an archive may ask of this machine before it is refused.

/// Upper bounds on everything an archive decides. Each has an error that names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Entries in one layer. The largest official images have about 60,000.
    pub entries: u64,
    /// Bytes of all paths and link targets in one layer together, because they are held in memory.
    pub path_bytes: u64,
    /// Unpacked bytes of one layer; holes of sparse files count.
    pub layer_bytes: u64,
    /// Unpacked bytes of one image.
    pub image_bytes: u64,
    /// Unpacked to packed size of a compressed stream, once past [`Limits::ratio_floor`].
    pub ratio: u64,
    /// Bytes that any compressed stream may unpack to, whatever its ratio.
    pub ratio_floor: u64,
    /// Bytes of one path (`PATH_MAX`).
    pub path: usize,
    /// Bytes of one path component (`NAME_MAX`).
    pub component: usize,
    /// Directories above an entry.
    pub depth: usize,
    /// Bytes of all extended attributes of one entry.
    pub xattrs: usize,
    /// Bytes of an image index or manifest.
    pub manifest: u64,
    /// Bytes of an image configuration.
    pub config: u64,
    /// Layers of one image.
    pub layers: usize,
    /// Artifacts beside one image: signatures, attestations, inventories.
    pub attached: usize,
    /// Bytes of all of them. The inventory of a large image has some tens of megabytes.
    pub attached_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 500_000,
            path_bytes: 64 << 20,
            layer_bytes: 64 << 30,
            image_bytes: 64 << 30,
            ratio: 200,
            ratio_floor: 64 << 20,
            path: 4096,
            component: 255,
            depth: 256,
            xattrs: 64 << 10,
            manifest: 4 << 20,
            config: 8 << 20,
            layers: 512,
            attached: 256,
            attached_bytes: 64 << 20,
        }
    }
}
