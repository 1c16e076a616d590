//! Requirements on versions, as Ruby and PHP write them: `~> 1.2.3, < 1.4`.

use std::cmp::Ordering;

use crate::version::{BadVersion, Bound, Interval, Order};

/// Most requirements of one package.
const MAX_REQUIREMENTS: usize = 10_000;

/// The versions that meet all of `requirements`, which commas separate too.
///
/// # Errors
/// A requirement that is none, for people.
pub(super) fn all_of<'a>(
    requirements: impl IntoIterator<Item = &'a str>,
    order: Order,
) -> Result<Interval, String> {
    let mut interval = Interval::ALL;
    for requirement in requirements.into_iter().flat_map(|list| list.split(',')) {
        let one = one(requirement.trim()).ok_or_else(|| format!("`{requirement}` is no requirement"))?;
        interval = interval.and(one, order).map_err(|bad| bad.to_string())?;
    }
    Ok(interval)
}

fn one(requirement: &str) -> Option<Interval> {
    let end = requirement.find(|letter: char| !"<>=~! ".contains(letter)).unwrap_or(requirement.len());
    let (operator, version) = requirement.split_at_checked(end)?;
    let (version, including) = (version.trim(), |version: &str| Some(Bound::Including(version.to_owned())));
    if !version.starts_with(|first: char| first.is_ascii_alphanumeric()) || version.contains(' ') {
        return None;
    }
    let excluding = Some(Bound::Excluding(version.to_owned()));
    Some(match operator.trim() {
        "" | "=" | "==" => Interval::exactly(version),
        ">=" => Interval { from: including(version), to: None },
        ">" => Interval { from: excluding, to: None },
        "<=" => Interval { from: None, to: including(version) },
        "<" => Interval { from: None, to: excluding },
        "~>" => Interval { from: including(version), to: Some(Bound::Excluding(bumped(version)?)) },
        _ => return None,
    })
}

/// Ruby's end of `~> 1.2.3`: before any `1.3`, its previews included, of which `1.3.a` is the first.
fn bumped(version: &str) -> Option<String> {
    let mut parts: Vec<&str> =
        version.split('.').take_while(|part| part.bytes().all(|byte| byte.is_ascii_digit())).collect();
    if parts.len() > 1 {
        parts.pop();
    }
    let last = parts.pop()?.parse::<u64>().ok()?.checked_add(1)?.to_string();
    parts.push(&last);
    parts.push("a");
    Some(parts.join("."))
}

/// The versions in none of `intervals`.
///
/// # Errors
/// An end that is no version.
pub(super) fn none_of(intervals: &[Interval], order: Order) -> Result<Vec<Interval>, String> {
    if intervals.len() > MAX_REQUIREMENTS {
        return Err(format!("more than {MAX_REQUIREMENTS} requirements"));
    }
    let mut taken = Vec::with_capacity(intervals.len());
    for interval in intervals {
        let from = edge(interval.from.as_ref(), order).map_err(|bad| bad.to_string())?;
        let to = edge(interval.to.as_ref(), order).map_err(|bad| bad.to_string())?;
        // One in which nothing is takes nothing away.
        if interval.to.is_none() || interval.from.is_none() || from.0 <= to.0 {
            taken.push((from, to, interval));
        }
    }
    taken.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(gaps(&taken))
}

/// Where an end is: its version's key, and whether the version itself lies before it.
type Edge = (Vec<u8>, Ordering);

fn edge(bound: Option<&Bound>, order: Order) -> Result<Edge, BadVersion> {
    let mut key = Vec::new();
    let Some(bound) = bound else { return Ok((key, Ordering::Less)) };
    order.key(bound.version(), &mut key)?;
    Ok((key, if matches!(bound, Bound::Including(_)) { Ordering::Equal } else { Ordering::Greater }))
}

