//! `--chown`: a user and a group, by name or number, as the root below knows them.

use model::image::Layer;

use super::error::FilesError;
use crate::engine::Engine;
use crate::user::{MAX_SIZE, MergedRoot, UserError, look_up};

impl Engine {
    /// To whom files are given; `None` where they keep their owners.
    pub(super) fn owner(&self, text: &str, below: &[Layer]) -> Result<Option<(u32, u32)>, FilesError> {
        if text.is_empty() {
            return Ok(None);
        }
        // Whoever gives a number alone means the group of that number, too.
        let spec = if is_number(text) { format!("{text}:{text}") } else { text.to_owned() };
        if spec.split(':').all(is_number) {
            let owner = look_up(&spec, &[], b"", b"")?;
            return Ok(Some((owner.uid, owner.gid)));
        }
        let io = |file| move |source| UserError::Io { file, source };
        let layers = below.iter().rev().map(|layer| self.store.layer_dir(layer));
        let root = MergedRoot::open(layers).map_err(io("/etc/passwd"))?;
        let read = |file| root.read(file, MAX_SIZE).map(Option::unwrap_or_default).map_err(io(file));
        let owner = look_up(&spec, &[], &read("/etc/passwd")?, &read("/etc/group")?)?;
        Ok(Some((owner.uid, owner.gid)))
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
