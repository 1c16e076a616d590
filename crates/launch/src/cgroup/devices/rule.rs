//! A rule about devices.

use model::spec::DeviceRule;

use crate::error::LaunchError;

/// More rules than this are nobody's.
const MOST_RULES: usize = 4096;

/// What a device is used for, as bits: the kernel's own.
pub(super) mod access {
    pub(in super::super) const MAKE: u8 = 1;
    pub(in super::super) const READ: u8 = 2;
    pub(in super::super) const WRITE: u8 = 4;
    pub(in super::super) const ALL: u8 = MAKE | READ | WRITE;
}

/// The kernel's numbers for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum Kind {
    Block = 1,
    Character = 2,
}

/// Which devices: whatever is absent is any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) struct Which {
    pub(in super::super) kind: Option<Kind>,
    pub(in super::super) major: Option<u32>,
    pub(in super::super) minor: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Answer {
    Allow,
    Deny,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Rule {
    pub(in super::super) answer: Answer,
    pub(in super::super) which: Which,
    pub(in super::super) access: u8,
}

impl Which {
    pub(super) const ANY: Self = Self { kind: None, major: None, minor: None };

    const fn characters(major: Option<u32>, minor: Option<u32>) -> Self {
        Self { kind: Some(Kind::Character), major, minor }
    }

    /// Whether every device of `other` is one of these.
    pub(super) fn covers(self, other: Self) -> bool {
        fn part<T: PartialEq>(ours: Option<T>, theirs: Option<T>) -> bool {
            ours.is_none() || ours == theirs
        }
        part(self.kind, other.kind) && part(self.major, other.major) && part(self.minor, other.minor)
    }

    /// Whether a device can be one of both.
    pub(super) fn meets(self, other: Self) -> bool {
        fn part<T: PartialEq>(ours: Option<T>, theirs: Option<T>) -> bool {
            ours.is_none() || theirs.is_none() || ours == theirs
        }
        part(self.kind, other.kind) && part(self.major, other.major) && part(self.minor, other.minor)
    }
}

/// config-linux.md "Default Devices": null, zero, full, random, urandom, tty and ptmx, with the terminals of
/// the container's own devpts.
const DEFAULTS: [Which; 8] = [
    Which::characters(Some(1), Some(3)),
    Which::characters(Some(1), Some(5)),
    Which::characters(Some(1), Some(7)),
    Which::characters(Some(1), Some(8)),
    Which::characters(Some(1), Some(9)),
    Which::characters(Some(5), Some(0)),
    Which::characters(Some(5), Some(2)),
    Which::characters(Some(136), None),
];

/// The rules of a specification with those that hold for every container.
///
/// # Errors
/// [`LaunchError::Spec`].
pub(in super::super) fn rules(asked: &[DeviceRule]) -> Result<Vec<Rule>, LaunchError> {
    if asked.len() > MOST_RULES {
        return Err(refused(&asked.len().to_string(), "there are too many"));
    }
    let mut rules = asked.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    rules.push(Rule { answer: Answer::Allow, which: Which::ANY, access: access::MAKE });
    rules.extend(DEFAULTS.map(|which| Rule { answer: Answer::Allow, which, access: access::ALL }));
    Ok(rules)
}

fn parse(rule: &DeviceRule) -> Result<Rule, LaunchError> {
    let kind = match rule.kind.as_ref() {
        "" | "a" => None,
        "b" => Some(Kind::Block),
        "c" => Some(Kind::Character),
        other => return Err(refused(other, "the type of a device is `a`, `b` or `c`")),
    };
    let which = Which { kind, major: number(rule.major)?, minor: number(rule.minor)? };
    let answer = if rule.allow { Answer::Allow } else { Answer::Deny };
    Ok(Rule { answer, which, access: bits(&rule.access)? })
}

fn number(number: Option<i64>) -> Result<Option<u32>, LaunchError> {
    match number {
        None | Some(-1) => Ok(None),
        Some(number) => match u32::try_from(number) {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(refused(&number.to_string(), "no device has that number")),
        },
    }
}

fn bits(access: &str) -> Result<u8, LaunchError> {
    let bit = |letter| match letter {
        'r' => Some(access::READ),
        'w' => Some(access::WRITE),
        'm' => Some(access::MAKE),
        _ => None,
    };
    let bits = access.chars().try_fold(0, |bits, letter| Some(bits | bit(letter)?));
    match bits {
        Some(0) => Ok(access::ALL),
        Some(bits) => Ok(bits),
        None => Err(refused(access, "access is of `r`, `w` and `m`")),
    }
}

pub(super) fn refused(value: &str, why: &'static str) -> LaunchError {
    LaunchError::Spec { what: "device rule", value: value.to_owned(), why }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the rules say, by looking at all of them: the last about each bit.
    pub(in super::super) fn allowed(rules: &[Rule], device: Which, asked: u8) -> bool {
        let bits = [access::MAKE, access::READ, access::WRITE].into_iter().filter(|bit| asked & bit != 0);
        let last = |bit: u8| {
            let about = |rule: &&Rule| rule.which.covers(device) && rule.access & bit != 0;
            rules.iter().rev().find(about).map(|rule| rule.answer)
        };
        bits.map(last).all(|answer| answer == Some(Answer::Allow))
    }

    fn kinds() -> impl Strategy<Value = Option<Kind>> {
        prop::sample::select(vec![None, Some(Kind::Block), Some(Kind::Character)])
    }

    fn numbers() -> impl Strategy<Value = Option<u32>> {
        prop::sample::select(vec![None, Some(0), Some(1), Some(3), Some(u32::MAX)])
    }

    /// Few different numbers, so that rules overlap.
    pub(in super::super) fn any_rules() -> impl Strategy<Value = Vec<Rule>> {
        let rule = (any::<bool>(), kinds(), numbers(), numbers(), 1..=access::ALL).prop_map(
            |(allow, kind, major, minor, access)| Rule {
                answer: if allow { Answer::Allow } else { Answer::Deny },
                which: Which { kind, major, minor },
                access,
            },
        );
        prop::collection::vec(rule, 0..8)
    }

    /// Every device that [`any_rules`] tells apart, and every use.
    pub(in super::super) fn all_uses() -> Vec<(Which, u8)> {
        let mut uses = Vec::new();
        for kind in [Kind::Block, Kind::Character] {
            for major in [0, 1, 2, 3, u32::MAX] {
                for minor in [0, 1, 2, 3, u32::MAX] {
                    let device = Which { kind: Some(kind), major: Some(major), minor: Some(minor) };
                    uses.extend((1..=access::ALL).map(|access| (device, access)));
                }
            }
        }
        uses
    }

    fn rule(kind: &'static str, numbers: [Option<i64>; 2], access: &'static str) -> DeviceRule {
        let [major, minor] = numbers;
        DeviceRule { allow: false, kind: kind.into(), major, minor, access: access.into() }
    }

    #[test]
    fn the_defaults_overrule_whatever_is_asked_for() {
        let rules = rules(&[rule("", [None; 2], "rwm")]).unwrap();
        let device = |major, minor| Which::characters(Some(major), Some(minor));
        assert!(allowed(&rules, device(1, 3), access::ALL));
        assert!(allowed(&rules, device(136, 9), access::READ));
        assert!(allowed(&rules, device(8, 0), access::MAKE) && !allowed(&rules, device(8, 0), access::READ));
        assert!(!allowed(&rules, device(1, 1), access::READ), "kernel memory");
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for (kind, numbers, access) in [
            ("p", [None, None], "r"),
            ("c", [Some(-2), None], "r"),
            ("c", [None, Some(1 << 32)], "r"),
            ("c", [None, None], "rx"),
        ] {
            assert!(parse(&rule(kind, numbers, access)).is_err(), "{kind} {numbers:?} {access}");
        }
        let any = parse(&rule("a", [Some(-1), None], "")).unwrap();
        assert_eq!((any.which, any.access), (Which::ANY, access::ALL));
        assert!(super::rules(&vec![DeviceRule::default(); MOST_RULES + 1]).is_err());
    }
}
