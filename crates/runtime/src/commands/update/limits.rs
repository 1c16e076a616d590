//! The limits that a command line, or a file, asks for.

use model::spec::{BlockIo, CpuLimits, MemoryLimits, PidsLimit, Resources};
use rustix::fs::{Mode, OFlags};

use crate::error::Failure;
use crate::json;
use crate::options::Given;

/// Those of the file if there is one, else those of the options.
pub(super) fn wanted(given: &Given) -> Result<Resources, Failure> {
    if given.value("l3-cache-schema").or(given.value("mem-bw-schema")).is_some() {
        return Err(given.wrong("classes of resctrl are not supported".to_owned()));
    }
    let mut resources = match given.value("resources") {
        Some(path) => from_file(path)?,
        None => from_options(given)?,
    };
    leave_zeros_out(&mut resources);
    if resources == Resources::default() {
        return Err(given.wrong("which limits?".to_owned()));
    }
    Ok(resources)
}

fn from_file(path: &str) -> Result<Resources, Failure> {
    let fault = |errno| Failure::system("read the limits", path)(errno);
    let file = match path {
        "-" => rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3).map_err(fault)?,
        path => rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).map_err(fault)?,
    };
    json::parse("limits", path, &json::read("limits", path, file)?)
}

fn from_options(given: &Given) -> Result<Resources, Failure> {
    Ok(Resources {
        memory: MemoryLimits {
            limit: bytes(given, "memory")?,
            reservation: bytes(given, "memory-reservation")?,
            swap: bytes(given, "memory-swap")?,
            kernel: bytes(given, "kernel-memory")?,
            kernel_tcp: bytes(given, "kernel-memory-tcp")?,
            ..MemoryLimits::default()
        },
        cpu: CpuLimits {
            shares: given.number("cpu-share")?,
            quota: given.number("cpu-quota")?,
            burst: given.number("cpu-burst")?,
            period: given.number("cpu-period")?,
            realtime_runtime: given.number("cpu-rt-runtime")?,
            realtime_period: given.number("cpu-rt-period")?,
            cpus: given.value("cpuset-cpus").unwrap_or_default().to_owned(),
            mems: given.value("cpuset-mems").unwrap_or_default().to_owned(),
            idle: given.number("cpu-idle")?,
        },
        pids: PidsLimit { limit: given.number("pids-limit")? },
        block_io: BlockIo { weight: given.number("blkio-weight")?, ..BlockIo::default() },
        ..Resources::default()
    })
}

/// runc's form of a file shows a 0 for each limit that stays as it is, and its options take it likewise. Of
/// what may be 0, a burst and idleness, it does not.
fn leave_zeros_out(resources: &mut Resources) {
    let Resources { memory, cpu, pids, block_io, .. } = resources;
    let MemoryLimits { limit, reservation, swap, kernel, kernel_tcp, .. } = memory;
    for limit in [limit, reservation, swap, kernel, kernel_tcp, &mut cpu.quota, &mut pids.limit] {
        limit.take_if(|limit| *limit == 0);
    }
    for number in [&mut cpu.shares, &mut cpu.period, &mut cpu.realtime_period] {
        number.take_if(|number| *number == 0);
    }
    cpu.realtime_runtime.take_if(|runtime| *runtime == 0);
    block_io.weight.take_if(|weight| *weight == 0);
}

/// `512m` is 512 MiB; -1 is no limit.
fn bytes(given: &Given, option: &str) -> Result<Option<i64>, Failure> {
    let Some(text) = given.value(option) else { return Ok(None) };
    let refuse = || given.wrong(format!("`--{option}` takes a number of bytes such as 512m, not `{text}`"));
    amount(text).map(Some).ok_or_else(refuse)
}

fn amount(text: &str) -> Option<i64> {
    if text == "-1" {
        return Some(-1);
    }
    let lower = text.to_ascii_lowercase();
    let plain = lower.strip_suffix('b').unwrap_or(&lower);
    let plain = plain.strip_suffix('i').unwrap_or(plain);
    let (digits, shift) = match plain.chars().last()? {
        'k' => (plain.strip_suffix('k')?, 10),
        'm' => (plain.strip_suffix('m')?, 20),
        'g' => (plain.strip_suffix('g')?, 30),
        't' => (plain.strip_suffix('t')?, 40),
        _ => (plain, 0),
    };
    let number = digits.parse::<u64>().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    i64::try_from(number.checked_mul(1 << shift)?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in
            [("0", 0), ("100", 100), ("1k", 1024), ("512m", 512 << 20), ("2GiB", 2 << 30), ("10mb", 10 << 20)]
        {
            assert_eq!(amount(text), Some(bytes), "{text}");
        }
        for text in ["", "m", "-2", "+1", "1.5g", "9223372036854775808", "9999999t", "1 k"] {
            assert_eq!(amount(text), None, "{text}");
        }
        assert_eq!(amount("-1"), Some(-1));
    }

    #[test]
    fn a_zero_is_no_wish() {
        let text = br#"{"memory":{"limit":0,"swap":-1},"cpu":{"shares":0,"quota":0,"cpus":""},"blockIO":{"weight":0}}"#;
        let mut resources: Resources = json::parse("limits", "x", text).unwrap();
        leave_zeros_out(&mut resources);
        let only = MemoryLimits { swap: Some(-1), ..MemoryLimits::default() };
        assert_eq!(resources, Resources { memory: only, ..Resources::default() });
    }

    proptest! {
        #[test]
        fn any_text_is_a_size_or_none(text in ".{0,20}") {
            prop_assert!(amount(&text).is_none_or(|bytes| bytes >= -1));
        }
    }
}
