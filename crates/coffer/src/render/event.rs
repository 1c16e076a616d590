//! What happened, an event for each entry of the ledger: Docker's words where Docker has one.

use std::collections::BTreeMap;

use engine::book::{Entry, Kind, Line};
use serde::Serialize;

use super::style::Style;
use super::text;
use crate::commands::Truncate;

/// `--format json` of `coffer events`: one event.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Event {
    /// Index of the ledger's entry.
    pub(crate) entry: u64,
    /// RFC 3339.
    pub(crate) time: String,
    /// `container`, `image`, `volume`, `registry`, `advisories` or `trust`.
    #[serde(rename = "type")]
    pub(crate) subject: &'static str,
    /// `start`, `die`, `health_status: healthy`.
    pub(crate) action: String,
    /// The container's id, the image's digest, or the volume's name.
    pub(crate) id: String,
    /// What else is known.
    pub(crate) attributes: BTreeMap<String, String>,
}

/// What earlier entries said of containers; later ones name only the id.
#[derive(Debug, Default)]
pub(crate) struct Chronicle(BTreeMap<String, Known>);

#[derive(Debug, Clone, Default)]
struct Known {
    name: Option<String>,
    image: Option<String>,
    labels: BTreeMap<String, String>,
}

impl Chronicle {
    /// The event that an entry stands for; `None` where this version does not know what it is about. Has
    /// to see every entry, in order.
    pub(crate) fn event(&mut self, line: &Line) -> Option<Event> {
        let Line { index, entry } = line;
        let (subject, action) = meaning(entry)?;
        let id = match subject {
            "container" => entry.container.clone().unwrap_or_default(),
            "volume" => entry.volume.clone().unwrap_or_default(),
            _ => entry.image.clone().or_else(|| entry.name.clone()).unwrap_or_default(),
        };
        let known = match subject {
            "container" => self.learn(&id, entry),
            _ => Known { name: entry.name.clone(), ..Known::default() },
        };
        // A label does not pass for something else.
        let mut attributes = known.labels;
        attributes.extend(entry.attributes.clone());
        let mut say = |name: &str, value: Option<String>| {
            attributes.extend(value.map(|value| (name.to_owned(), value)));
        };
        say("name", known.name);
        say("image", known.image);
        say("exitCode", entry.exit.map(|exit| exit.exit_code().to_string()));
        say("permit", entry.permit.map(|permit| permit.to_string()));
        say("rule", entry.rule.clone());
        say("detail", entry.detail.clone());
        Some(Event { entry: *index, time: entry.time.clone(), subject, action, id, attributes })
    }

    /// The latest word counts; nothing follows the end of a container that is removed.
    fn learn(&mut self, id: &str, entry: &Entry) -> Known {
        let known = self.0.entry(id.to_owned()).or_default();
        known.name = entry.attributes.get("name").cloned().or_else(|| known.name.take());
        known.image = entry.name.clone().or_else(|| known.image.take());
        if !entry.labels.is_empty() {
            known.labels.clone_from(&entry.labels);
        }
        let known = known.clone();
        // A refusal is about no container, and so about none that is heard of again.
        if id.is_empty() || entry.kind == Kind::ContainerRemove {
            self.0.remove(id);
        }
        known
    }
}

