//! What becomes of an image once it is built.

use std::io::{IsTerminal as _, Write};
use std::path::Path;

use engine::building::Built;
use engine::registries::Registries;
use engine::ship::{Pushing, Referrers};
use engine::{Engine, Format as ImageFormat};

use super::platforms::Made;
use crate::args::build::Build;
use crate::args::global::Format;
use crate::commands::image::save_for;
use crate::context::Context;
use crate::errors::Failure;
use crate::progress::{Bar, Lines};
use crate::registries;
use crate::render::build::{BuiltJson, Family, built as text};
use crate::render::ship::pushed;
use crate::value::build::{Output, OutputForm};

/// What everybody may read, as far as the umask lets them.
const EVERYBODY: u32 = 0o666;

/// Whether the result can go where it is wanted, as far as that can be told before there is one.
pub(super) fn check(build: &Build) -> Result<(), Failure> {
    if build.result.push && build.names.is_empty() {
        let what = "an image without a name cannot be sent anywhere";
        return Err(Failure::usage(what, "name it: -t registry.example/team/app:1"));
    }
    if build.result.outputs.iter().any(is_for_stdout) && std::io::stdout().is_terminal() {
        let what = "standard output is a terminal, and an archive is no text";
        return Err(Failure::failed("E-cli-terminal", what, "write it to a file: -o type=tar,dest=FILE"));
    }
    Ok(())
}

fn is_for_stdout(output: &Output) -> bool {
    output.destination.is_none()
}

/// Writes it where it is wanted, and says what it is.
pub(super) fn deliver(build: &Build, engine: &Engine, made: &Made, context: &Context) -> Result<(), Failure> {
    let (result, built) = (&build.result, &made.main);
    for output in &result.outputs {
        match output.destination.as_deref().filter(|_| !made.members.is_empty()) {
            Some(path) => drop(engine.save_family(&made.members, path, build.names.first())?),
            None => write(engine, built, output)?,
        }
    }
    let family = match made.members.as_slice() {
        [] => None,
        members => Some(Family { index: engine.index_of(members)?.to_string(), members }),
    };
    if let Some(path) = &result.iidfile {
        put(path, built.image.digest.to_string().as_bytes())?;
    }
    if let Some(path) = &result.metadata_file {
        let json = serde_json::to_vec_pretty(&BuiltJson::new(built, family.as_ref()));
        put(path, &json.map_err(|error| Failure::internal(&error))?)?;
    }
    let on_stdout = result.outputs.iter().any(is_for_stdout);
    match context.format {
        _ if on_stdout => {}
        Format::Json => context.print_json(&BuiltJson::new(built, family.as_ref()))?,
        _ if result.quiet => context.print(&format!("{}\n", built.image.digest))?,
        Format::Table | Format::Document(_) => context.print(&text(built, family.as_ref(), context.style))?,
    }
    if result.push { push(build, engine, made, context) } else { Ok(()) }
}

fn write(engine: &Engine, built: &Built, output: &Output) -> Result<(), Failure> {
    let place = output.destination.as_deref();
    if let (OutputForm::Local, Some(place)) = (output.form, place) {
        std::fs::create_dir_all(place).map_err(|error| Failure::file("make", place, &error))?;
        let mut bar = Bar::of_bytes();
        engine.unpack_image(&built.image, place, &mut |bytes| bar.moved(bytes))?;
        return Ok(());
    }
    let archive = |out: &mut dyn Write| -> Result<(), Failure> {
        match output.form {
            OutputForm::Oci => engine.save(&built.image, ImageFormat::OciArchive, out)?,
            OutputForm::Docker => engine.save(&built.image, ImageFormat::DockerArchive, out)?,
            OutputForm::Tar | OutputForm::Local => engine.export_image(&built.image, out)?,
        }
        out.flush().map_err(|error| Failure::output(&error))
    };
    match place {
        Some(path) => save_for(EVERYBODY, path, archive),
        None => archive(&mut std::io::stdout().lock()),
    }
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::file("write", path, &error);
    save_for(EVERYBODY, path, |out| out.write_all(bytes).map_err(failed))
}

/// Sends it under each of its names.
fn push(build: &Build, engine: &Engine, made: &Made, context: &Context) -> Result<(), Failure> {
    let registries: Registries = registries::open(context, build.result.authfile.as_deref())?;
    for name in &build.names {
        let (along, lines) = (Referrers::Along, &mut Lines::new());
        let sent = match made.members.as_slice() {
            [] => {
                let how = Pushing { packing: None, referrers: along };
                engine.push(&registries, &made.main.image, name, how, lines)?
            }
            members => engine.push_family(&registries, members, name, along, lines)?,
        };
        if context.format == Format::Table && !build.result.quiet {
            context.print(&pushed(&sent, context.style))?;
        }
    }
    Ok(())
}
