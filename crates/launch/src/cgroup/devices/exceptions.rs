//! The rules as version 1 keeps them, and systemd: one answer, and a list of exceptions from it.
//!
//! The kernel takes away from its list only what is on it word for word. So the list is worked out here, and
//! rules that no list can say are refused: an exception from an exception.

use std::collections::BTreeMap;

use super::rule::{Answer, Kind, Rule, Which, access, refused};
use crate::error::LaunchError;

/// What a device's use is without a rule, and where it is otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Exceptions {
    otherwise: Answer,
    list: BTreeMap<Which, u8>,
}

impl Exceptions {
    /// # Errors
    /// [`LaunchError::Spec`] for an exception from an exception.
    pub(in super::super) fn of(rules: &[Rule]) -> Result<Self, LaunchError> {
        let mut exceptions = Self { otherwise: Answer::Deny, list: BTreeMap::new() };
        rules.iter().try_for_each(|rule| exceptions.add(rule))?;
        exceptions.widen();
        Ok(exceptions)
    }

    /// What `devices.list` says, where everything is denied that is not on it; where it is allowed, the
    /// kernel does not tell what is excepted.
    pub(super) fn listed(text: &str) -> Option<Self> {
        let mut list = BTreeMap::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            let mut words = line.split([' ', ':']);
            let (kind, major, minor, bits) = (words.next()?, words.next()?, words.next()?, words.next()?);
            let kind = match kind {
                "b" => Kind::Block,
                "c" => Kind::Character,
                _ => return None,
            };
            let number = |word: &str| if word == "*" { Some(None) } else { word.parse().ok().map(Some) };
            let which = Which { kind: Some(kind), major: number(major)?, minor: number(minor)? };
            let bit = |letter, bit| if bits.contains(letter) { bit } else { 0 };
            let bits = bit('r', access::READ) | bit('w', access::WRITE) | bit('m', access::MAKE);
            list.insert(which, bits);
        }
        Some(Self { otherwise: Answer::Deny, list })
    }

    fn add(&mut self, rule: &Rule) -> Result<(), LaunchError> {
        if rule.which == Which::ANY && rule.access == access::ALL {
            *self = Self { otherwise: rule.answer, list: BTreeMap::new() };
            return Ok(());
        }
        for kind in [Kind::Block, Kind::Character] {
            let which = Which { kind: Some(kind), ..rule.which };
            if rule.which.covers(which) {
                self.add_one(which, rule)?;
            }
        }
        Ok(())
    }

    /// `which` is of one kind, as all on the list are.
    fn add_one(&mut self, which: Which, rule: &Rule) -> Result<(), LaunchError> {
        if rule.answer != self.otherwise {
            *self.list.entry(which).or_default() |= rule.access;
            return Ok(());
        }
        for (excepted, bits) in &mut self.list {
            if which.covers(*excepted) {
                *bits &= !rule.access;
            } else if which.meets(*excepted) && *bits & rule.access != 0 {
                let why = "on version 1 a rule cannot except from a rule about more devices than its own";
                return Err(refused(&name(which), why));
            }
        }
        self.list.retain(|_, bits| *bits != 0);
        Ok(())
    }

    /// A use is allowed by one entry that has all of it, so each has what wider ones have too.
    fn widen(&mut self) {
        if self.otherwise == Answer::Deny {
            let wide = self.list.clone();
            for (which, bits) in &mut self.list {
                let wider = wide.iter().filter(|(other, _)| other.covers(*which));
                *bits = wider.fold(*bits, |bits, (_, more)| bits | more);
            }
        }
    }

    /// What leads from `self` to `wanted`: files and lines, in an order that never denies what both allow.
    pub(super) fn changes(this: Option<&Self>, wanted: &Self) -> Vec<(&'static str, String)> {
        let lines = |exceptions: &Self| -> Vec<(Which, u8)> {
            exceptions.list.iter().map(|(which, bits)| (*which, *bits)).collect()
        };
        let files = |answer| if answer == Answer::Allow { "devices.allow" } else { "devices.deny" };
        let line = |(which, bits): (Which, u8)| format!("{} {}", name(which), letters(bits));
        match this.filter(|this| this.otherwise == wanted.otherwise && wanted.otherwise == Answer::Deny) {
            Some(this) => {
                let more = lines(wanted).into_iter().filter(|entry| !lines(this).contains(entry));
                let less = |(which, bits): (Which, u8)| {
                    let rest = bits & !wanted.list.get(&which).copied().unwrap_or(0);
                    (rest != 0).then(|| (files(Answer::Deny), line((which, rest))))
                };
                let less = lines(this).into_iter().filter_map(less);
                more.map(|entry| (files(Answer::Allow), line(entry))).chain(less).collect()
            }
            None => {
                let except = if wanted.otherwise == Answer::Allow { Answer::Deny } else { Answer::Allow };
                let first = std::iter::once((files(wanted.otherwise), "a".to_owned()));
                first.chain(lines(wanted).into_iter().map(|entry| (files(except), line(entry)))).collect()
            }
        }
    }

    pub(in super::super) fn allows_all(&self) -> bool {
        self.otherwise == Answer::Allow && self.list.is_empty()
    }

    /// The same as systemd's `DeviceAllow=` has it: a path or a group of devices, and letters. It knows no
    /// minor number of all majors.
    pub(in super::super) fn for_systemd(&self) -> Vec<(String, String)> {
        let entry = |(which, bits): (&Which, &u8)| {
            let word = if which.kind == Some(Kind::Block) { "block" } else { "char" };
            let path = match (which.major, which.minor) {
                (None, None) => format!("{word}-*"),
                (Some(major), None) => format!("{word}-{major}"),
                (Some(major), Some(minor)) => format!("/dev/{word}/{major}:{minor}"),
                (None, Some(_)) => return None,
            };
            Some((path, letters(*bits)))
        };
        self.list.iter().filter(|_| self.otherwise == Answer::Deny).filter_map(entry).collect()
    }
}

