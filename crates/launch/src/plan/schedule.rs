//! config.md "scheduler", "ioPriority" and "execCPUAffinity": when the process runs, and where.

use model::spec::{CpuAffinity, IoPriority, Scheduler};
use rustix::thread::CpuSet;
use sys::schedule::Schedule;

use super::numbers;
use crate::error::LaunchError;

/// sched(7), by the kernel's numbers.
pub(crate) const POLICIES: [&str; 7] =
    ["SCHED_OTHER", "SCHED_FIFO", "SCHED_RR", "SCHED_BATCH", "SCHED_ISO", "SCHED_IDLE", "SCHED_DEADLINE"];

/// Each is the next bit of `sched_flags`.
const FLAGS: [&str; 7] = [
    "SCHED_FLAG_RESET_ON_FORK",
    "SCHED_FLAG_RECLAIM",
    "SCHED_FLAG_DL_OVERRUN",
    "SCHED_FLAG_KEEP_POLICY",
    "SCHED_FLAG_KEEP_PARAMS",
    "SCHED_FLAG_UTIL_CLAMP_MIN",
    "SCHED_FLAG_UTIL_CLAMP_MAX",
];

fn refuse<T>(what: &'static str, value: String, why: &'static str) -> Result<T, LaunchError> {
    Err(LaunchError::Spec { what, value, why })
}

pub(super) fn schedule(wanted: &Scheduler) -> Result<Schedule, LaunchError> {
    let policy = wanted.policy.as_ref();
    let Some(number) = POLICIES.iter().position(|known| *known == policy) else {
        return refuse("scheduling policy", policy.to_owned(), "Linux has no such");
    };
    let (nice, priority) = (wanted.nice.unwrap_or(0), wanted.priority.unwrap_or(0));
    if !(-20..=19).contains(&nice) {
        return refuse("niceness", nice.to_string(), "it goes from -20 to 19");
    }
    match (policy, priority) {
        ("SCHED_FIFO" | "SCHED_RR", 1..=99) | (_, 0) => {}
        ("SCHED_FIFO" | "SCHED_RR", _) => {
            return refuse("scheduling priority", priority.to_string(), "it goes from 1 to 99");
        }
        _ => {
            let why = "only SCHED_FIFO and SCHED_RR have one";
            return refuse("scheduling priority", priority.to_string(), why);
        }
    }
    let times = [wanted.runtime, wanted.deadline, wanted.period].map(Option::unwrap_or_default);
    let [runtime, deadline, period] = times;
    if policy != "SCHED_DEADLINE" && times.iter().any(|time| *time != 0) {
        let why = "only SCHED_DEADLINE has a runtime, a deadline and a period";
        return refuse("scheduling policy", policy.to_owned(), why);
    }
    let flags = wanted.flags.iter().try_fold(0, |flags, name| {
        match FLAGS.iter().position(|known| *known == name.as_ref()) {
            Some(bit) => Ok(flags | 1 << bit),
            None => refuse("scheduling flag", name.to_string(), "Linux has no such"),
        }
    })?;
    let (policy, priority) = (number as u32, priority.unsigned_abs());
    Ok(Schedule { policy, flags, nice, priority, runtime, deadline, period })
}

/// ioprio_set(2): the class above the lowest 13 bits.
pub(super) fn io_priority(wanted: &IoPriority) -> Result<u32, LaunchError> {
    let class = match wanted.class.as_ref() {
        "IOPRIO_CLASS_RT" => 1,
        "IOPRIO_CLASS_BE" => 2,
        "IOPRIO_CLASS_IDLE" => 3,
        class => {
            return refuse("class of input and output priority", class.to_owned(), "Linux has no such");
        }
    };
    match u32::try_from(wanted.priority) {
        Ok(level @ 0..=7) => Ok(class << 13 | level),
        _ => refuse("input and output priority", wanted.priority.to_string(), "it goes from 0 to 7"),
    }
}

/// Where one more process of a running container runs.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Affinity {
    /// Until it is in the container's control group.
    pub initial: Option<CpuSet>,
    /// From then on.
    pub last: Option<CpuSet>,
}

impl Affinity {
    pub(super) fn new(wanted: &CpuAffinity) -> Result<Self, LaunchError> {
        let set = |list: &str| Some(list).filter(|list| !list.is_empty()).map(processors).transpose();
        Ok(Self { initial: set(&wanted.initial)?, last: set(&wanted.last)? })
    }
}

fn processors(list: &str) -> Result<CpuSet, LaunchError> {
    let numbers = numbers::parse("list of processors", list)?;
    let mut processors = CpuSet::new();
    numbers::members(&numbers).for_each(|number| processors.set(number));
    Ok(processors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_the_kernel_s_numbers() {
        let wanted = Scheduler {
            policy: "SCHED_DEADLINE".into(),
            flags: vec!["SCHED_FLAG_RESET_ON_FORK".into(), "SCHED_FLAG_KEEP_PARAMS".into()],
            runtime: Some(1),
            deadline: Some(2),
            period: Some(3),
            ..Scheduler::default()
        };
        let planned = schedule(&wanted).unwrap();
        assert_eq!((planned.policy, planned.flags, planned.period), (6, 0x11, 3));
        let priority = IoPriority { class: "IOPRIO_CLASS_BE".into(), priority: 4 };
        assert_eq!(io_priority(&priority).unwrap(), 0x4004);
    }

    #[test]
    fn combinations_that_mean_nothing_are_refused() {
        let of = |policy: &'static str| Scheduler { policy: policy.into(), ..Scheduler::default() };
        for wrong in [
            of(""),
            of("SCHED_NORMAL"),
            Scheduler { nice: Some(20), ..of("SCHED_OTHER") },
            Scheduler { priority: Some(1), ..of("SCHED_BATCH") },
            Scheduler { priority: Some(0), period: Some(1), ..of("SCHED_FIFO") },
            Scheduler { priority: Some(100), ..of("SCHED_RR") },
            Scheduler { flags: vec!["SCHED_FLAG_ALL".into()], ..of("SCHED_IDLE") },
        ] {
            assert!(schedule(&wrong).is_err(), "{wrong:?}");
        }
        for (class, priority) in [("IOPRIO_CLASS_NONE", 0), ("IOPRIO_CLASS_RT", 8), ("IOPRIO_CLASS_RT", -1)] {
            assert!(
                io_priority(&IoPriority { class: class.into(), priority }).is_err(),
                "{class} {priority}"
            );
        }
    }

    #[test]
    fn processors_are_read_from_both_lists() {
        let wanted = CpuAffinity { initial: "1".into(), last: "0,2-3".into() };
        let Affinity { initial: Some(initial), last: Some(last) } = Affinity::new(&wanted).unwrap() else {
            panic!("both are there")
        };
        assert!(initial.is_set(1) && initial.count() == 1);
        assert!(!last.is_set(1) && last.count() == 3);
        assert!(Affinity::new(&CpuAffinity { initial: "x".into(), last: "".into() }).is_err());
    }
}
