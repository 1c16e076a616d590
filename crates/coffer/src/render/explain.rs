//! What holds a container in: `coffer explain`.

use std::collections::BTreeMap;

use engine::explain::{Explanation, Limit, LimitKind, MountLine, Scope, SeccompLine, Source};
use engine::state::Status;
use model::trust::Vouched;
use model::verdict::Exception;
use serde::Serialize;

use super::container::{self, ContainerJson};
use super::style::Style;
use super::{text, units, vouched};
use crate::idmap::IdMap;

/// Columns of the labels.
const LABEL: usize = 12;

/// More islands than this are counted and not named.
const NAMED: usize = 8;

/// `--format json` of `coffer explain`.
#[derive(Debug, Serialize)]
pub(crate) struct ExplanationJson<'a> {
    container: ContainerJson<'a>,
    source: Source,
    namespaces: BTreeMap<&'static str, Scope>,
    uid_map: Vec<IdRangeJson>,
    no_new_privs: Option<bool>,
    capabilities: Option<Capabilities<'a>>,
    seccomp: SeccompLine,
    landlock_abi: u32,
    mounts: &'a [MountLine],
    islands: &'a [String],
    masked: u32,
    sysctls: BTreeMap<&'a str, &'a str>,
    limits: &'a [Limit],
    exceptions: &'a [Exception],
    vouched: &'a Vouched,
}

#[derive(Debug, Serialize)]
struct IdRangeJson {
    inside: u32,
    outside: Option<u32>,
    count: u32,
}

#[derive(Debug, Serialize)]
struct Capabilities<'a> {
    effective: &'a [String],
    bounding: &'a [String],
}

impl<'a> ExplanationJson<'a> {
    /// All of it.
    pub(crate) fn new(explanation: &'a Explanation, ours: &IdMap) -> Self {
        let range = |&(inside, outside, count): &(u32, u32, u32)| IdRangeJson {
            inside,
            outside: ours.outside(outside),
            count,
        };
        let process = explanation.process.as_ref();
        Self {
            container: ContainerJson::new(&explanation.container, explanation.freezer),
            source: explanation.source,
            namespaces: explanation
                .namespaces
                .iter()
                .map(|line| (line.kind.proc_name(), line.scope))
                .collect(),
            uid_map: explanation.uid_map.iter().map(range).collect(),
            no_new_privs: process.map(|process| process.no_new_privs),
            capabilities: process.map(|process| Capabilities {
                effective: &process.capabilities.effective,
                bounding: &process.capabilities.bounding,
            }),
            seccomp: explanation.seccomp,
            landlock_abi: explanation.landlock_abi,
            mounts: &explanation.mounts,
            islands: &explanation.islands,
            masked: explanation.masked,
            sysctls: explanation
                .sysctls
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect(),
            limits: &explanation.limits,
            exceptions: &explanation.exceptions,
            vouched: &explanation.container.decision.vouched,
        }
    }
}

/// The page for people.
pub(crate) fn page(explanation: &Explanation, ours: &IdMap, now: i64, style: Style) -> String {
    let mut page = headline(explanation, now, style);
    let mut line = |label: &str, words: &str| {
        page.push_str(&format!("  {} {}\n", style.faint(&text::pad(label, LABEL)), text::plain(words)));
    };
    line("source", source(explanation));
    if explanation.source == Source::Nothing {
        return page;
    }
    if let Some(words) = vouched::line(&explanation.container.decision.vouched) {
        line("vouched", &words);
    }
    line("namespaces", &namespaces(explanation));
    line("users", &users(explanation, ours));
    line("capabilities", &capabilities(explanation));
    line("seccomp", &seccomp(&explanation.seccomp));
    line("landlock", &landlock(explanation.landlock_abi));
    line("filesystem", &filesystem(explanation));
    line("hidden", &units::count(usize::try_from(explanation.masked).unwrap_or(0), "path", "paths"));
    line("limits", &explanation.limits.iter().map(limit).collect::<Vec<_>>().join(" · "));
    page + &exceptions(&explanation.exceptions, style)
}

fn headline(explanation: &Explanation, now: i64, style: Style) -> String {
    let record = &explanation.container;
    let permit =
        record.decision.permit.map_or_else(|| "no permit".to_owned(), |index| format!("permit {index}"));
    let name = style.strong(&text::plain(&record.name));
    let image = text::plain(&record.image_name);
    let since = container::since(&record.status, explanation.freezer, now);
    format!("{name}  {image}  {since}  {permit}\n")
}

fn source(explanation: &Explanation) -> &'static str {
    match (explanation.source, &explanation.container.status) {
        (Source::Kernel, _) => "the kernel, now",
        (Source::Start, _) => "the kernel, when it started",
        (Source::Nothing, Status::Making | Status::Created | Status::Starting) => {
            "nothing is in force yet: it has not started"
        }
        (Source::Nothing, _) => "nothing was in force: it never started",
    }
}