fn gaps(taken: &[(Edge, Edge, &Interval)]) -> Vec<Interval> {
    let mut gaps = Vec::new();
    let mut end: Option<(&[u8], &Bound)> = None;
    for ((from, _), (to, _), interval) in taken {
        if let Some(first) = &interval.from {
            let meets = end.is_some_and(|(key, bound)| touches(key, bound, from, first));
            if !meets {
                gaps.push(Interval { from: end.map(|(_, bound)| flipped(bound)), to: Some(flipped(first)) });
            }
        }
        let Some(last) = &interval.to else { return gaps };
        let further = |key: &[u8], bound: &Bound| match to.as_slice().cmp(key) {
            Ordering::Equal => matches!(bound, Bound::Excluding(_)),
            found => found.is_gt(),
        };
        if end.is_none_or(|(key, bound)| further(key, bound)) {
            end = Some((to, last));
        }
    }
    gaps.push(Interval { from: end.map(|(_, bound)| flipped(bound)), to: None });
    gaps
}

/// Whether nothing is between an interval's end and the next one's beginning.
fn touches(end: &[u8], last: &Bound, beginning: &[u8], first: &Bound) -> bool {
    match beginning.cmp(end) {
        Ordering::Less => true,
        Ordering::Equal => matches!(last, Bound::Including(_)) || matches!(first, Bound::Including(_)),
        Ordering::Greater => false,
    }
}

/// The end of what lies on the other side.
fn flipped(bound: &Bound) -> Bound {
    match bound {
        Bound::Including(version) => Bound::Excluding(version.clone()),
        Bound::Excluding(version) => Bound::Including(version.clone()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn show(interval: &Interval) -> String {
        let end = |bound: &Option<Bound>| match bound {
            None => String::new(),
            Some(Bound::Including(version)) => format!("={version}"),
            Some(Bound::Excluding(version)) => version.clone(),
        };
        format!("{}..{}", end(&interval.from), end(&interval.to))
    }

    fn complement(requirements: &[&str]) -> Vec<String> {
        let intervals: Vec<_> =
            requirements.iter().map(|list| all_of([*list], Order::RubyGems).unwrap()).collect();
        none_of(&intervals, Order::RubyGems).unwrap().iter().map(show).collect()
    }

    #[test]
    fn requirements_become_intervals() {
        for (requirement, expected) in [
            ("~> 1.2.3", "=1.2.3..1.3.a"),
            ("~> 1.2", "=1.2..2.a"),
            ("~> 2", "=2..3.a"),
            ("~> 2.3.2, >= 2.3.2.1", "=2.3.2.1..2.4.a"),
            ("1.0", "=1.0..=1.0"),
            ("> 1, <= 2", "1..=2"),
        ] {
            assert_eq!(show(&all_of([requirement], Order::RubyGems).unwrap()), expected, "{requirement}");
        }
        for wrong in ["", ">=", "!= 2", "^1", "1.2 and later", "~> 99999999999999999999.1"] {
            assert!(all_of([wrong], Order::RubyGems).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_not_mended_is_vulnerable() {
        assert_eq!(complement(&[]), [".."]);
        assert_eq!(complement(&[">= 2.6.0"]), ["..2.6.0"]);
        assert_eq!(complement(&["< 0.2.3", "> 0.2.3"]), ["=0.2.3..=0.2.3"]);
        assert_eq!(complement(&["~> 2.3.1", ">= 3.0"]), ["..2.3.1", "=2.4.a..3.0"]);
        assert_eq!(complement(&[">= 3.0", "< 1.0", "~> 2.3.1"]), ["=1.0..2.3.1", "=2.4.a..3.0"]);
        assert_eq!(complement(&["< 2", ">= 1"]), [""; 0]);
        assert_eq!(complement(&["< 2", ">= 2"]), [""; 0]);
        assert_eq!(complement(&["<= 2", "> 2"]), [""; 0]);
    }

    proptest! {
        #[test]
        fn a_version_is_in_one_or_in_the_others(
            ends in prop::collection::vec((0_u8..12, 0_u8..12, any::<bool>(), any::<bool>()), 0..6),
            version in 0_u8..12,
        ) {
            let bound = |version: u8, including| {
                let version = version.to_string();
                Some(if including { Bound::Including(version) } else { Bound::Excluding(version) })
            };
            let intervals: Vec<_> = ends
                .into_iter()
                .map(|(from, to, first, last)| Interval { from: bound(from, first), to: bound(to, last) })
                .collect();
            let version = version.to_string();
            let has = |intervals: &[Interval]| {
                intervals.iter().any(|interval| interval.contains(Order::RubyGems, &version).unwrap())
            };
            prop_assert_ne!(has(&intervals), has(&none_of(&intervals, Order::RubyGems).unwrap()));
        }
    }
}
