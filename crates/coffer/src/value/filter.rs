//! `--filter key=value`: every filter that is given must hold.

use std::collections::BTreeMap;

use engine::building::{CacheEntry, CacheKind};
use engine::time::Moment;

use super::{ValueError, instant};

/// One condition on a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) key: String,
    pub(crate) value: String,
}

/// `key=value`; which keys there are depends on the list, see [`among`].
pub(crate) fn parse(text: &str) -> Result<Filter, ValueError> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok(Filter { key: key.to_owned(), value: value.to_owned() }),
        _ => Err(ValueError::new("it is no filter", "key=value, such as name=web")),
    }
}

/// A parser that also knows which keys a list has.
pub(crate) fn among(
    keys: &'static [&'static str],
) -> impl Fn(&str) -> Result<Filter, ValueError> + Clone + Send + Sync + 'static {
    known(keys, values_of)
}

/// The same for what builds keep, where a type is another thing.
pub(crate) fn cached(
    keys: &'static [&'static str],
) -> impl Fn(&str) -> Result<Filter, ValueError> + Clone + Send + Sync + 'static {
    known(keys, |key| match key {
        "type" => &CacheKind::NAMES,
        "inuse" => &["true", "false"],
        _ => &[],
    })
}

fn known(
    keys: &'static [&'static str],
    values_of: fn(&str) -> &'static [&'static str],
) -> impl Fn(&str) -> Result<Filter, ValueError> + Clone + Send + Sync + 'static {
    move |text| {
        let filter = parse(text)?;
        let values = values_of(&filter.key);
        if !values.is_empty() && !values.contains(&filter.value.as_str()) {
            let wrong = format!("`{}` is no {}", filter.value, filter.key);
            return Err(ValueError::new(wrong, format!("one of {}", values.join(", "))));
        }
        if filter.key == "until" {
            instant::parse(&filter.value)?;
        }
        if keys.contains(&filter.key.as_str()) {
            return Ok(filter);
        }
        let wrong = format!("there is no filter `{}` here", filter.key);
        Err(ValueError::new(wrong, format!("one of {}", keys.join(", "))))
    }
}

/// What a key can be, where that is known beforehand.
fn values_of(key: &str) -> &'static [&'static str] {
    match key {
        "kind" => engine::book::Kind::NAMES,
        "status" => &["created", "starting", "running", "paused", "restarting", "exited"],
        "health" => &["starting", "healthy", "unhealthy", "none"],
        "type" => &["container", "image", "volume", "registry", "advisories", "trust"],
        "dangling" => &["true", "false"],
        "outcome" => &["go", "go-with-controls", "no-go"],
        _ => &[],
    }
}

/// Keeps what every filter accepts.
pub(crate) fn keep<T>(rows: Vec<T>, filters: &[Filter], holds: impl Fn(&T, &Filter) -> bool) -> Vec<T> {
    rows.into_iter().filter(|row| filters.iter().all(|filter| holds(row, filter))).collect()
}

/// Whether, of the filters with the same key, one holds, and that for every key that is given.
pub(crate) fn one_of_each(filters: &[Filter], holds: impl Fn(&Filter) -> bool) -> bool {
    filters.iter().all(|filter| filters.iter().any(|other| other.key == filter.key && holds(other)))
}

/// The filters of a prune, on something with these labels that was made then: `until`, `label`, `label!`.
pub(crate) fn prune_holds(filter: &Filter, labels: &BTreeMap<String, String>, made: i64, now: i64) -> bool {
    match filter.key.as_str() {
        "label" => label_holds(labels, &filter.value),
        "label!" => !label_holds(labels, &filter.value),
        _ => is_before(&filter.value, made, now),
    }
}

/// The filters of what builds keep: `type`, `id`, `inuse`, `until`.
pub(crate) fn cached_holds(filter: &Filter, entry: &CacheEntry, now: i64) -> bool {
    match filter.key.as_str() {
        "type" => entry.kind.name() == filter.value,
        "id" => entry.title == filter.value || is_beginning(&filter.value, &entry.key),
        "inuse" => entry.busy == (filter.value == "true"),
        _ => is_before(&filter.value, entry.last_used, now),
    }
}

