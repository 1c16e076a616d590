//! Publishers and what they sign, as text; their data is in [`data`].

mod data;

use std::path::Path;

use engine::trust::keyring::{Kept, KeyPlace};
use engine::trust::{
    Event, First, KeyId, KeyStanding, Known, Made, Outcome, RoleName, RoleStanding, State, Usage,
};

use super::style::{Style, Tone};
use super::table::{Cell, Column, Table};
use super::{text, time, units};

pub(crate) use data::{EventJson, KeyJson, KnownJson, MadeJson, OutcomeJson};

/// Letters before what a label says.
const LABEL: usize = 9;

/// Lines that begin with a label.
#[derive(Debug, Default)]
struct Lines(String);

impl Lines {
    fn add(&mut self, style: Style, label: &str, words: &str) {
        self.0 += &format!("{}  {}\n", style.faint(&text::pad(label, LABEL)), text::plain(words));
    }
}

/// What `coffer trust init` has made, and what to do with it.
pub(crate) fn made(made: &Made, style: Style, width: usize) -> String {
    let name = &made.name;
    let fingerprint = made.fingerprint.map_or_else(|| "waits".to_owned(), |digest| digest.to_string());
    let mut table = Table::new([
        Column::whole("ROLE"),
        Column::whole("KEYS"),
        Column::whole("NEEDED"),
        Column::whole("GOOD FOR"),
    ]);
    for (role, keys) in &made.roles {
        let good = match role {
            RoleName::Root => made.validity.root,
            RoleName::Online => made.validity.timestamp,
            RoleName::Release | RoleName::Stage(_) => made.validity.targets,
        };
        table.row([
            role.to_string().into(),
            keys.keys.len().to_string().into(),
            keys.threshold.to_string().into(),
            units::duration(good).into(),
        ]);
    }
    let mut lines = Lines(format!("{}  {fingerprint}\n{}", style.strong(name), table.render(style, width)));
    let keys = made.directory.join("keys");
    lines.add(style, "keys", &format!("{}, {}", keys.display(), guarded(&made.kept)));
    if let Some(spare) = spare(made) {
        lines.add(style, "spare", &spare);
    }
    for missing in &made.missing {
        lines.add(style, "waits", &format!("{missing}, before anything counts"));
    }
    lines.add(style, "next", &format!("coffer trust sign REGISTRY/{name}/IMAGE:TAG"));
    if made.fingerprint.is_some() {
        lines.add(style, "consumers", &format!("coffer trust pin REGISTRY/{name} --root {fingerprint}"));
    }
    lines.0
}

fn guarded(kept: &[Kept]) -> String {
    let count = |is: fn(&KeyPlace) -> bool| kept.iter().filter(|key| is(&key.place)).count();
    let sealed = count(|place| *place == KeyPlace::Sealed);
    let plain = count(|place| *place == KeyPlace::Plain);
    let hardware = count(|place| matches!(place, KeyPlace::Hardware(_)));
    let words = [
        (sealed, "sealed with a passphrase"),
        (plain, "not sealed: whoever can read them can sign"),
        (hardware, "in hardware"),
    ];
    let words: Vec<String> =
        words.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    words.join(", ")
}

/// What there is for when a root key is lost: the last of several of which one is enough, or nothing.
fn spare(made: &Made) -> Option<String> {
    let (_, keys) = made.roles.iter().find(|(role, _)| *role == RoleName::Root)?;
    if usize::try_from(keys.threshold) == Ok(keys.keys.len()) {
        return Some("none: with a root key lost, consumers would have to pin a new publisher".to_owned());
    }
    let mut of_root = made.kept.iter().filter(|key| key.role == RoleName::Root);
    let is_spare = of_root.clone().count() > 1 && keys.threshold == 1;
    let last = of_root.next_back().filter(|_| is_spare)?;
    Some(format!("carry {}.* away: it is there for when the other one is lost", last.file))
}

/// The table of `coffer trust keys`.
pub(crate) fn keys(all: &[(String, Vec<KeyStanding>)]) -> Table {
    let mut table = Table::new([
        Column::whole("PUBLISHER"),
        Column::whole("ROLE"),
        Column::whole("KEY"),
        Column::whole("FILE"),
        Column::gives_way("KEPT"),
    ]);
    for (name, keys) in all {
        for KeyStanding { key, usage } in keys {
            table.row([
                name.as_str().into(),
                key.role.to_string().into(),
                key.public.id().short().into(),
                key.file.as_str().into(),
                match (usage, &key.place) {
                    (Usage::Retired, _) => "no role uses it any more".into(),
                    (Usage::Live, KeyPlace::Sealed) => "sealed".into(),
                    (Usage::Live, KeyPlace::Plain) => Cell::toned("not sealed", Tone::Warn),
                    (Usage::Live, KeyPlace::Hardware(uri)) => uri.to_string().into(),
                },
            ]);
        }
    }
    table
}

/// What to do with a key that was made for somebody else's publisher.
pub(crate) fn made_key(publisher: &str, key: &Kept, path: &Path) -> String {
    let (role, id, path) = (&key.role, key.public.id().short(), path.display().to_string());
    format!(
        "{role} {id}  {}\ngive that file to whoever keeps the root of {publisher}; it is no secret\n",
        text::plain(&path)
    )
}