/// What it is about, and what happened to it.
fn meaning(entry: &Entry) -> Option<(&'static str, String)> {
    let attribute = |name: &str| entry.attributes.get(name).map_or("", String::as_str);
    let container = |action: &str| Some(("container", action.to_owned()));
    match entry.kind {
        Kind::Permit => container("permit"),
        Kind::Refusal => container("refuse"),
        Kind::Create => container("create"),
        Kind::Start if entry.exit.is_some() => container("start_failed"),
        Kind::Start => container("start"),
        Kind::Kill => container("kill"),
        Kind::Stop => container("stop"),
        Kind::Restart => container("restart"),
        Kind::Pause => container("pause"),
        Kind::Unpause => container("unpause"),
        Kind::Rename => container("rename"),
        Kind::Update => container("update"),
        Kind::Health => container(&format!("health_status: {}", attribute("health"))),
        Kind::Oom => container("oom"),
        Kind::ExecPermit => container(&format!("exec_create: {}", attribute("command"))),
        Kind::ExecExit => container("exec_die"),
        Kind::Copy => container("copy"),
        Kind::Commit => container("commit"),
        Kind::Build => Some(("image", "build".to_owned())),
        Kind::Exit => container("die"),
        Kind::ContainerRemove => container("destroy"),
        Kind::ImageImport => Some(("image", "import".to_owned())),
        Kind::ImagePull => Some(("image", "pull".to_owned())),
        Kind::ImagePush => Some(("image", "push".to_owned())),
        Kind::Attest => Some(("image", "attest".to_owned())),
        Kind::ImageCopy => Some(("image", "copy".to_owned())),
        Kind::ImageRefused => Some(("image", "refuse".to_owned())),
        Kind::DigestChanged => Some(("image", "change".to_owned())),
        Kind::ImageTag => Some(("image", "tag".to_owned())),
        Kind::ImageRemove if entry.image.is_some() => Some(("image", "delete".to_owned())),
        Kind::ImageRemove => Some(("image", "untag".to_owned())),
        Kind::TrustPin => Some(("trust", "pin".to_owned())),
        Kind::TrustUnpin => Some(("trust", "unpin".to_owned())),
        Kind::TrustRefresh => Some(("trust", "refresh".to_owned())),
        Kind::TrustRefusal => Some(("trust", "refuse".to_owned())),
        Kind::TrustInit => Some(("trust", "init".to_owned())),
        Kind::TrustSign => Some(("trust", "sign".to_owned())),
        Kind::TrustPromote => Some(("trust", "promote".to_owned())),
        Kind::TrustRevoke => Some(("trust", "revoke".to_owned())),
        Kind::TrustDelegate => Some(("trust", "delegate".to_owned())),
        Kind::TrustRotate => Some(("trust", "rotate".to_owned())),
        Kind::TrustRecover => Some(("trust", "recover".to_owned())),
        Kind::TrustRenew => Some(("trust", "renew".to_owned())),
        Kind::VolumeCreate => Some(("volume", "create".to_owned())),
        Kind::VolumeRemove => Some(("volume", "destroy".to_owned())),
        Kind::RegistryPull => Some(("registry", "pull".to_owned())),
        Kind::RegistryPush => Some(("registry", "push".to_owned())),
        Kind::RegistryDelete => Some(("registry", "delete".to_owned())),
        Kind::RegistryCollect => Some(("registry", "collect".to_owned())),
        Kind::RegistryAccount => Some(("registry", attribute("change").to_owned())),
        Kind::Scan => Some(("image", "scan".to_owned())),
        Kind::Advisories => Some(("advisories", attribute("change").to_owned())),
        Kind::Accept => Some(("advisories", "accept".to_owned())),
        Kind::Other => None,
    }
}

/// `2026-11-22T09:27:01Z container start 8f1c2e90ab44 (image=nginx, name=web)`
pub(crate) fn line(event: &Event, truncate: Truncate, style: Style) -> String {
    let Event { time, subject, action, id, attributes, .. } = event;
    let id = text::plain(&super::ledger::shortened(id, truncate));
    let action = style.strong(&text::plain(action));
    let pairs: Vec<String> = attributes.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let pairs =
        if pairs.is_empty() { String::new() } else { format!("({})", text::plain(&pairs.join(", "))) };
    let words = [text::plain(time), (*subject).to_owned(), action, id, pairs];
    words.iter().filter(|word| !word.is_empty()).cloned().collect::<Vec<_>>().join(" ") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(entries: &[&str]) -> Vec<String> {
        let mut chronicle = Chronicle::default();
        let lines = (0..).zip(entries).map(|(index, json)| engine::book::line(index, json.as_bytes()));
        let events = lines.filter_map(|entry| chronicle.event(&entry));
        events.map(|event| line(&event, Truncate::Short, Style::Plain)).collect()
    }

    #[test]
    fn later_events_know_what_earlier_ones_said() {
        let id = "8f1c2e90ab44".repeat(5);
        let permit = format!(
            r#"{{"time":"T","kind":"permit","container":"{id}","image":"sha256:00","name":"nginx","labels":{{"team":"web"}},"attributes":{{"name":"web"}}}}"#
        );
        let exit = format!(
            r#"{{"time":"T","kind":"exit","container":"{id}","exit":{{"how":"code","code":3}},"permit":0}}"#
        );
        let health = format!(
            r#"{{"time":"T","kind":"health","container":"{id}","attributes":{{"health":"healthy"}}}}"#
        );
        let told = told(&[&permit, &health, r#"{"time":"T","kind":"newer"}"#, &exit]);
        assert_eq!(
            told,
            [
                "T container permit 8f1c2e90ab44 (image=nginx, name=web, team=web)\n",
                "T container health_status: healthy 8f1c2e90ab44 (health=healthy, image=nginx, name=web, team=web)\n",
                "T container die 8f1c2e90ab44 (exitCode=3, image=nginx, name=web, permit=0, team=web)\n",
            ]
        );
    }

    #[test]
    fn images_and_volumes_have_events_too_and_nobody_s_text_reaches_the_terminal() {
        let told = told(&[
            r#"{"time":"T","kind":"volume-create","volume":"data"}"#,
            r#"{"time":"T","kind":"image-remove","name":"a:1"}"#,
            r#"{"time":"T","kind":"refusal","name":"\u001b[2J","rule":"no-privileged"}"#,
        ]);
        assert_eq!(
            told,
            [
                "T volume create data\n",
                "T image untag a:1 (name=a:1)\n",
                "T container refuse (image=\\u{1b}[2J, rule=no-privileged)\n",
            ]
        );
    }

    #[test]
    fn every_kind_that_is_written_is_an_event() {
        for name in Kind::NAMES {
            let json = format!(r#"{{"time":"T","kind":"{name}"}}"#);
            assert_eq!(told(&[&json]).len(), 1, "{name}");
        }
    }
}
