//! `RUN --mount`: options separated by commas, whose meaning is known after their variables are replaced.

use crate::instruction::{Mount, MountKind, Sharing};
use crate::parse::error::did_you_mean;
use crate::parse::near::nearest;
use crate::parse::number;
use crate::words::{WordError, Words};

/// A mount that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MountError {
    /// A quote is not closed, or stands in the middle.
    #[error(
        "the quotes of `{0}` cannot be read; an option with a comma is `\"key=a,b\"`, and a quote in it is `\"\"`"
    )]
    Quotes(String),
    /// An option has no value.
    #[error("`{0}` is no option; options are `key=value`, `ro`, `rw` and `required`")]
    Option(String),
    /// There is no such option.
    #[error("there is no option `{key}`{}", did_you_mean(.near.as_deref()))]
    Key {
        /// As written.
        key: String,
        /// One that is written alike.
        near: Option<String>,
    },
    /// A value is none of those that the option knows.
    #[error("`{key}` is one of {known}, and not `{value}`{}", did_you_mean(.near.as_deref()))]
    Value {
        /// The option.
        key: &'static str,
        /// What it may be.
        known: &'static str,
        /// As written.
        value: String,
        /// One that is written alike.
        near: Option<String>,
    },
    /// A value has another form.
    #[error("`{key}` is {wanted}, and not `{value}`")]
    Form {
        /// The option.
        key: String,
        /// What it is.
        wanted: &'static str,
        /// As written.
        value: String,
    },
    /// `from` has a variable.
    #[error("`from` has no variables; name a stage `FROM {0} AS name`, and write `from=name`")]
    From(String),
    /// An option belongs to another type.
    #[error("`{key}` is not for `type={kind}`")]
    Foreign {
        /// The option.
        key: &'static str,
        /// The mount's type.
        kind: &'static str,
    },
    /// A secret has no name.
    #[error("a secret needs `id`, `source` or `target`")]
    Secret,
    /// A secret has two names.
    #[error("a secret has `id` or `source`, and not both")]
    Names,
    /// A variable cannot be replaced.
    #[error(transparent)]
    Word(#[from] WordError),
}

const KEYS: &[&str] = &[
    "type",
    "from",
    "source",
    "src",
    "target",
    "dst",
    "destination",
    "readonly",
    "ro",
    "readwrite",
    "rw",
    "required",
    "size",
    "id",
    "sharing",
    "mode",
    "uid",
    "gid",
    "env",
];

const KINDS: &[MountKind] =
    &[MountKind::Bind, MountKind::Cache, MountKind::Tmpfs, MountKind::Secret, MountKind::Ssh];

const SHARINGS: &[(&str, Sharing)] =
    &[("shared", Sharing::Shared), ("private", Sharing::Private), ("locked", Sharing::Locked)];

impl MountKind {
    /// As `type=` names it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bind => "bind",
            Self::Cache => "cache",
            Self::Tmpfs => "tmpfs",
            Self::Secret => "secret",
            Self::Ssh => "ssh",
        }
    }
}

impl Mount {
    /// Reads `type=cache,target=$DIR`; `expand` replaces the variables of each value, as [`Words::word`] does.
    ///
    /// # Errors
    ///
    /// If an option is unknown, has no or another value, or does not belong to this type.
    pub fn read(
        text: &str,
        expand: &mut dyn FnMut(&str) -> Result<String, WordError>,
    ) -> Result<Self, MountError> {
        let mut mount = Self::default();
        for field in fields(text)? {
            let (key, value) = option(&field)?;
            match value {
                Some(value) => mount.set(key, expand(value)?)?,
                None => mount.set(key, "true".to_owned())?,
            }
        }
        mount.consistent()?;
        Ok(mount)
    }

    /// What `from` names, which is known before any variable has a value.
    ///
    /// # Errors
    ///
    /// If an option is unknown or has no value.
    pub(crate) fn from(text: &str) -> Result<Option<String>, MountError> {
        let mut from = None;
        for field in fields(text)? {
            if let ("from", Some(value)) = option(&field)? {
                from = Some(value.to_owned());
            }
        }
        Ok(from)
    }