fn namespaces(explanation: &Explanation) -> String {
    let names = |scope| {
        let of = explanation.namespaces.iter().filter(move |line| line.scope == scope);
        of.map(|line| line.kind.proc_name()).collect::<Vec<_>>()
    };
    let (private, shared) = (names(Scope::Private), names(Scope::Host));
    match (private.as_slice(), shared.as_slice()) {
        (private, []) => format!("{}   all private", private.join(" ")),
        (private, shared) => format!("{} private; the host's: {}", private.join(" "), shared.join(" ")),
    }
}

fn users(explanation: &Explanation, ours: &IdMap) -> String {
    match explanation.uid_map.as_slice() {
        [] => "those of the host".to_owned(),
        maps => maps.iter().map(|map| range(*map, ours)).collect::<Vec<_>>().join("; "),
    }
}

/// `0 inside is 165536 outside, 65536 ids`
fn range((inside, outside, count): (u32, u32, u32), ours: &IdMap) -> String {
    let outside = ours.outside(outside).map_or_else(|| "nobody".to_owned(), |id| id.to_string());
    format!("{inside} inside is {outside} outside, {count} {}", if count == 1 { "id" } else { "ids" })
}

fn capabilities(explanation: &Explanation) -> String {
    let Some(process) = &explanation.process else { return "unknown".to_owned() };
    let sets = &process.capabilities;
    let gain = if process.no_new_privs { "exec adds none" } else { "exec may add more" };
    let bounded = sets.bounding.iter().filter(|name| !sets.effective.contains(name)).count();
    match (sets.effective.as_slice(), bounded) {
        ([], 0) => format!("none ({gain})"),
        ([], _) => format!("none in use, bounded by {} ({gain})", sets.bounding.join(" ")),
        (effective, _) => format!("{} ({gain})", effective.join(" ")),
    }
}

fn seccomp(line: &SeccompLine) -> String {
    match line.mode {
        2 if line.known > 0 => format!("filter, {} of {} system calls allowed", line.allowed, line.known),
        2 => "filter".to_owned(),
        _ => "no filter".to_owned(),
    }
}

fn landlock(abi: u32) -> String {
    match abi {
        0 => "off".to_owned(),
        abi => format!("on, ABI {abi}"),
    }
}

fn filesystem(explanation: &Explanation) -> String {
    let root = explanation.mounts.iter().rfind(|mount| mount.path == "/");
    let root = match root.map(|mount| mount.read_only) {
        Some(true) => "root read-only, ",
        Some(false) => "root writable, ",
        None => "",
    };
    match explanation.islands.as_slice() {
        [] => format!("{root}executable everywhere"),
        islands if islands.len() > NAMED => {
            let named: Vec<&str> = islands.iter().take(NAMED).map(String::as_str).collect();
            format!("{root}executable only: {} and {} more", named.join(" "), islands.len() - NAMED)
        }
        islands => format!("{root}executable only: {}", islands.join(" ")),
    }
}

/// `pids 12/1024`, `memory 48 MB/2 GB`, `cpu 1.5`
fn limit(limit: &Limit) -> String {
    let (name, amount): (_, fn(u64) -> String) = match limit.kind {
        LimitKind::Memory => ("memory", units::bytes),
        LimitKind::Pids => ("pids", |count| count.to_string()),
        LimitKind::Cpu => ("cpu", |millis| format!("{}.{:03}", millis / 1000, millis % 1000)),
    };
    let bound = limit.limit.map_or_else(|| "unlimited".to_owned(), amount);
    match limit.used {
        Some(used) => format!("{name} {}/{bound}", amount(used)),
        None => format!("{name} {bound}"),
    }
}

fn exceptions(exceptions: &[Exception], style: Style) -> String {
    if exceptions.is_empty() {
        return format!("  {} none\n", style.faint(&text::pad("exceptions", LABEL)));
    }
    let mut label = "exceptions";
    let mut lines = String::new();
    for exception in exceptions {
        let words = format!("{}: {} (asked with {})", exception.id, exception.detail, exception.asked_by);
        let label = std::mem::take(&mut label);
        lines.push_str(&format!(
            "  {} {} {}\n",
            style.faint(&text::pad(label, LABEL)),
            style.warn("!"),
            text::plain(&words)
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_show_what_is_used_where_it_is_known() {
        let memory = Limit { kind: LimitKind::Memory, limit: Some(2_000_000_000), used: Some(48_000_000) };
        assert_eq!(limit(&memory), "memory 48 MB/2.0 GB");
        assert_eq!(limit(&Limit { kind: LimitKind::Pids, limit: None, used: Some(3) }), "pids 3/unlimited");
        assert_eq!(limit(&Limit { kind: LimitKind::Cpu, limit: Some(1500), used: None }), "cpu 1.500");
    }

    #[test]
    fn exceptions_name_who_asked() {
        let exception = Exception {
            id: "mutable".into(),
            detail: "what is written may run".into(),
            asked_by: "--mutable".into(),
        };
        let lines = exceptions(&[exception.clone(), exception], Style::Plain);
        let line = "! mutable: what is written may run (asked with --mutable)\n";
        assert_eq!(lines, format!("  exceptions   {line}               {line}"));
        assert_eq!(exceptions(&[], Style::Plain), "  exceptions   none\n");
    }
}
