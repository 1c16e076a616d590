//! From events to intervals.

use super::wire::{Event, Range};
use crate::version::{Bound, Interval, Order};

/// Most events in one range.
const MAX_EVENTS: usize = 100_000;

/// The intervals that events describe.
///
/// # Errors
/// Events in no order that can be told, for people.
pub(super) fn intervals(events: &[Event], order: Option<Order>) -> Result<Vec<Interval>, String> {
    if events.len() > MAX_EVENTS {
        return Err(format!("more than {MAX_EVENTS} versions begin or end a range"));
    }
    // A limit of `*` is none.
    let mut events: Vec<&Event> =
        events.iter().filter(|event| **event != Event::Limit("*".to_owned())).collect();
    if !alternate(&events) {
        sort(&mut events, order)?;
    }
    Ok(paired(&events))
}

/// Whether ranges say of no version that it ends one.
pub(super) fn is_endless(ranges: &[Range]) -> bool {
    let begins = |event: &Event| matches!(event, Event::Introduced(_));
    ranges.iter().flat_map(|range| &range.events).all(begins)
}

/// Whether every second event begins an interval and those between end it, as nearly all publishers write them.
fn alternate(events: &[&Event]) -> bool {
    events.iter().enumerate().all(|(at, event)| matches!(event, Event::Introduced(_)) == (at % 2 == 0))
}

fn sort(events: &mut Vec<&Event>, order: Option<Order>) -> Result<(), String> {
    let order = order.ok_or("the versions of a range are in no order, nor is any known")?;
    let mut keyed = Vec::with_capacity(events.len());
    for event in events.drain(..) {
        let mut key = Vec::new();
        if !is_beginning(event.version()) {
            order.key(event.version(), &mut key).map_err(|bad| bad.to_string())?;
        }
        keyed.push((key, event));
    }
    keyed.sort_by(|(one, _), (other, _)| one.cmp(other));
    events.extend(keyed.into_iter().map(|(_, event)| event));
    Ok(())
}

fn paired(events: &[&Event]) -> Vec<Interval> {
    let mut intervals = Vec::new();
    let mut open = None;
    for event in events {
        let to = match event {
            Event::Introduced(version) => {
                open = open.or_else(|| Some(from(version)));
                continue;
            }
            Event::Fixed(version) | Event::Limit(version) => Bound::Excluding(version.clone()),
            Event::LastAffected(version) => Bound::Including(version.clone()),
        };
        if let Some(from) = open.take() {
            intervals.push(Interval { from, to: Some(to) });
        }
    }
    intervals.extend(open.map(|from| Interval { from, to: None }));
    intervals
}

fn from(version: &str) -> Option<Bound> {
    (!is_beginning(version)).then(|| Bound::Including(version.to_owned()))
}

/// Whether a version stands for the one before all others; RustSec's word for it is the second.
fn is_beginning(version: &str) -> bool {
    matches!(version, "0" | "0.0.0-0")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(events: &str, expected: &[(&str, &str)]) {
        let events: Vec<Event> = serde_json::from_str(events).unwrap();
        let show = |bound: &Option<Bound>| match bound {
            None => String::new(),
            Some(Bound::Including(version)) => format!("={version}"),
            Some(Bound::Excluding(version)) => version.clone(),
        };
        let found: Vec<_> = intervals(&events, Some(Order::SemVer))
            .unwrap()
            .iter()
            .map(|interval| (show(&interval.from), show(&interval.to)))
            .collect();
        let expected: Vec<_> =
            expected.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn events_become_intervals() {
        check(r#"[{"introduced":"0"},{"fixed":"1.2.0"}]"#, &[("", "1.2.0")]);
        check(r#"[{"introduced":"0.0.0-0"}]"#, &[("", "")]);
        check(
            r#"[{"introduced":"1.0.0"},{"fixed":"1.2.0"},{"introduced":"2.0.0"},{"last_affected":"2.1.0"}]"#,
            &[("=1.0.0", "1.2.0"), ("=2.0.0", "=2.1.0")],
        );
        check(r#"[{"introduced":"0"},{"limit":"*"}]"#, &[("", "")]);
        check(r#"[{"introduced":"0"},{"limit":"2.0.0"}]"#, &[("", "2.0.0")]);
        check("[]", &[]);
    }

    #[test]
    fn events_in_disorder_are_sorted_by_their_versions() {
        check(
            r#"[{"fixed":"10.0.0"},{"fixed":"2.0.0"},{"introduced":"9.0.0"},{"introduced":"0"}]"#,
            &[("", "2.0.0"), ("=9.0.0", "10.0.0")],
        );
        check(r#"[{"introduced":"1.0.0"},{"introduced":"0"},{"fixed":"2.0.0"}]"#, &[("", "2.0.0")]);
        let disorder = [Event::Fixed("1.0.0".into()), Event::Introduced("0".into())];
        assert!(intervals(&disorder, None).is_err());
        let nonsense = [Event::Fixed("x".into()), Event::Introduced("0".into())];
        assert!(intervals(&nonsense, Some(Order::SemVer)).is_err());
    }
}