    fn set(&mut self, key: &str, value: String) -> Result<(), MountError> {
        match key {
            "type" => self.kind = kind(&value)?,
            "from" => self.from = Some(value),
            "source" | "src" => self.source = Some(value),
            "target" | "dst" | "destination" => self.target = Some(value),
            "readonly" | "ro" => self.readonly = Some(switch(key, &value)?),
            "readwrite" | "rw" => self.readonly = Some(!switch(key, &value)?),
            "required" => self.required = Some(switch(key, &value)?),
            "size" => self.size = Some(form(key, &value, "a size such as `64m`", number::bytes(&value))?),
            "id" => self.id = Some(value),
            "sharing" => self.sharing = Some(sharing(&value)?),
            "mode" => {
                let mode = u32::from_str_radix(&value, 8).ok().filter(|_| !value.starts_with('+'));
                self.mode = Some(form(key, &value, "an octal number such as `0755`", mode)?);
            }
            "uid" => self.uid = Some(form(key, &value, "a number", value.parse().ok())?),
            "gid" => self.gid = Some(form(key, &value, "a number", value.parse().ok())?),
            _ => self.env = Some(value),
        }
        Ok(())
    }

    /// What belongs to which type.
    fn consistent(&self) -> Result<(), MountError> {
        let (secret, ssh) = (self.kind == MountKind::Secret, self.kind == MountKind::Ssh);
        let owned = secret || ssh || self.kind == MountKind::Cache;
        let rules = [
            ("required", self.required.is_some(), secret || ssh),
            ("size", self.size.is_some(), self.kind == MountKind::Tmpfs),
            ("mode", self.mode.is_some(), owned),
            ("uid", self.uid.is_some(), owned),
            ("gid", self.gid.is_some(), owned),
            ("sharing", self.sharing.is_some(), self.kind == MountKind::Cache),
            ("from", self.from.as_ref().is_some_and(|from| !from.is_empty()), !secret),
            ("env", self.env.is_some(), secret),
        ];
        if let Some((key, ..)) = rules.iter().find(|(_, said, allowed)| *said && !allowed) {
            return Err(MountError::Foreign { key, kind: self.kind.name() });
        }
        let said = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        match (said(&self.source), said(&self.id)) {
            (true, true) if secret => Err(MountError::Names),
            (false, false) if secret && !said(&self.target) => Err(MountError::Secret),
            _ => Ok(()),
        }
    }
}

/// What can be said against a mount before its variables have values.
pub(super) fn check(text: &str, words: &Words) -> Result<(), MountError> {
    for field in fields(text)? {
        match option(&field)? {
            ("from", Some(value)) if value.trim_end_matches('$').contains('$') => {
                return Err(MountError::From(value.to_owned()));
            }
            _ => {}
        }
    }
    if !text.contains('$') {
        Mount::read(text, &mut |text| words.word(text, &|_| None).map(|expanded| expanded.text))?;
    }
    Ok(())
}

/// `key=value`, or one of the keys that need no value.
fn option(field: &str) -> Result<(&'static str, Option<&str>), MountError> {
    let (written, value) = field.split_once('=').map_or((field, None), |(key, value)| (key, Some(value)));
    let key = written.to_ascii_lowercase();
    let known = KEYS.iter().find(|known| **known == key);
    match (known, value) {
        (Some(known), Some(_)) => Ok((known, value)),
        (Some(known @ &("readonly" | "ro" | "readwrite" | "rw" | "required")), None) => Ok((known, None)),
        (_, None) => Err(MountError::Option(field.to_owned())),
        (None, Some(_)) => {
            let near = nearest(&key, KEYS.iter().copied()).map(str::to_owned);
            Err(MountError::Key { key: written.to_owned(), near })
        }
    }
}

fn kind(value: &str) -> Result<MountKind, MountError> {
    let lower = value.to_ascii_lowercase();
    KINDS.iter().copied().find(|kind| kind.name() == lower).ok_or_else(|| MountError::Value {
        key: "type",
        known: "bind, cache, tmpfs, secret and ssh",
        value: value.to_owned(),
        near: nearest(&lower, KINDS.iter().map(|kind| kind.name())).map(str::to_owned),
    })
}

fn sharing(value: &str) -> Result<Sharing, MountError> {
    let lower = value.to_ascii_lowercase();
    let found = SHARINGS.iter().find(|(name, _)| *name == lower).map(|(_, sharing)| *sharing);
    found.ok_or_else(|| MountError::Value {
        key: "sharing",
        known: "shared, private and locked",
        value: value.to_owned(),
        near: nearest(&lower, SHARINGS.iter().map(|(name, _)| *name)).map(str::to_owned),
    })
}

fn switch(key: &str, value: &str) -> Result<bool, MountError> {
    let found = match value {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    };
    form(key, value, "`true` or `false`", found)
}

