//! Limits: control groups and rlimits, with defaults where nothing was asked for.

use model::request::{Limits, RunRequest, Ulimit};
use model::spec::{CpuLimits, MemoryLimits, PidsLimit, Resources, Rlimit, Text};

use super::{ConfineError, HostDevice, io};

/// Enough for every official image, and a fork bomb that ends at once.
const PIDS: i64 = 1024;
/// Default memory limit: this part of the host's memory ...
const MEMORY_SHARE: u64 = 2;
/// ... but not less than this, unless the host has less.
const MEMORY_LEAST: u64 = 512 << 20;
/// Below this not even a shell starts, and it is Docker's minimum.
const MEMORY_MIN: u64 = 6 << 20;
/// cpu.cfs_period_us where nobody says otherwise, and what it can be.
const CPU_PERIOD: u64 = 100_000;
const CPU_PERIODS: std::ops::RangeInclusive<u64> = 1000..=1_000_000;
/// The kernel's shortest quota.
const CPU_QUOTA_MIN: u64 = 1000;
/// What programs expect; select(2) breaks above it.
const NOFILE_SOFT: u64 = 1024;
/// What servers raise themselves to.
const NOFILE_HARD: u64 = 524_288;

/// getrlimit(2), without `RLIMIT_`.
const RLIMITS: [(&str, &str); 16] = [
    ("as", "RLIMIT_AS"),
    ("core", "RLIMIT_CORE"),
    ("cpu", "RLIMIT_CPU"),
    ("data", "RLIMIT_DATA"),
    ("fsize", "RLIMIT_FSIZE"),
    ("locks", "RLIMIT_LOCKS"),
    ("memlock", "RLIMIT_MEMLOCK"),
    ("msgqueue", "RLIMIT_MSGQUEUE"),
    ("nice", "RLIMIT_NICE"),
    ("nofile", "RLIMIT_NOFILE"),
    ("nproc", "RLIMIT_NPROC"),
    ("rss", "RLIMIT_RSS"),
    ("rtprio", "RLIMIT_RTPRIO"),
    ("rttime", "RLIMIT_RTTIME"),
    ("sigpending", "RLIMIT_SIGPENDING"),
    ("stack", "RLIMIT_STACK"),
];

/// Processes and threads; -1 is unlimited. Docker takes 0 for unlimited too.
pub(crate) fn pids_limit(request: &RunRequest) -> i64 {
    match request.limits.pids {
        None => PIDS,
        Some(limit) if limit > 0 => limit,
        Some(_) => -1,
    }
}

/// Whether the container has a control group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    /// One of its own.
    Own,
    /// None that this user may make.
    None,
}

/// Everything that can be judged without knowing the host.
pub(super) fn check(request: &RunRequest) -> Result<(), ConfineError> {
    let limits = &request.limits;
    oom_score(limits)?;
    memory(limits, 0)?;
    cpu(limits)?;
    io::check(limits)
}

/// Control group limits. `host_memory` in bytes; 0 where it is not known. `disks` are those of the
/// request's I/O limits.
pub(super) fn resources(
    request: &RunRequest,
    host_memory: u64,
    disks: &[HostDevice],
) -> Result<Resources, ConfineError> {
    let limits = &request.limits;
    oom_score(limits)?;
    Ok(Resources {
        memory: memory(limits, host_memory)?,
        cpu: cpu(limits)?,
        pids: PidsLimit { limit: Some(pids_limit(request)) },
        block_io: io::block_io(limits, disks)?,
        ..Resources::default()
    })
}

/// What was asked for and nothing else: for a container without a control group, where no default can
/// be enforced and a limit that was asked for must fail rather than be forgotten.
pub(super) fn asked(request: &RunRequest, disks: &[HostDevice]) -> Result<Resources, ConfineError> {
    let mut resources = resources(request, 0, disks)?;
    resources.pids.limit = request.limits.pids.map(|_| pids_limit(request));
    Ok(resources)
}

