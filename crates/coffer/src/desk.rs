//! Where publishers' keys are, what opens them, and who is asked: from options, environment and terminal.
//!
//! Passphrases and PINs come from a file, from a variable that is emptied, or from a person, and never from a command
//! line.

use std::ffi::CStr;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use engine::registries::{Registries, Secret};
use engine::trust::token::{TokenUri, Tools};
use engine::trust::{Change, Desk, Guard, Sealing};

use crate::args::trust::{Opening, Sealing as Wish, There};
use crate::context::Context;
use crate::errors::Failure;
use crate::prompt::Terminal;
use crate::render::text;
use crate::site;

/// More than anybody types, in bytes.
const LONGEST: usize = 4096;

/// For commands that nobody attends.
const VARIABLE: &CStr = c"COFFER_TRUST_PASSPHRASE";

/// What modules of tokens need to find their token.
const FOR_TOKENS: [&str; 4] = ["HOME", "PATH", "SOFTHSM2_CONF", "XDG_RUNTIME_DIR"];

/// The directory of publishers, in the user's settings.
const PUBLISHERS: &str = "coffer/publishers";

/// Knows secrets as far as somebody has told them, and asks for the others.
pub(crate) struct Keeper {
    given: Option<Secret>,
    typed: Option<Secret>,
    new: New,
    others: Others,
    /// Why nothing more was asked.
    failed: Option<Failure>,
}

/// What new keys are sealed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum New {
    Passphrase,
    Nothing,
}

/// Whether what others have begun is signed, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Others {
    Asked,
    Agreed,
}

impl Keeper {
    /// What options and environment say. The variable is taken out of the environment whether it is needed or not, so
    /// that no child has it.
    pub(crate) fn new(opening: &Opening) -> Result<Self, Failure> {
        let variable = engine::trust::take_variable(VARIABLE)
            .map_err(|error| Failure::file("read the environment in", Path::new("/proc/self"), &error))?;
        let given = match (&opening.passphrase_file, variable) {
            (Some(path), _) => Some(from_file(path)?),
            (None, Some(bytes)) => Some(one_line(bytes, "COFFER_TRUST_PASSPHRASE")?),
            (None, None) => None,
        };
        Ok(Self { given, typed: None, new: New::Passphrase, others: Others::Asked, failed: None })
    }

    /// One for commands that open no key.
    pub(crate) fn that_asks_nothing() -> Self {
        Self { given: None, typed: None, new: New::Nothing, others: Others::Asked, failed: None }
    }

    /// The same, for a command that makes keys.
    pub(crate) fn that_seals(wish: &Wish) -> Result<Self, Failure> {
        let new = if wish.no_passphrase { New::Nothing } else { New::Passphrase };
        Ok(Self { new, ..Self::new(&wish.opening)? })
    }

    /// The same, for a command that meets what others have begun.
    pub(crate) fn among(self, there: &There) -> Self {
        Self { others: if there.all { Others::Agreed } else { Others::Asked }, ..self }
    }

    /// A desk with this keeper.
    pub(crate) fn desk<'a>(&'a mut self, registries: &'a Registries) -> Result<Desk<'a>, Failure> {
        Ok(Desk {
            publishers: site::config_home()?.join(PUBLISHERS),
            registries,
            tools: tools(),
            guard: self,
        })
    }

    /// What somebody at the terminal did goes before what came of it.
    pub(crate) fn outcome<T>(&mut self, done: Result<T, engine::EngineError>) -> Result<T, Failure> {
        done.map_err(|error| self.failed.take().unwrap_or_else(|| error.into()))
    }

    /// An answer, unless the question could not be put.
    fn heard<T>(&mut self, answer: Result<T, Failure>) -> Option<T> {
        answer.map_err(|failure| self.failed = Some(failure)).ok()
    }

    fn ask(&mut self, question: &str) -> Option<Secret> {
        let answer = Terminal::open()?.ask_secretly(question);
        self.heard(answer)
    }
}

impl Guard for Keeper {
    fn passphrase(&mut self, key: &str, attempt: u32) -> Option<Secret> {
        // What opened one key is likely to open the next.
        let known = self.given.as_ref().or(self.typed.as_ref());
        match (known, attempt) {
            (Some(known), 0) => return Some(known.clone()),
            _ if self.given.is_some() => return None,
            _ => {}
        }
        let again = if attempt > 0 && self.typed.is_some() { "that is not it; " } else { "" };
        self.typed = Some(self.ask(&format!("{again}passphrase of {}: ", text::plain(key)))?);
        self.typed.clone()
    }