/// What a change has come to.
pub(crate) fn outcome(outcome: &Outcome, typed: Option<&str>, style: Style) -> String {
    let mut lines = Lines::default();
    if let State::Unchanged = outcome.state {
        return format!("{} has signed that already\n", text::plain(&outcome.publisher));
    }
    for change in &outcome.changes {
        lines.0 += &format!("{}\n", text::plain(&change.to_string()));
    }
    if !outcome.given.is_empty() {
        let given = outcome.given.iter().map(|given| (given.role.clone(), given.key.clone()));
        lines.add(style, "signed", &format!("by {}", signers(&given.collect::<Vec<_>>())));
    }
    if !outcome.dropped.is_empty() {
        lines.add(
            style,
            "again",
            &format!("by {}: it is not what they signed any more", signers(&outcome.dropped)),
        );
    }
    for missing in &outcome.missing {
        lines.add(style, "waits", &missing.to_string());
    }
    let again =
        typed.map_or_else(|| format!("sign --waiting --publisher {}", outcome.publisher), str::to_owned);
    match &outcome.state {
        State::Unchanged => {}
        State::Published { fingerprint, first, fresh_until } => {
            let until = time::rfc3339(*fresh_until);
            lines.add(style, "published", &format!("{}, fresh until {until}", outcome.place));
            if *first == First::Yes {
                lines.add(
                    style,
                    "consumers",
                    &format!("coffer trust pin {} --root {fingerprint}", outcome.place),
                );
            }
        }
        State::Waits => {}
        State::WaitsForOnline => lines.add(style, "waits", "the online key"),
    }
    let waits_for_online = matches!(outcome.state, State::WaitsForOnline);
    if !outcome.missing.is_empty() || waits_for_online {
        lines.add(style, "they type", &format!("coffer trust {again}"));
    }
    if waits_for_online {
        lines.add(style, "or serve", &format!("coffer trust timestamp serve {}", outcome.publisher));
    }
    lines.0
}

/// `release by 3f2a91c0d4e5, 77bc02a1f3d9`
fn signers(given: &[(RoleName, KeyId)]) -> String {
    let words: Vec<String> = given.iter().map(|(role, key)| format!("{role} {}", key.short())).collect();
    words.join(", ")
}

/// The page of `coffer trust inspect`.
pub(crate) fn known(known: &Known, now: i64, style: Style, width: usize) -> String {
    let mut page = format!("{}  {}\n\n", style.strong(&known.place.to_string()), known.fingerprint);
    page += &roles(&known.roles, now).render(style, width);
    for role in &known.roles {
        for required in &role.requires {
            let keys: Vec<String> = required.keys.iter().map(|key| key.id().short()).collect();
            let words = format!("{} requires {} by {}", role.role, required.kind, keys.join(" or "));
            page += &format!("{}\n", text::plain(&words));
        }
    }
    if !known.releases.is_empty() {
        page.push('\n');
        page += &releases(known).render(style, width);
    }
    if !known.revoked.is_empty() {
        page.push('\n');
        let mut table =
            Table::new([Column::whole("REVOKED"), Column::whole("SINCE"), Column::gives_way("REASON")]);
        for entry in &known.revoked {
            table.row([
                Cell::toned(short(&entry.digest.to_string()), Tone::Bad),
                entry.time.as_str().into(),
                entry.reason.as_str().into(),
            ]);
        }
        page += &table.render(style, width);
    }
    if let Some((changes, missing)) = &known.waiting {
        page += &format!("\n{}\n", style.strong("waits for signatures"));
        page.extend(changes.iter().map(|change| format!("  {}\n", text::plain(&change.to_string()))));
        page.extend(missing.iter().map(|missing| format!("  {}\n", text::plain(&missing.to_string()))));
    }
    page
}

fn roles(roles: &[RoleStanding], now: i64) -> Table {
    let mut table = Table::new([
        Column::whole("ROLE"),
        Column::whole("VERSION"),
        Column::whole("NEEDED"),
        Column::whole("GOOD FOR"),
        Column::gives_way("KEYS"),
    ]);
    for standing in roles {
        let keys: Vec<String> = standing.keys.keys.iter().map(|key| key.id().short()).collect();
        let left = standing.expires.saturating_sub(now);
        let good = match (standing.version, left) {
            (0, _) => "nothing yet".into(),
            (_, ..=0) => Cell::toned(format!("over {}", time::ago(standing.expires, now)), Tone::Bad),
            (_, left) => units::duration(left).into(),
        };
        table.row([
            standing.role.to_string().into(),
            standing.version.to_string().into(),
            format!("{} of {}", standing.keys.threshold, keys.len()).into(),
            good,
            keys.join(" ").into(),
        ]);
    }
    table
}

fn releases(known: &Known) -> Table {
    let mut table = Table::new([
        Column::whole("RELEASE"),
        Column::whole("DIGEST"),
        Column::whole("NUMBER"),
        Column::gives_way("STAGES"),
    ]);
    for release in &known.releases {
        table.row([
            release.name.as_str().into(),
            short(&release.digest.to_string()).into(),
            release.sequence.to_string().into(),
            release.stages.join(" ").into(),
        ]);
    }
    table
}

/// `sha256:` and twelve digits.
fn short(digest: &str) -> String {
    text::first(digest, "sha256:".len() + 12)
}

/// The table of `coffer trust log`.
pub(crate) fn log(events: &[Event]) -> Table {
    let mut table =
        Table::new([Column::whole("TIME"), Column::gives_way("WHAT"), Column::gives_way("SIGNED BY")]);
    for event in events {
        let by: Vec<String> = event.by.iter().map(KeyId::short).collect();
        table.row([
            event.time.as_deref().unwrap_or("unknown").into(),
            event.change.to_string().into(),
            by.join(" ").into(),
        ]);
    }
    table
}
