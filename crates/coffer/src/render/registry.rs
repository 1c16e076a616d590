//! A registry that is served here: its accounts and what it holds, as text and as data.

use std::collections::BTreeSet;

use engine::serving::{
    Action, Collected, Deed, Event, Grant, Listening, Role, Round, Stats, Team, TlsMode, Token, User,
    Verified,
};
use serde::Serialize;

use super::table::{Column, Table};
use super::{text, time, units};

/// The first line of `coffer registry serve --format json`.
#[derive(Debug, Serialize)]
pub(crate) struct ListeningJson {
    url: String,
    metrics: Option<String>,
    storage: String,
    authority: Option<AuthorityJson>,
}

#[derive(Debug, Serialize)]
struct AuthorityJson {
    path: String,
    fingerprint: String,
}

/// `coffer registry user add`
#[derive(Debug, Serialize)]
pub(crate) struct PasswordJson<'a> {
    pub(crate) user: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) password: Option<&'a str>,
}

/// `coffer registry user ls`: one user.
#[derive(Debug, Serialize)]
pub(crate) struct UserJson<'a> {
    name: &'a str,
    admin: bool,
    grants: Vec<GrantJson>,
    teams: &'a BTreeSet<String>,
    created: String,
}

/// `coffer registry team ls`: one team.
#[derive(Debug, Serialize)]
pub(crate) struct TeamJson<'a> {
    name: &'a str,
    grants: Vec<GrantJson>,
    members: &'a BTreeSet<String>,
}

/// `coffer registry token create`
#[derive(Debug, Serialize)]
pub(crate) struct NewTokenJson<'a> {
    id: &'a str,
    token: &'a str,
    expires: Option<String>,
}

/// `coffer registry token ls`: one token.
#[derive(Debug, Serialize)]
pub(crate) struct TokenJson<'a> {
    id: &'a str,
    name: &'a str,
    grants: Vec<GrantJson>,
    created: String,
    expires: Option<String>,
    used: Option<String>,
}

#[derive(Debug, Serialize)]
struct GrantJson {
    repositories: String,
    actions: Vec<&'static str>,
}

/// `coffer registry gc`
#[derive(Debug, Serialize)]
pub(crate) struct CollectedJson {
    dry_run: bool,
    tags: u64,
    manifests: u64,
    blobs: u64,
    bytes: u64,
    uploads: u64,
    waiting: u64,
}

/// `coffer registry verify`
#[derive(Debug, Serialize)]
pub(crate) struct VerifiedJson {
    intact: bool,
    manifests: u64,
    blobs: u64,
    bytes: u64,
    findings: Vec<String>,
}

impl ListeningJson {
    pub(crate) fn new(listening: &Listening) -> Self {
        let authority = listening.authority.as_ref().map(|authority| AuthorityJson {
            path: authority.path.to_string_lossy().into_owned(),
            fingerprint: authority.fingerprint.clone(),
        });
        let metrics = listening.metrics.map(|address| format!("http://{address}/metrics"));
        Self { url: url(listening), metrics, storage: listening.storage.clone(), authority }
    }
}

impl<'a> UserJson<'a> {
    pub(crate) fn new((name, user): &'a (String, User)) -> Self {
        Self {
            name,
            admin: user.role == Role::Admin,
            grants: grants_json(&user.grants),
            teams: &user.teams,
            created: instant(user.made),
        }
    }
}

impl<'a> TeamJson<'a> {
    pub(crate) fn new((name, team, members): &'a (String, Team, BTreeSet<String>)) -> Self {
        Self { name, grants: grants_json(&team.grants), members }
    }
}

impl<'a> NewTokenJson<'a> {
    pub(crate) fn new(id: &'a str, token: &'a str, expires: Option<u64>) -> Self {
        Self { id, token, expires: expires.map(instant) }
    }
}

impl<'a> TokenJson<'a> {
    pub(crate) fn new((id, token, used): &'a (String, Token, Option<u64>)) -> Self {
        Self {
            id,
            name: &token.name,
            grants: grants_json(&token.grants),
            created: instant(token.made),
            expires: token.expires.map(instant),
            used: used.map(instant),
        }
    }
}

impl CollectedJson {
    pub(crate) fn done(round: &Round) -> Self {
        let Round { expired, collected } = round;
        let told = Self::rehearsed(collected);
        Self { dry_run: false, tags: expired.tags, manifests: expired.manifests, ..told }
    }

    pub(crate) fn rehearsed(collected: &Collected) -> Self {
        let Collected { blobs, bytes, uploads, waiting } = *collected;
        Self { dry_run: true, tags: 0, manifests: 0, blobs, bytes, uploads, waiting }
    }

    pub(crate) fn text(&self) -> String {
        let verb = if self.dry_run { "would collect" } else { "collected" };
        let Self { tags, manifests, blobs, uploads, waiting, .. } = self;
        let mut text = format!("{verb} {}, {}\n", count(*blobs, "blob"), units::bytes(self.bytes));
        for (number, what) in [(*tags, "tag"), (*manifests, "manifest"), (*uploads, "abandoned upload")] {
            if number > 0 {
                text += &format!("removed {}\n", count(number, what));
            }
        }
        if *waiting > 0 {
            text += &format!("{} may follow when their time is over\n", count(*waiting, "blob"));
        }
        text
    }
}