/// As the kernel's files have it: `c 1:*`.
fn name(which: Which) -> String {
    let number = |number: Option<u32>| number.map_or_else(|| "*".to_owned(), |number| number.to_string());
    let kind = if which.kind == Some(Kind::Block) { 'b' } else { 'c' };
    format!("{kind} {}:{}", number(which.major), number(which.minor))
}

fn letters(bits: u8) -> String {
    let letters = [('r', access::READ), ('w', access::WRITE), ('m', access::MAKE)];
    letters.into_iter().filter(|(_, bit)| bits & bit != 0).map(|(letter, _)| letter).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cgroup::devices::rule::rules;
    use crate::cgroup::devices::rule::tests::{all_uses, allowed, any_rules};

    /// What the kernel does with the lists: `match_exception` and its partial sister.
    fn kernel(exceptions: &Exceptions, device: Which, asked: u8) -> bool {
        let about = exceptions.list.iter().filter(|(which, _)| which.covers(device)).map(|(_, bits)| *bits);
        match exceptions.otherwise {
            Answer::Deny => about.into_iter().any(|bits| asked & !bits == 0),
            Answer::Allow => !about.into_iter().any(|bits| asked & bits != 0),
        }
    }

    #[test]
    fn a_new_group_denies_all_and_then_allows() {
        let all = Rule { answer: Answer::Deny, which: Which::ANY, access: access::ALL };
        let exceptions = Exceptions::of(&[all]).unwrap();
        assert_eq!(Exceptions::changes(None, &exceptions), [("devices.deny", "a".to_owned())]);
        let defaults = Exceptions::of(&rules(&[]).unwrap()).unwrap();
        let changes = Exceptions::changes(None, &defaults);
        assert!(changes.contains(&("devices.allow", "c 1:3 rwm".to_owned())));
        assert!(changes.contains(&("devices.allow", "b *:* m".to_owned())));
        assert!(defaults.for_systemd().contains(&("/dev/char/1:3".into(), "rwm".into())));
        assert!(defaults.for_systemd().contains(&("char-136".into(), "rwm".into())));
    }

    #[test]
    fn what_is_there_changes_only_where_it_differs() {
        let list = "c 1:3 rwm\nc 1:5 rwm\nb *:* m\n";
        let before = Exceptions::listed(list).unwrap();
        let after = Exceptions::listed("c 1:3 rm\nb *:* m\nc 1:7 r\n").unwrap();
        assert_eq!(
            Exceptions::changes(Some(&before), &after),
            [
                ("devices.allow", "c 1:3 rm".to_owned()),
                ("devices.allow", "c 1:7 r".to_owned()),
                ("devices.deny", "c 1:3 w".to_owned()),
                ("devices.deny", "c 1:5 rwm".to_owned()),
            ]
        );
        assert_eq!(Exceptions::listed("a *:* rwm\n"), None);
    }

    #[test]
    fn an_exception_from_an_exception_is_refused() {
        let rule = |answer, minor| {
            let which = Which { kind: Some(Kind::Character), major: Some(1), minor };
            Rule { answer, which, access: access::ALL }
        };
        let refused = Exceptions::of(&[rule(Answer::Allow, None), rule(Answer::Deny, Some(1))]);
        assert!(refused.unwrap_err().to_string().starts_with("invalid device rule `c 1:1`"));
        assert!(Exceptions::of(&[rule(Answer::Allow, Some(1)), rule(Answer::Deny, None)]).is_ok());
    }

    proptest! {
        #[test]
        fn what_a_list_can_say_it_says(rules in any_rules()) {
            let Ok(exceptions) = Exceptions::of(&rules) else { return Ok(()) };
            for (device, asked) in all_uses() {
                let said = kernel(&exceptions, device, asked);
                let meant = allowed(&rules, device, asked);
                // Two entries that cross are not added up: that is stricter than was meant, and never laxer.
                prop_assert!(!said || meant, "{:?} {}", device, asked);
                if asked.count_ones() == 1 {
                    prop_assert_eq!(said, meant, "{:?} {}", device, asked);
                }
            }
        }

        #[test]
        fn any_list_is_read_or_passed_over(text in "[abc0-9:* rwm\n]{0,100}") {
            let _list = Exceptions::listed(&text);
        }
    }
}
