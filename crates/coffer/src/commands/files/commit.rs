//! `commit`: an image of what a container has changed.

use engine::files::{CommitRequest, Pause};

use super::warn;
use crate::args::files::Commit;
use crate::commands::Act;
use crate::context::Context;
use crate::errors::Failure;
use crate::render::image::ImageJson;
use crate::site;

impl Act for Commit {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let request = CommitRequest {
            name: self.name,
            author: self.author,
            message: self.message,
            changes: self.change,
            pause: if self.pause { Pause::WhileReading } else { Pause::Never },
        };
        let (image, notices) = site::open()?.commit(&self.container, request)?;
        warn(context, &notices);
        context.show(|| ImageJson::new(&image), || format!("{}\n", image.digest))?;
        Ok(0)
    }
}
