//! oras, which carries artifacts: it pushes one to our registry, attaches another to it, finds that, pulls, copies and
//! deletes.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::scratch::Scratch;
use crate::conformance::Settings;
use crate::registry::Registry;
use crate::shell::{self, Outcome};

/// What the artifacts consist of.
const NOTE: &str = "a note";

const TYPE: &str = "application/vnd.example.note";

/// The type of the artifact that is about the first one.
const ABOUT: &str = "application/vnd.example.about";

pub(crate) fn run(settings: &Settings) -> Outcome {
    if !settings.path.is_file() {
        let path = settings.path.display();
        return Err(format!("{path} is no program: build oras, and give its file as --path"));
    }
    let scratch = Scratch::new("oras")?;
    let registry = Registry::ours(&scratch, &settings.program, &settings.options)?;
    let client = Client { program: &settings.path, registry: &registry, work: scratch.directory("work")? };
    let there = format!("{}/team/artifact:1", registry.address());
    let note = client.work.join("note.txt");
    let failed = |error: std::io::Error| format!("{}: {error}", note.display());
    std::fs::write(&note, NOTE).map_err(failed)?;
    client.says(&["push", &there, "note.txt:text/plain", "--artifact-type", TYPE])?;
    client.says(&["attach", &there, "note.txt:text/plain", "--artifact-type", ABOUT])?;
    let found = client.says(&["discover", &there, "--format", "json"])?;
    holds(found.contains(ABOUT), "what was attached is not found")?;
    std::fs::remove_file(&note).map_err(failed)?;
    client.says(&["pull", &there])?;
    let pulled = std::fs::read_to_string(&note).map_err(failed)?;
    holds(pulled == NOTE, "what was pulled is not what was pushed")?;
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
    work: PathBuf,
}

impl Client<'_> {
    fn says(&self, words: &[&str]) -> Outcome<String> {
        let (user, password) = self.registry.credentials().ok_or("the registry has no users")?;
        let mut command = Command::new(self.program);
        command.current_dir(&self.work).env("HOME", &self.work).args(words);
        // A copy has two registries, and says everything of each.
        let sides: &[&str] = if words.first() == Some(&"copy") { &["from-", "to-"] } else { &[""] };
        for side in sides {
            command.arg(format!("--{side}plain-http"));
            command.args([format!("--{side}username"), user.to_owned()]);
            command.args([format!("--{side}password"), password.to_owned()]);
        }
        shell::capture(&mut command)
    }
}

fn holds(what: bool, otherwise: &str) -> Outcome {
    if what { Ok(()) } else { Err(otherwise.to_owned()) }
}
