//! `spec`: a specification to begin with, as tight as a shell can live with.

mod starter;
mod filter;

use std::io::Write as _;
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::{Command, Outcome};
use crate::error::Failure;
use crate::globals::Globals;
use crate::json;
use crate::options::{Given, Opt, OptionsEnd, switch, value};
use starter::User;

pub(crate) const COMMAND: Command = Command {
    name: "spec",
    arguments: "",
    about: "write a config.json to begin with",
    options: OPTIONS,
    end: OptionsEnd::Nowhere,
    examples: &["spec --bundle /run/bundles/web", "spec --rootless"],
    run,
};

const OPTIONS: &[Opt] = &[
    value("bundle", Some('b'), "DIR", "where config.json goes (default: here)"),
    switch("rootless", None, "for a user who is not root: with a user namespace of their own id"),
];

fn run(_: &Globals, given: &Given) -> Outcome {
    if let Some(other) = given.arguments.first() {
        return Err(given.wrong(format!("`{other}` is one argument too many")));
    }
    let user = if given.is_on("rootless") {
        User::Own { uid: rustix::process::geteuid().as_raw(), gid: rustix::process::getegid().as_raw() }
    } else {
        User::Root
    };
    let path = Path::new(given.value("bundle").unwrap_or(".")).join("config.json");
    let shown = path.display().to_string();
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let file = match rustix::fs::open(&path, flags, Mode::from_raw_mode(0o666)) {
        Err(Errno::EXIST) => return Err(Failure::Taken(shown)),
        other => other.map_err(Failure::system("make", shown.clone()))?,
    };
    let text = json::pretty(&starter::specification(user));
    std::fs::File::from(file).write_all(text.as_bytes()).map_err(Failure::io("write", shown))?;
    Ok(0)
}