fn form<T>(key: &str, value: &str, wanted: &'static str, found: Option<T>) -> Result<T, MountError> {
    found.ok_or_else(|| MountError::Form { key: key.to_owned(), wanted, value: value.to_owned() })
}

/// Splits at commas that stand outside of quotes, as in CSV.
fn fields(text: &str) -> Result<Vec<String>, MountError> {
    let wrong = || MountError::Quotes(text.to_owned());
    let (mut fields, mut rest) = (Vec::new(), text);
    loop {
        let (field, behind) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_field(quoted).ok_or_else(wrong)?,
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                let (field, behind) = rest.split_at_checked(end).ok_or_else(wrong)?;
                if field.contains('"') {
                    return Err(wrong());
                }
                (field.to_owned(), behind)
            }
        };
        fields.push(field);
        match behind.strip_prefix(',') {
            Some(next) => rest = next,
            None if behind.is_empty() => return Ok(fields),
            None => return Err(wrong()),
        }
    }
}

/// A field up to its closing quote, and what follows.
fn quoted_field(text: &str) -> Option<(String, &str)> {
    let (mut field, mut rest) = (String::new(), text);
    loop {
        let (part, behind) = rest.split_once('"')?;
        field.push_str(part);
        match behind.strip_prefix('"') {
            Some(next) => {
                field.push('"');
                rest = next;
            }
            None => return Some((field, behind)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    fn read(text: &str) -> Result<Mount, MountError> {
        let words = Words::new('\\', &Limits::default());
        let environment = |name: &str| (name == "X").then(|| "cache".to_owned());
        Mount::read(text, &mut |text| words.word(text, &environment).map(|expanded| expanded.text))
    }

    #[test]
    fn options_are_read_after_their_variables() {
        let mount =
            read("TYPE=$X,target=/x/$X,sharing=Locked,\"id=a,\"\"b\"\"\",mode=0700,uid=1,ro=0").unwrap();
        let expected = Mount {
            kind: MountKind::Cache,
            target: Some("/x/cache".into()),
            sharing: Some(Sharing::Locked),
            id: Some("a,b".into()),
            mode: Some(0o700),
            uid: Some(1),
            readonly: Some(false),
            ..Mount::default()
        };
        assert_eq!(mount, expected);
        let mount = read("target=/x,rw,from=a").unwrap();
        assert_eq!((mount.kind, mount.readonly), (MountKind::Bind, Some(false)));
        assert_eq!(read("type=tmpfs,dst=/x,size=1g").unwrap().size, Some(1 << 30));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let text = |mount: &str| read(mount).unwrap_err().to_string();
        assert_eq!(
            text("type=cahce"),
            "`type` is one of bind, cache, tmpfs, secret and ssh, and not `cahce`; did you mean `cache`?"
        );
        assert_eq!(text("targte=/x"), "there is no option `targte`; did you mean `target`?");
        assert_eq!(
            text("target"),
            "`target` is no option; options are `key=value`, `ro`, `rw` and `required`"
        );
        assert_eq!(text("type=cache,mode=99"), "`mode` is an octal number such as `0755`, and not `99`");
        assert_eq!(text("target=/x,uid=1"), "`uid` is not for `type=bind`");
        assert_eq!(text("type=secret,from=a,id=b"), "`from` is not for `type=secret`");
        assert_eq!(text("type=secret"), "a secret needs `id`, `source` or `target`");
        assert_eq!(text("type=secret,id=a,source=b"), "a secret has `id` or `source`, and not both");
        assert_eq!(text("ro=maybe"), "`ro` is `true` or `false`, and not `maybe`");
        assert!(text("target=\"/x\"").starts_with("the quotes of"));
        assert!(text("\"target=/x\"a").starts_with("the quotes of"));
        assert_eq!(text(""), "`` is no option; options are `key=value`, `ro`, `rw` and `required`");
    }

    #[test]
    fn variables_wait_for_their_values_but_for_from() {
        let words = Words::new('\\', &Limits::default());
        assert_eq!(check("type=$X,target=$Y", &words), Ok(()));
        assert_eq!(check("from=$x,target=/x", &words), Err(MountError::From("$x".into())));
        assert!(check("type=x", &words).is_err());
        assert!(check("nothing=$x", &words).is_err());
    }

    #[test]
    fn what_a_mount_is_from_is_known_without_values() {
        assert_eq!(Mount::from("type=$X,FROM=a,target=$Y"), Ok(Some("a".into())));
        assert_eq!(Mount::from("type=cache,target=/x,uid=$U"), Ok(None));
        assert!(Mount::from("nothing=x").is_err());
    }
}