fn memory(limits: &Limits, host_memory: u64) -> Result<MemoryLimits, ConfineError> {
    let limit = match limits.memory {
        Some(bytes) if bytes < MEMORY_MIN => {
            return Err(refused("--memory", &bytes, "less than 6 MB, with which nothing starts"));
        }
        Some(bytes) => Some(bytes),
        None if host_memory == 0 => None,
        None => Some((host_memory / MEMORY_SHARE).max(MEMORY_LEAST.min(host_memory))),
    };
    let swap = match (limits.memory_swap, limits.memory) {
        (Some(-1), _) => Some(-1),
        (Some(swap), Some(memory)) if u64::try_from(swap).is_ok_and(|swap| swap >= memory) => Some(swap),
        (Some(swap), Some(_)) => {
            return Err(refused("--memory-swap", &swap, "less than `--memory`, which it includes"));
        }
        (Some(swap), None) => return Err(refused("--memory-swap", &swap, "it needs `--memory`")),
        (None, _) => None,
    };
    if let (Some(soft), Some(hard)) = (limits.memory_reservation, limits.memory)
        && soft > hard
    {
        return Err(refused("--memory-reservation", &soft, "more than `--memory`"));
    }
    Ok(MemoryLimits {
        limit: limit.map(bytes),
        reservation: limits.memory_reservation.map(bytes),
        swap,
        ..MemoryLimits::default()
    })
}

/// More than a file offset can say is no limit; the largest offset is as good.
fn bytes(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn cpu(limits: &Limits) -> Result<CpuLimits, ConfineError> {
    if let Some(shares) = limits.cpu_shares
        && !(2..=262_144).contains(&shares)
    {
        return Err(refused("--cpu-shares", &shares, "it is 2 to 262144"));
    }
    let (quota, period) = bandwidth(limits)?;
    let cpus = list("--cpuset-cpus", limits.cpuset.as_ref())?;
    let mems = list("--cpuset-mems", limits.cpuset_mems.as_ref())?;
    Ok(CpuLimits { shares: limits.cpu_shares, quota, period, cpus, mems, ..CpuLimits::default() })
}

/// Quota and period, by either way to ask for them.
fn bandwidth(limits: &Limits) -> Result<(Option<i64>, Option<u64>), ConfineError> {
    if let Some(period) = limits.cpu_period
        && !CPU_PERIODS.contains(&period)
    {
        return Err(refused("--cpu-period", &period, "it is 1000 to 1000000 microseconds"));
    }
    match (limits.cpu_millis, limits.cpu_quota) {
        (Some(millis), None) if limits.cpu_period.is_none() => Ok((Some(quota(millis)?), Some(CPU_PERIOD))),
        (Some(_), quota) => {
            let (option, value) = match quota {
                Some(quota) => ("--cpu-quota", quota.to_string()),
                None => ("--cpu-period", limits.cpu_period.unwrap_or(0).to_string()),
            };
            Err(refused(option, &value, "it excludes `--cpus`"))
        }
        (None, Some(quota)) if quota != -1 && !u64::try_from(quota).is_ok_and(|q| q >= CPU_QUOTA_MIN) => {
            Err(refused("--cpu-quota", &quota, "it is at least 1000 microseconds, or -1"))
        }
        (None, quota) => Ok((quota, limits.cpu_period)),
    }
}

fn quota(millis: u64) -> Result<i64, ConfineError> {
    let quota = millis.checked_mul(CPU_PERIOD / 1000).and_then(|quota| i64::try_from(quota).ok());
    let quota = quota.filter(|quota| quota.unsigned_abs() >= CPU_QUOTA_MIN);
    let typed = format!("{}.{:03}", millis / 1000, millis % 1000);
    quota.ok_or_else(|| refused("--cpus", &typed, "it is at least 0.01"))
}

fn list(option: &'static str, asked: Option<&String>) -> Result<String, ConfineError> {
    match asked {
        Some(text) if !is_list(text) => Err(refused(option, text, "it is a list such as 0-2,7")),
        _ => Ok(asked.cloned().unwrap_or_default()),
    }
}

/// cpuset(7) "List format".
fn is_list(text: &str) -> bool {
    text.split(',').all(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        matches!((first.parse::<u32>(), last.parse::<u32>()), (Ok(first), Ok(last)) if first <= last)
    })
}

