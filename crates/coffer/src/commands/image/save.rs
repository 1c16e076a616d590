//! `image save`: to a file that is whole or not there, or to standard output.

use std::io::{BufWriter, IsTerminal as _, Write};
use std::path::Path;

use engine::Format;

use crate::args::image::{Save, Shape};
use crate::commands::Act;
use crate::context::Context;
use crate::errors::Failure;
use crate::site;

impl Act for Save {
    fn act(self, _context: &mut Context) -> Result<u8, Failure> {
        let engine = site::open()?;
        let image = engine.image(&self.image)?;
        let shape = match self.shape {
            Shape::OciArchive => Format::OciArchive,
            Shape::DockerArchive => Format::DockerArchive,
        };
        match &self.output {
            Some(path) => save_to(path, |out| engine.save(&image, shape, out).map_err(Failure::from))?,
            None if std::io::stdout().is_terminal() => {
                return Err(Failure::failed(
                    "E-cli-terminal",
                    "standard output is a terminal, and an image is no text",
                    format!("write it to a file: coffer image save {} -o FILE", self.image),
                ));
            }
            None => engine.save(&image, shape, &mut std::io::stdout().lock())?,
        }
        Ok(0)
    }
}

/// Writes beside the path and renames, so that a file of that name is always whole.
pub(crate) fn save_to(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::file("write", path, &error);
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(directory).map_err(|error| failed(error.kind().into()))?;
    let mut out = BufWriter::with_capacity(1 << 16, file.as_file_mut());
    write(&mut out)?;
    out.flush().map_err(failed)?;
    drop(out);
    file.persist(path).map(|_| ()).map_err(|error| failed(error.error))
}
