//! What is executed: `RUN`, `CMD`, `ENTRYPOINT`.

use crate::instruction::{Command, Document, Run};
use crate::parse::error::Fault;
use crate::parse::flags::{Flag, Flags, list, text};
use crate::parse::mount;
use crate::parse::node::{Arguments, Node};
use crate::words::Words;

const FLAGS: &[Flag] = &[list("mount"), text("network"), text("security")];

pub(super) fn run(node: &Node, words: &Words) -> Result<Run, Fault> {
    let flags = Flags::read(&node.name, &node.flags, FLAGS)?;
    let mounts: Vec<String> = flags.list("mount").collect();
    mounts.iter().try_for_each(|text| mount::check(text, words))?;
    Ok(Run {
        command: command(&node.arguments, &node.documents),
        mounts,
        network: word(&flags, "network", &["default", "none", "host"], "default, none and host")?,
        security: word(&flags, "security", &["sandbox", "insecure"], "sandbox and insecure")?,
    })
}

/// Either of the two forms.
pub(super) fn command(arguments: &Arguments, documents: &[Document]) -> Command {
    match arguments {
        Arguments::Json(words) => Command::Exec(words.clone()),
        Arguments::Words(words) => Command::Shell(words.concat(), documents.to_vec()),
        _ => Command::Shell(String::new(), documents.to_vec()),
    }
}

fn word(
    flags: &Flags<'_>,
    flag: &'static str,
    words: &[&str],
    known: &'static str,
) -> Result<Option<String>, Fault> {
    match flags.text(flag) {
        Some(value) if !words.contains(&value.as_str()) => Err(Fault::FlagWord { flag, known, value }),
        value => Ok(value),
    }
}