fn oom_score(limits: &Limits) -> Result<(), ConfineError> {
    match limits.oom_score_adj {
        Some(score) if !(-1000..=1000).contains(&score) => {
            Err(refused("--oom-score-adj", &score, "it is -1000 to 1000"))
        }
        _ => Ok(()),
    }
}

pub(super) fn refused(
    option: &'static str,
    value: &dyn std::fmt::Display,
    why: &'static str,
) -> ConfineError {
    ConfineError::Limit { option, value: value.to_string(), why }
}

/// rlimits: no core dumps, which would carry memory to the host's disk, and a bound on open files;
/// then what was asked for. `max_open_files` is the highest hard limit that can be set. A container
/// without a control group gets its bound on processes here: the kernel counts them for each user of
/// each user namespace.
pub(super) fn rlimits(
    request: &RunRequest,
    max_open_files: u64,
    group: Group,
) -> Result<Vec<Rlimit>, ConfineError> {
    let hard = NOFILE_HARD.min(max_open_files);
    let mut rlimits = vec![
        Rlimit { kind: Text::Borrowed("RLIMIT_CORE"), soft: 0, hard: 0 },
        Rlimit { kind: Text::Borrowed("RLIMIT_NOFILE"), soft: NOFILE_SOFT.min(hard), hard },
    ];
    if let (Group::None, Ok(pids)) = (group, u64::try_from(pids_limit(request))) {
        rlimits.push(Rlimit { kind: Text::Borrowed("RLIMIT_NPROC"), soft: pids, hard: pids });
    }
    for ulimit in &request.ulimits {
        let asked = rlimit(ulimit, max_open_files)?;
        match rlimits.iter_mut().find(|known| known.kind == asked.kind) {
            Some(known) => *known = asked,
            None => rlimits.push(asked),
        }
    }
    Ok(rlimits)
}