    fn pin(&mut self, key: &TokenUri) -> Option<Secret> {
        self.ask(&format!("PIN for {}: ", text::plain(&key.to_string())))
    }

    fn sealing(&mut self) -> Option<Sealing> {
        if self.new == New::Nothing {
            return Some(Sealing::Nothing);
        }
        if let Some(known) = self.given.as_ref().or(self.typed.as_ref()) {
            return Some(Sealing::Passphrase(known.clone()));
        }
        let first = self.ask("passphrase for new keys: ")?;
        let again = self.ask("the same again: ")?;
        if first != again {
            self.failed = Some(Failure::usage("the two passphrases differ", "nothing was made; try again"));
            return None;
        }
        self.typed = Some(first.clone());
        Some(Sealing::Passphrase(first))
    }

    fn agrees(&mut self, changes: &[Change]) -> bool {
        if self.others == Others::Agreed {
            return true;
        }
        let Some(terminal) = Terminal::open() else { return false };
        let listed: String =
            changes.iter().map(|change| format!("  {}\n", text::plain(&change.to_string()))).collect();
        let answer = terminal.ask(&format!("others have begun this:\n{listed}sign it, too? [y/N] "));
        self.heard(answer).is_some_and(|answer| matches!(answer.trim(), "y" | "Y" | "yes"))
    }
}

/// Says once what a person may want to change about new keys.
pub(crate) fn warn_unsealed(context: &Context, wish: &Wish) {
    if wish.no_passphrase {
        context.warn("keys that are made are not sealed: whoever can read their files can sign");
    }
}

fn from_file(path: &Path) -> Result<Secret, Failure> {
    let failed = |error: &std::io::Error| Failure::file("read the passphrase from", path, error);
    let mut bytes = Vec::with_capacity(LONGEST + 1);
    let file = File::open(path).map_err(|error| failed(&error))?;
    file.take(LONGEST as u64 + 1).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    one_line(bytes, &path.display().to_string())
}

/// The text without its line's end.
fn one_line(bytes: Vec<u8>, origin: &str) -> Result<Secret, Failure> {
    let wrong = |what: &str| {
        Failure::usage(format!("`{origin}` {what}"), "it has to have one line with the passphrase of keys")
    };
    if bytes.len() > LONGEST {
        return Err(wrong("is longer than any passphrase"));
    }
    let mut text = String::from_utf8(bytes).map_err(|_| wrong("is no text"))?;
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    if text.is_empty() { Err(wrong("is empty")) } else { Ok(Secret::new(text)) }
}

fn tools() -> Tools {
    let set = |name: &str| Some((name.into(), std::env::var_os(name).filter(|value| !value.is_empty())?));
    Tools {
        directories: std::env::var_os("PATH").iter().flat_map(std::env::split_paths).collect(),
        environment: FOR_TOKENS.iter().filter_map(|name| set(name)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passphrase_is_one_line() {
        let read = |text: &str| one_line(text.into(), "FILE").map(|secret| secret.reveal().to_owned()).ok();
        assert_eq!(read("correct horse\n").as_deref(), Some("correct horse"));
        assert_eq!(read(" a \r\n").as_deref(), Some(" a "));
        assert_eq!((read(""), read("\n"), read(&"a".repeat(LONGEST + 1))), (None, None, None));
    }

    #[test]
    fn what_was_given_is_tried_once_and_seals_new_keys() {
        let given = Some(Secret::new("given".into()));
        let mut keeper =
            Keeper { given, typed: None, new: New::Passphrase, others: Others::Agreed, failed: None };
        assert_eq!(keeper.passphrase("root-1", 0).unwrap().reveal(), "given");
        assert!(keeper.passphrase("root-1", 1).is_none());
        assert!(matches!(keeper.sealing(), Some(Sealing::Passphrase(secret)) if secret.reveal() == "given"));
        keeper.new = New::Nothing;
        assert!(matches!(keeper.sealing(), Some(Sealing::Nothing)));
        assert!(keeper.agrees(&[]));
    }
}
