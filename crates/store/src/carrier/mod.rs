//! Images in files and directories, as manifests and blobs: for copying without importing.

// In.
mod layout;
mod docker;

// Out.
mod writer;
mod beside;
mod directory;
mod flat;
mod archive;
mod docker_writer;

pub use layout::Layout;
pub use writer::LayoutWriter;
