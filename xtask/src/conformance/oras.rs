//! oras, which carries artifacts: its program pushes one to our registry, attaches another to it, finds that, and
//! pulls both back.

use std::path::Path;
use std::process::Command;

use crate::bench::scratch::Scratch;
use crate::conformance::Settings;
use crate::registry::Registry;
use crate::shell::{self, Outcome};

const NOTE: &str = "a note";

/// The first artifact's type, and the type of the one that is about it.
const TYPES: [&str; 2] = ["application/vnd.example.note", "application/vnd.example.about"];

pub(crate) fn run(settings: &Settings) -> Outcome {
    if !settings.path.is_file() {
        let path = settings.path.display();
        return Err(format!("{path} is no program: build oras, and give its file as --path"));
    }
    let scratch = Scratch::new("oras")?;
    let registry = Registry::ours(&scratch, &settings.program, &settings.options)?;
    let client = Client { program: &settings.path, registry: &registry, work: scratch.directory("work")? };
    let there = format!("{}/team/artifact:1", registry.address());
    client.write()?;
    client.says(&["push", &there, "note.txt:text/plain", "--artifact-type", TYPES[0]])?;
    client.says(&["attach", &there, "note.txt:text/plain", "--artifact-type", TYPES[1]])?;
    let found = client.says(&["discover", &there, "--format", "json"])?;
    holds(found.contains(TYPES[1]), "what was attached is not found")?;
    client.forget()?;
    client.says(&["pull", &there])?;
    holds(client.read() == NOTE, "what was pulled is not what was pushed")?;
    client.says(&["copy", "--recursive", &there, &format!("{}/team/other:1", registry.address())])?;
    client.says(&["manifest", "delete", "--force", &there])?;
    holds(client.says(&["manifest", "fetch", &there]).is_err(), "what was deleted is still there")?;
    println!("oras pushes, attaches, discovers, pulls, copies and deletes");
    Ok(())
}

/// oras with a directory and an account of its own.
struct Client<'a> {
    program: &'a Path,
    registry: &'a Registry,
    work: std::path::PathBuf,
}

impl Client<'_> {
    fn says(&self, words: &[&str]) -> Outcome<String> {
        let (user, password) = self.registry.credentials().ok_or("the registry has no users")?;
        let mut command = Command::new(self.program);
        command.current_dir(&self.work).env("HOME", &self.work).args(words);
        match words {
            ["copy", ..] => {
                command.args(["--from-plain-http", "--from-username", user, "--from-password", password]);
                command.args(["--to-plain-http", "--to-username", user, "--to-password", password]);
            }
            _ => {
                command.args(["--plain-http", "--username", user, "--password", password]);
            }
        }
        shell::capture(&mut command)
    }

    fn write(&self) -> Outcome {
        std::fs::write(self.work.join("note.txt"), NOTE).map_err(|error| format!("note.txt: {error}"))
    }

    fn forget(&self) -> Outcome {
        std::fs::remove_file(self.work.join("note.txt")).map_err(|error| format!("note.txt: {error}"))
    }

    fn read(&self) -> String {
        std::fs::read_to_string(self.work.join("note.txt")).unwrap_or_default()
    }
}

fn holds(true_: bool, otherwise: &str) -> Outcome {
    if true_ { Ok(()) } else { Err(otherwise.to_owned()) }
}