impl VerifiedJson {
    pub(crate) fn new(verified: &Verified) -> Self {
        let Verified { manifests, blobs, bytes, findings } = verified;
        Self {
            intact: findings.is_empty(),
            manifests: *manifests,
            blobs: *blobs,
            bytes: *bytes,
            findings: findings.iter().map(ToString::to_string).collect(),
        }
    }

    pub(crate) fn text(&self, repaired: bool) -> String {
        let looked = format!("{} and {}", count(self.manifests, "manifest"), count(self.blobs, "blob"));
        if self.intact {
            return format!("{looked} are what they were, {}\n", units::bytes(self.bytes));
        }
        let findings: String = self.findings.iter().map(|finding| text::plain(finding) + "\n").collect();
        let done = if repaired { "what can be derived was written again" } else { "nothing was changed" };
        format!("{findings}{} in {looked}; {done}\n", count(self.findings.len() as u64, "fault"))
    }
}

/// What `coffer registry serve` says first.
pub(crate) fn listening(listening: &Listening) -> String {
    let mut text =
        format!("listens on {}, keeps everything in {}\n", url(listening), text::plain(&listening.storage));
    if let Some(address) = listening.metrics {
        text += &format!("shows metrics on http://{address}/metrics\n");
    }
    text
}

fn url(listening: &Listening) -> String {
    let scheme = if listening.tls == TlsMode::Off { "http" } else { "https" };
    format!("{scheme}://{}", listening.address)
}

/// `2026-11-22T09:27:01Z push team/app:v1 sha256:9f2c… by user:anna from 10.0.0.7`
pub(crate) fn event(event: &Event) -> String {
    let action = match event.action {
        Deed::Pull => "pull",
        Deed::Push => "push",
        Deed::Delete => "delete",
    };
    let mut line = format!("{} {action} {}", instant(event.when), event.repository);
    line.extend(event.reference.iter().map(|reference| format!(":{reference}")));
    line.extend(event.digest.iter().map(|digest| format!(" {digest}")));
    line += &format!(" by {}", event.who);
    line.extend(event.peer.iter().map(|peer| format!(" from {peer}")));
    text::plain(&line)
}

/// The table of `coffer registry user ls`.
pub(crate) fn users(users: &[(String, User)], now: i64) -> Table {
    let mut table = Table::new([
        Column::whole("NAME"),
        Column::whole("ROLE"),
        Column::whole("CREATED"),
        Column::gives_way("TEAMS"),
        Column::gives_way("MAY"),
    ]);
    for (name, user) in users {
        let role = if user.role == Role::Admin { "admin" } else { "member" };
        let teams = user.teams.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        table.row([
            name.as_str().into(),
            role.into(),
            ago(user.made, now).into(),
            teams.into(),
            grants(&user.grants).into(),
        ]);
    }
    table
}

/// The table of `coffer registry team ls`.
pub(crate) fn teams(teams: &[(String, Team, BTreeSet<String>)]) -> Table {
    let mut table =
        Table::new([Column::whole("TEAM"), Column::gives_way("MEMBERS"), Column::gives_way("MAY")]);
    for (name, team, members) in teams {
        let members = members.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        table.row([name.as_str().into(), members.into(), grants(&team.grants).into()]);
    }
    table
}

/// The table of `coffer registry token ls`.
pub(crate) fn tokens(tokens: &[(String, Token, Option<u64>)], now: i64) -> Table {
    let mut table = Table::new([
        Column::whole("ID"),
        Column::gives_way("NAME"),
        Column::whole("EXPIRES"),
        Column::whole("USED"),
        Column::gives_way("MAY"),
    ]);
    for (id, token, used) in tokens {
        let expires = match token.expires {
            None => "never".to_owned(),
            Some(_) if token.is_over(u64::try_from(now).unwrap_or_default()) => "over".to_owned(),
            Some(expires) => format!("in {}", units::duration(signed(expires).saturating_sub(now))),
        };
        let used = used.map_or_else(|| "never".to_owned(), |used| ago(used, now));
        table.row([
            id.as_str().into(),
            token.name.as_str().into(),
            expires.into(),
            used.into(),
            grants(&token.grants).into(),
        ]);
    }
    table
}

/// `coffer registry stats`
pub(crate) fn stats(stats: &Stats) -> String {
    let rows = [
        ("repositories", stats.repositories.to_string()),
        ("tags", stats.tags.to_string()),
        ("manifests", stats.manifests.to_string()),
        ("blobs", stats.blobs.to_string()),
        ("bytes", units::bytes(stats.physical_bytes)),
        ("in repositories", units::bytes(stats.logical_bytes)),
        ("perhaps garbage", count(stats.garbage_notes, "blob")),
    ];
    let width = rows.iter().map(|(name, _)| name.len() + 1).max().unwrap_or(0);
    rows.iter().map(|(name, value)| format!("{}  {value}\n", text::pad(&format!("{name}:"), width))).collect()
}

/// `team/*=pull,push web=pull`
fn grants(grants: &[Grant]) -> String {
    let one = |grant: &Grant| format!("{}={}", grant.repositories, grant.actions);
    grants.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn grants_json(grants: &[Grant]) -> Vec<GrantJson> {
    let one = |grant: &Grant| GrantJson {
        repositories: grant.repositories.to_string(),
        actions: grant.actions.iter().map(Action::as_str).collect(),
    };
    grants.iter().map(one).collect()
}

fn count(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

fn instant(seconds: u64) -> String {
    time::rfc3339(signed(seconds))
}

fn ago(then: u64, now: i64) -> String {
    time::ago(signed(then), now)
}

fn signed(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX)
}
