//! Running other programs. Each call prints what it runs, so that a log reads as a transcript.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What went wrong, for a person.
pub(crate) type Outcome<T = ()> = Result<T, String>;

/// The top of the checkout.
pub(crate) fn top() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// Where cargo builds: we are `TARGET/TRIPLE/PROFILE/xtask`.
pub(crate) fn target_directory() -> PathBuf {
    let own = std::env::current_exe().ok();
    own.as_deref().and_then(|file| file.ancestors().nth(3)).map_or_else(std::env::temp_dir, Path::to_path_buf)
}

/// Whether this process is root: `/proc/self` belongs to the effective user.
pub(crate) fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|meta| meta.uid() == 0)
}

/// Where `program` is, if it is anywhere in `$PATH` or where Debian keeps what only root runs.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(system).map(|dir| dir.join(program)).find(|file| file.is_file())
}

/// The file of a program that somebody named, by path or as found in `$PATH`.
pub(crate) fn program_file(name: &str) -> Outcome<PathBuf> {
    let file = if name.contains('/') { std::path::absolute(name).ok() } else { find(name) };
    file.filter(|file| file.is_file()).ok_or_else(|| format!("there is no program `{name}`"))
}

/// Cargo itself, the one that runs us.
pub(crate) fn cargo<I: IntoIterator<Item: AsRef<OsStr>>>(arguments: I) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(cargo);
    command.current_dir(top()).args(arguments);
    command
}

/// A program with arguments.
pub(crate) fn program<I>(name: impl AsRef<OsStr>, arguments: I) -> Command
where
    I: IntoIterator<Item: AsRef<OsStr>>,
{
    let mut command = Command::new(name);
    command.args(arguments);
    command
}

/// Prints the command and runs it on our own terminal.
pub(crate) fn show(command: &mut Command) -> Outcome {
    println!("$ {}", line(command));
    let status = command.status().map_err(|error| format!("cannot run `{}`: {error}", line(command)))?;
    if status.success() { Ok(()) } else { Err(format!("`{}` failed ({status})", line(command))) }
}

/// Runs the command and returns its standard output; its standard error becomes the error.
pub(crate) fn capture(command: &mut Command) -> Outcome<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot run `{}`: {error}", line(command)))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let program = name(Path::new(command.get_program()));
    Err(format!("`{program}` failed ({}): {}", output.status, said.trim()))
}

/// A program's name without its place.
pub(crate) fn name(program: &Path) -> String {
    program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned()
}

/// Refuses arguments for a command that takes none.
pub(crate) fn no_arguments(arguments: &[String]) -> Outcome {
    arguments.first().map_or(Ok(()), |first| Err(format!("`{first}`: this command takes no arguments")))
}

/// Builds one binary of the workspace and says where it is. `profile` is one of Cargo.toml's.
pub(crate) fn build(package: &str, profile: &str) -> Outcome<PathBuf> {
    executable_of(cargo(["build", "--package", package, "--profile", profile]), package)
}

/// The same for an example, as it is built to be tested.
pub(crate) fn build_example(package: &str, name: &str) -> Outcome<PathBuf> {
    executable_of(cargo(["build", "--package", package, "--example", name]), name)
}

/// Builds a binary of another workspace within the checkout, with what finds mistakes.
pub(crate) fn build_apart(manifest: &str, name: &str) -> Outcome<PathBuf> {
    executable_of(cargo(["build", "--manifest-path", manifest, "--bin", name]), name)
}

/// Runs a build and says where the executable of that name is.
fn executable_of(mut command: Command, name: &str) -> Outcome<PathBuf> {
    println!("$ {}", line(&command));
    let output = command
        .arg("--message-format=json-render-diagnostics")
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot run cargo: {error}"))?;
    if !output.status.success() {
        return Err(format!("`{name}` does not build"));
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let mut executables = messages.lines().rev().filter_map(|message| executable(message, name));
    executables.next().ok_or_else(|| format!("`{name}` has no binary"))
}

/// coffer-runtime as it is shipped.
pub(crate) fn runtime() -> Outcome<PathBuf> {
    build("coffer-runtime", "runtime")
}

fn executable(message: &str, package: &str) -> Option<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(message).ok()?;
    let name = message.pointer("/target/name")?.as_str()?;
    let file = message.get("executable")?.as_str()?;
    (name == package).then(|| PathBuf::from(file))
}

pub(crate) fn line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args()).map(|word| word.to_string_lossy());
    words.collect::<Vec<_>>().join(" ")
}
