//! The flags of one instruction.

use crate::parse::error::Fault;
use crate::parse::near::nearest;

/// A flag that an instruction knows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flag {
    /// Without its dashes.
    pub(super) name: &'static str,
    pub(super) kind: FlagKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FlagKind {
    /// `--name`, `--name=true`, `--name=false`
    Switch,
    /// `--name=value`
    Text,
    /// `--name=value`, as often as one likes.
    List,
}

/// `--name=value`
pub(super) const fn text(name: &'static str) -> Flag {
    Flag { name, kind: FlagKind::Text }
}

/// `--name`
pub(super) const fn switch(name: &'static str) -> Flag {
    Flag { name, kind: FlagKind::Switch }
}

/// `--name=value`, as often as one likes.
pub(super) const fn list(name: &'static str) -> Flag {
    Flag { name, kind: FlagKind::List }
}

/// What was written.
#[derive(Debug)]
pub(super) struct Flags<'a> {
    found: Vec<(&'static str, &'a str)>,
}

impl<'a> Flags<'a> {
    pub(super) fn read(instruction: &str, written: &'a [String], known: &[Flag]) -> Result<Self, Fault> {
        let mut found: Vec<(&'static str, &str)> = Vec::new();
        for flag in written {
            let flag = flag.strip_prefix("--").unwrap_or(flag);
            let (name, value) =
                flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value)));
            let Some(flag) = known.iter().find(|flag| flag.name == name) else {
                let near = nearest(name, known.iter().map(|flag| flag.name)).map(|near| format!("--{near}"));
                return Err(Fault::Flag { instruction: instruction.to_owned(), flag: name.to_owned(), near });
            };
            if flag.kind != FlagKind::List && found.iter().any(|(known, _)| *known == name) {
                return Err(Fault::FlagTwice(name.to_owned()));
            }
            found.push((flag.name, valid(flag, value)?));
        }
        Ok(Self { found })
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.list(name).next()
    }

    pub(super) fn list(&self, name: &str) -> impl Iterator<Item = String> {
        self.found.iter().filter(move |(found, _)| *found == name).map(|(_, value)| (*value).to_owned())
    }

    pub(super) fn switch(&self, name: &str) -> Option<bool> {
        let (_, value) = self.found.iter().find(|(found, _)| *found == name)?;
        Some(value.eq_ignore_ascii_case("true"))
    }
}

fn valid<'a>(flag: &Flag, value: Option<&'a str>) -> Result<&'a str, Fault> {
    let missing = || Fault::FlagValue(flag.name.to_owned());
    match (flag.kind, value) {
        (FlagKind::Switch, None) => Ok("true"),
        (FlagKind::Switch, Some("")) => Err(missing()),
        (FlagKind::Switch, Some(value)) if ["true", "false"].contains(&value.to_lowercase().as_str()) => {
            Ok(value)
        }
        (FlagKind::Switch, Some(value)) => {
            Err(Fault::FlagSwitch { flag: flag.name.to_owned(), value: value.to_owned() })
        }
        (_, value) => value.ok_or_else(missing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[Flag] = &[text("chown"), switch("link"), list("exclude")];

    /// `--chown`, `--link` and `--exclude`.
    type Read = (Option<String>, Option<bool>, Vec<String>);

    fn read(written: &[&str]) -> Result<Read, Fault> {
        let written: Vec<String> = written.iter().map(|flag| format!("--{flag}")).collect();
        let flags = Flags::read("COPY", &written, KNOWN)?;
        Ok((flags.text("chown"), flags.switch("link"), flags.list("exclude").collect()))
    }

    #[test]
    fn flags_have_values() {
        let lists = vec!["a".to_owned(), String::new()];
        assert_eq!(
            read(&["chown=1", "link", "exclude=a", "exclude="]),
            Ok((Some("1".into()), Some(true), lists))
        );
        assert_eq!(read(&["link=FALSE", "chown="]), Ok((Some(String::new()), Some(false), vec![])));
        assert_eq!(read(&[]), Ok((None, None, vec![])));
    }

    #[test]
    fn flags_that_are_wrong_are_named() {
        let text = |written: &[&str]| read(written).unwrap_err().to_string();
        assert_eq!(text(&["chwon=1"]), "`COPY` has no flag `--chwon`; did you mean `--chown`?");
        assert_eq!(text(&["nothing"]), "`COPY` has no flag `--nothing`");
        assert_eq!(text(&["link", "link"]), "`--link` is written twice");
        assert_eq!(text(&["chown"]), "`--chown` needs a value: `--chown=...`");
        assert_eq!(text(&["link=1"]), "`--link` is `true` or `false`, and not `1`");
        assert_eq!(text(&["link="]), "`--link` needs a value: `--link=...`");
    }
}