fn rlimit(ulimit: &Ulimit, max_open_files: u64) -> Result<Rlimit, ConfineError> {
    let Ulimit { name, soft, hard } = ulimit;
    let known = RLIMITS.iter().find(|(known, _)| known == name);
    let (_, kind) = known.ok_or_else(|| ConfineError::UlimitName { name: name.clone() })?;
    let refused = |why| ConfineError::UlimitValue { name: name.clone(), soft: *soft, hard: *hard, why };
    if soft > hard {
        return Err(refused("the soft limit is above the hard limit"));
    }
    if name == "nofile" && *hard > max_open_files {
        return Err(refused("this host does not allow so many open files"));
    }
    Ok(Rlimit { kind: Text::Borrowed(kind), soft: *soft, hard: *hard })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GB: u64 = 1 << 30;

    fn with(limits: Limits) -> RunRequest {
        RunRequest { limits, ..RunRequest::default() }
    }

    #[test]
    fn without_a_word_everything_that_can_starve_the_host_is_limited() {
        let resources = resources(&RunRequest::default(), 8 * GB, &[]).unwrap();
        assert_eq!(resources.pids.limit, Some(1024));
        assert_eq!(resources.memory.limit, Some(4 << 30));
        let rlimits = rlimits(&RunRequest::default(), 4096, Group::Own).unwrap();
        assert_eq!((rlimits[0].soft, rlimits[0].hard), (0, 0));
        assert_eq!((rlimits[1].soft, rlimits[1].hard), (1024, 4096));
    }

    #[test]
    fn without_a_control_group_processes_are_bounded_by_an_rlimit() {
        assert_eq!(asked(&RunRequest::default(), &[]).unwrap(), Resources::default());
        let rlimits = rlimits(&RunRequest::default(), 4096, Group::None).unwrap();
        assert_eq!((rlimits[2].kind.as_ref(), rlimits[2].hard), ("RLIMIT_NPROC", 1024));
    }

    #[test]
    fn a_small_host_gives_more_than_half() {
        let limit = |host| resources(&RunRequest::default(), host, &[]).unwrap().memory.limit;
        assert_eq!(limit(GB / 2 + GB / 4), Some(512 << 20));
        assert_eq!(limit(GB / 4), Some(256 << 20));
        assert_eq!(limit(0), None);
    }

    #[test]
    fn what_was_asked_for_replaces_the_default() {
        let limits = Limits {
            memory: Some(GB),
            memory_swap: Some(-1),
            cpu_millis: Some(1500),
            cpuset: Some("0-1,3".into()),
            pids: Some(-1),
            ..Limits::default()
        };
        let resources = resources(&with(limits), 8 * GB, &[]).unwrap();
        assert_eq!(resources.memory.limit, Some(1 << 30));
        assert_eq!(resources.memory.swap, Some(-1));
        assert_eq!((resources.cpu.quota, resources.cpu.period), (Some(150_000), Some(100_000)));
        assert_eq!(resources.pids.limit, Some(-1));
    }

    #[test]
    fn processor_time_is_asked_for_by_either_way() {
        let bandwidth = |limits: Limits| bandwidth(&limits).unwrap();
        let by_period = Limits { cpu_quota: Some(25_000), cpu_period: Some(50_000), ..Limits::default() };
        assert_eq!(bandwidth(by_period), (Some(25_000), Some(50_000)));
        assert_eq!(bandwidth(Limits { cpu_quota: Some(-1), ..Limits::default() }), (Some(-1), None));
        assert_eq!(bandwidth(Limits::default()), (None, None));
    }

    #[test]
    fn limits_that_cannot_be_are_refused_with_the_option_that_asked() {
        let check = |limits: Limits, option: &str| {
            let error = resources(&with(limits.clone()), GB, &[]).unwrap_err();
            assert_eq!(super::check(&with(limits)), Err(error.clone()), "it is known before a permit is");
            assert!(error.to_string().contains(option), "{error}");
        };
        check(Limits { memory: Some(1000), ..Limits::default() }, "--memory ");
        check(Limits { memory_swap: Some(5), ..Limits::default() }, "--memory-swap");
        check(Limits { memory: Some(GB), memory_swap: Some(5), ..Limits::default() }, "--memory-swap");
        check(
            Limits { memory: Some(GB), memory_reservation: Some(2 * GB), ..Limits::default() },
            "-reservation",
        );
        check(Limits { cpu_millis: Some(0), ..Limits::default() }, "--cpus 0.000");
        check(Limits { cpu_millis: Some(u64::MAX), ..Limits::default() }, "--cpus");
        check(
            Limits { cpu_millis: Some(500), cpu_period: Some(5000), ..Limits::default() },
            "--cpu-period 5000",
        );
        check(Limits { cpu_quota: Some(0), ..Limits::default() }, "--cpu-quota 0");
        check(Limits { cpu_quota: Some(-2), ..Limits::default() }, "--cpu-quota -2");
        check(Limits { cpu_period: Some(999), ..Limits::default() }, "--cpu-period 999");
        check(Limits { cpuset_mems: Some("a".into()), ..Limits::default() }, "--cpuset-mems");
        check(Limits { cpu_shares: Some(1), ..Limits::default() }, "--cpu-shares");
        check(Limits { cpuset: Some("2-1".into()), ..Limits::default() }, "--cpuset-cpus");
        check(Limits { cpuset: Some(String::new()), ..Limits::default() }, "--cpuset-cpus");
        check(Limits { oom_score_adj: Some(1001), ..Limits::default() }, "--oom-score-adj");
    }

    #[test]
    fn ulimits_are_checked_by_name_and_value() {
        let check = |name: &str, soft, hard| {
            let ulimits = vec![Ulimit { name: name.into(), soft, hard }];
            rlimits(&RunRequest { ulimits, ..RunRequest::default() }, 4096, Group::Own)
        };
        assert_eq!(check("core", 5, 6).unwrap()[0].hard, 6);
        assert_eq!(check("nproc", 5, 6).unwrap()[2].kind, "RLIMIT_NPROC");
        assert!(matches!(check("files", 1, 1), Err(ConfineError::UlimitName { .. })));
        assert!(matches!(check("nproc", 2, 1), Err(ConfineError::UlimitValue { .. })));
        assert!(matches!(check("nofile", 1, 5000), Err(ConfineError::UlimitValue { .. })));
    }
}
