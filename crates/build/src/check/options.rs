//! `# check=skip=RULE,...;experimental=RULE,...;error=true`

use crate::check::Strictness;
use crate::check::rule::Rule;

/// Rules that are quiet unless somebody asks for them.
const EXPERIMENTAL: &[&str] = &["InvalidDefinitionDescription"];

/// Options of checks that are none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no option of checks; they are `skip=RULE,...`, `experimental=RULE,...` and `error=true`, with `;` between"
)]
pub struct OptionError(String);

/// Which rules are heard.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Options {
    skip: Names,
    experimental: Names,
    pub(super) strictness: Strictness,
}

/// Names of rules, or `all`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Names(Vec<String>);

impl Names {
    fn read(value: &str) -> Self {
        Self(value.split(',').map(|name| name.trim().to_owned()).collect())
    }

    fn has(&self, id: &str) -> bool {
        self.0.iter().any(|name| name == id) || self.0 == ["all"]
    }
}

impl Options {
    pub(super) fn read(text: &str) -> Result<Self, OptionError> {
        let mut options = Self::default();
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let wrong = || OptionError(part.to_owned());
            let (key, value) = part.split_once('=').ok_or_else(wrong)?;
            match (key.trim(), value.trim()) {
                ("skip", names) => options.skip = Names::read(names),
                ("experimental", names) => options.experimental = Names::read(names),
                ("error", "true" | "1") => options.strictness = Strictness::Strict,
                ("error", "false" | "0") => options.strictness = Strictness::Lenient,
                _ => return Err(wrong()),
            }
        }
        Ok(options)
    }

    /// Whether a rule is heard at a place, whose comments may have options of their own.
    pub(super) fn wants(&self, rule: &Rule, comments: &[String]) -> bool {
        let own = comments.iter().find_map(|comment| of_comment(comment)).unwrap_or_default();
        if EXPERIMENTAL.contains(&rule.id) {
            return self.experimental.has(rule.id) || own.experimental.has(rule.id);
        }
        !self.skip.has(rule.id) && !own.skip.has(rule.id)
    }
}

/// `check=skip=RULE why`
fn of_comment(comment: &str) -> Option<Options> {
    let (name, value) = comment.split_once('=')?;
    let options = value.trim().split(' ').next()?;
    name.trim().eq_ignore_ascii_case("check").then(|| Options::read(options).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read() {
        let options = Options::read("skip=A, B;error=true").unwrap();
        assert!(options.skip.has("A") && options.skip.has("B") && !options.skip.has("C"));
        assert_eq!(options.strictness, Strictness::Strict);
        assert!(Options::read("skip=all").unwrap().skip.has("C"));
        assert_eq!(Options::read("skp=A"), Err(OptionError("skp=A".into())));
        assert_eq!(Options::read("error=maybe"), Err(OptionError("error=maybe".into())));
        assert_eq!(of_comment("check = skip=A // because"), Some(Options::read("skip=A").unwrap()));
        assert_eq!(of_comment("checked=skip=A"), None);
    }
}
