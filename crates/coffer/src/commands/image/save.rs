//! `image save`: to a file that is whole or not there, or to standard output.

use std::fs::{File, Permissions};
use std::io::{BufWriter, IsTerminal as _, Write};
use std::os::unix::fs::PermissionsExt as _;
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

/// Who may read a file that has what containers hold, or whatever else is nobody's business.
const OWNER: u32 = 0o600;

/// Writes beside the path and renames, so that a file of that name is always whole.
pub(crate) fn save_to(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
) -> Result<(), Failure> {
    save_for(OWNER, path, write)
}

/// The same with these permissions, of which the umask takes its part. What is there and no file, a pipe or a device, is
/// written to as it is.
pub(crate) fn save_for(
    mode: u32,
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::file("write", path, &error);
    if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
        let mut file = File::options().write(true).open(path).map_err(failed)?;
        return buffered(&mut file, write)?.map_err(failed);
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    directory.metadata().map_err(failed)?;
    let made = tempfile::Builder::new().permissions(Permissions::from_mode(mode)).tempfile_in(directory);
    let mut file = made.map_err(|error| failed(error.kind().into()))?;
    buffered(file.as_file_mut(), write)?.map_err(failed)?;
    file.persist(path).map(|_| ()).map_err(|error| failed(error.error))
}

fn buffered(
    file: &mut File,
    write: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
) -> Result<std::io::Result<()>, Failure> {
    let mut out = BufWriter::with_capacity(1 << 16, file);
    write(&mut out)?;
    Ok(out.flush())
}
