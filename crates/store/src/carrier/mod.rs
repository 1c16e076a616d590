//! Images in files and directories, as manifests and blobs: for copying without importing.

mod layout;
mod writer;

pub use layout::Layout;
pub use writer::LayoutWriter;