/// Whether a text is the beginning of a digest, with or without its algorithm.
fn is_beginning(text: &str, digest: &str) -> bool {
    const SHORTEST: usize = 6;
    let (text, hex) = (text.trim_start_matches("sha256:"), digest.trim_start_matches("sha256:"));
    text.len() >= SHORTEST && hex.starts_with(text)
}

fn is_before(instant: &str, time: i64, now: i64) -> bool {
    let now = Moment { seconds: now, nanos: 0 };
    instant::parse(instant).is_ok_and(|until| time <= until.seen_from(now).seconds)
}

/// `label=name` asks that the label is there, `label=name=value` for its value too.
pub(crate) fn label_holds(labels: &BTreeMap<String, String>, asked: &str) -> bool {
    match asked.split_once('=') {
        Some((name, value)) => labels.get(name).is_some_and(|found| found == value),
        None => labels.contains_key(asked),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_are_refused_with_the_known_ones() {
        let parse = among(&["name", "label"]);
        assert!(parse("name=web").is_ok());
        assert_eq!(parse("nme=web").unwrap_err().right, "one of name, label");
        assert!(parse("web").is_err());
    }

    #[test]
    fn values_that_nothing_can_have_are_refused() {
        let parse = among(&["status", "dangling"]);
        assert!(parse("status=exited").is_ok() && parse("dangling=false").is_ok());
        assert_eq!(
            parse("status=dead").unwrap_err().right,
            "one of created, starting, running, paused, restarting, exited"
        );
        assert!(parse("dangling=maybe").is_err());
    }

    #[test]
    fn a_prune_spares_what_is_young_or_has_the_label() {
        let parse = among(&["until", "label", "label!"]);
        let labels = BTreeMap::from([("team".to_owned(), "web".to_owned())]);
        let holds = |text: &str, made| prune_holds(&parse(text).unwrap(), &labels, made, 10_000);
        assert!(holds("until=1h", 6_400) && !holds("until=1h", 6_401));
        assert!(holds("label=team", 0) && holds("label=team=web", 0) && !holds("label=team=db", 0));
        assert!(!holds("label!=team", 0) && holds("label!=other", 0));
        assert!(parse("until=soon").is_err());
    }

    #[test]
    fn what_builds_keep_has_types_of_its_own() {
        let parse = cached(&["type", "until"]);
        assert!(parse("type=exec.cachemount").is_ok() && parse("until=24h").is_ok());
        let wrong = parse("type=volume").unwrap_err();
        assert_eq!(wrong.right, "one of regular, source.local, exec.cachemount, internal");
        assert!(parse("inuse=true").is_err(), "nothing that a step has is removed");
        assert!(
            is_beginning("9f2c41", "sha256:9f2c41d0aa17") && is_beginning("sha256:9f2c41", "sha256:9f2c41d0")
        );
        assert!(!is_beginning("9f2c4", "sha256:9f2c41d0") && !is_beginning("f2c41d", "sha256:9f2c41d0"));
    }

    #[test]
    fn of_filters_with_one_key_one_must_hold() {
        let filters = ["event=start", "event=die", "type=container"].map(|text| parse(text).unwrap());
        let holds = |words: [&str; 2]| one_of_each(&filters, |filter| words.contains(&filter.value.as_str()));
        assert!(holds(["die", "container"]) && holds(["start", "container"]));
        assert!(!holds(["die", "image"]) && !holds(["oom", "container"]));
        assert!(one_of_each(&[], |_| false));
    }

    #[test]
    fn every_filter_must_hold() {
        let filters = [parse("name=a").unwrap(), parse("name=b").unwrap()];
        let kept = keep(vec!["ab", "a", "b"], &filters, |row, filter| row.contains(&filter.value));
        assert_eq!(kept, ["ab"]);
    }
}
