//! What is executed: `RUN`, `CMD`, `ENTRYPOINT`.

use crate::instruction::{Command, Device, Document, Run};
use crate::parse::error::Fault;
use crate::parse::flags::{Flag, Flags, list, text};
use crate::parse::mount;
use crate::parse::node::{Arguments, Node};
use crate::words::Words;

const FLAGS: &[Flag] = &[list("mount"), text("network"), text("security"), list("device")];

pub(super) fn run(node: &Node, words: &Words) -> Result<Run, Fault> {
    let flags = Flags::read(&node.name, &node.flags, FLAGS)?;
    let mounts: Vec<String> = flags.list("mount").collect();
    mounts.iter().try_for_each(|text| mount::check(text, words))?;
    Ok(Run {
        command: command(&node.arguments, &node.documents),
        mounts,
        network: word(&flags, "network", &["default", "none", "host"], "default, none and host")?,
        security: word(&flags, "security", &["sandbox", "insecure"], "sandbox and insecure")?,
        devices: flags.list("device").map(|text| device(&text)).collect::<Result<_, _>>()?,
    })
}

/// `NAME[,required]`, where a name may have a `=` itself.
fn device(text: &str) -> Result<Device, Fault> {
    let wrong = || Fault::Device(text.to_owned());
    let (mut name, mut required) = (None, false);
    for field in text.split(',') {
        let (key, value) = field.split_once('=').unwrap_or((field, ""));
        match (key.to_ascii_lowercase().as_str(), value) {
            ("required", "" | "true" | "1") => required = true,
            ("required", "false" | "0") => required = false,
            ("name", value) if name.is_none() => name = Some(value),
            _ if name.is_none() => name = Some(field),
            _ => return Err(wrong()),
        }
    }
    let name = name.filter(|name| !name.is_empty()).ok_or_else(wrong)?.to_owned();
    Ok(Device { name, required })
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
