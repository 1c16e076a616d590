//! Limits as systemd has them.

use model::spec::DeviceRule;

use super::{Property, Value, property};
use crate::cgroup::Version;
use crate::cgroup::devices::{Exceptions, rules};
use crate::cgroup::limits::Setting;
use crate::cgroup::stats::ranges;
use crate::error::LaunchError;

/// cpu.cfs_period_us where nobody says otherwise.
const CPU_PERIOD: u64 = 100_000;
/// systemd counts processor time in hundredths of a processor: microseconds of each second.
const HUNDREDTH: u64 = 10_000;

/// Of what goes into files, what systemd has properties for.
pub(in super::super) fn properties(
    version: Version,
    settings: &[Setting],
    devices: &[DeviceRule],
) -> Result<Vec<Property>, LaunchError> {
    let mut properties: Vec<Property> = settings.iter().filter_map(simple).collect();
    let value =
        |file: &str| settings.iter().find(|setting| setting.file == file).map(|one| one.value.as_str());
    if version == Version::V2 {
        if let Some(max) = value("cpu.max") {
            let mut words = max.split_whitespace();
            let (quota, period) = (words.next().unwrap_or_default(), words.next());
            properties.extend(bandwidth(quota, period));
        }
        return Ok(properties);
    }
    let (quota, period) = (value("cpu.cfs_quota_us"), value("cpu.cfs_period_us"));
    if quota.or(period).is_some() {
        properties.extend(bandwidth(quota.unwrap_or_default(), period));
    }
    properties.extend(device_list(devices)?);
    Ok(properties)
}

fn simple(setting: &Setting) -> Option<Property> {
    if !setting.key.is_empty() {
        return None;
    }
    let value = setting.value.trim();
    // `max` and -1 are systemd's infinity.
    let number = || Value::U64(value.parse().unwrap_or(u64::MAX));
    let name = match setting.file.as_ref() {
        "memory.max" => "MemoryMax",
        "memory.high" => "MemoryHigh",
        "memory.low" => "MemoryLow",
        "memory.min" => "MemoryMin",
        "memory.swap.max" => "MemorySwapMax",
        "memory.limit_in_bytes" => "MemoryLimit",
        "pids.max" => "TasksMax",
        "cpu.weight" => "CPUWeight",
        "cpu.shares" => "CPUShares",
        "blkio.weight" | "blkio.bfq.weight" => "BlockIOWeight",
        "cpuset.cpus" => return bits(value).map(|bits| property("AllowedCPUs", bits)),
        "cpuset.mems" => return bits(value).map(|bits| property("AllowedMemoryNodes", bits)),
        _ => return None,
    };
    Some(property(name, number()))
}

/// systemd rounds up to hundredths; the file has the exact value afterwards.
fn bandwidth(quota: &str, period: Option<&str>) -> Vec<Property> {
    let given = period.and_then(|period| period.parse::<u64>().ok()).filter(|period| *period > 0);
    let period = given.unwrap_or(CPU_PERIOD);
    let each_second = quota.parse::<u64>().ok().and_then(|quota| {
        let exact = quota.checked_mul(1_000_000)?.checked_div(period)?;
        exact.checked_next_multiple_of(HUNDREDTH)
    });
    let each_second = property("CPUQuotaPerSecUSec", Value::U64(each_second.unwrap_or(u64::MAX)));
    let period = given.map(|period| property("CPUQuotaPeriodUSec", Value::U64(period)));
    period.into_iter().chain([each_second]).collect()
}

/// A bit for each processor, the first in the lowest of the first byte.
fn bits(list: &str) -> Option<Value> {
    let numbers = ranges(list);
    let mut bytes = vec![0_u8; usize::from(*numbers.iter().max()?) / 8 + 1];
    for number in numbers {
        if let Some(byte) = bytes.get_mut(usize::from(number) / 8) {
            *byte |= 1 << (number % 8);
        }
    }
    Some(Value::Bytes(bytes))
}

/// Version 1: without a list systemd would allow all devices again when it is reloaded. On version 2 it
/// leaves our program alone.
fn device_list(asked: &[DeviceRule]) -> Result<Vec<Property>, LaunchError> {
    let exceptions = Exceptions::of(&rules(asked)?)?;
    let policy = |policy: &str| property("DevicePolicy", Value::Text(policy.to_owned()));
    let cleared = property("DeviceAllow", Value::Pairs(Vec::new()));
    if exceptions.allows_all() {
        return Ok(vec![cleared, policy("auto")]);
    }
    // systemd knows no exceptions from everything: it denies all, and our own list is written afterwards.
    let allowed = property("DeviceAllow", Value::Pairs(exceptions.for_systemd()));
    Ok(vec![cleared, policy("strict"), allowed])
}

#[cfg(test)]
mod tests {
    use model::spec::{CpuLimits, MemoryLimits, PidsLimit, Resources};

    use super::*;
    use crate::cgroup::limits::settings;

    fn of(version: Version, resources: &Resources) -> Vec<Property> {
        let settings = settings(version, resources, |_, _| false).unwrap();
        properties(version, &settings, &resources.devices).unwrap()
    }

    fn resources() -> Resources {
        Resources {
            memory: MemoryLimits { limit: Some(64 << 20), swap: Some(-1), ..MemoryLimits::default() },
            cpu: CpuLimits {
                quota: Some(33_333),
                period: Some(100_000),
                cpus: "0,9-10".into(),
                ..CpuLimits::default()
            },
            pids: PidsLimit { limit: Some(-1) },
            ..Resources::default()
        }
    }

    #[test]
    fn limits_have_systemd_s_names_and_units() {
        assert_eq!(
            of(Version::V2, &resources()),
            [
                property("MemoryMax", Value::U64(64 << 20)),
                property("MemorySwapMax", Value::U64(u64::MAX)),
                property("AllowedCPUs", Value::Bytes(vec![1, 6])),
                property("TasksMax", Value::U64(u64::MAX)),
                property("CPUQuotaPeriodUSec", Value::U64(100_000)),
                property("CPUQuotaPerSecUSec", Value::U64(340_000)),
            ]
        );
    }

    #[test]
    fn on_version_1_the_devices_are_systemd_s_as_well() {
        let found = of(Version::V1, &resources());
        assert!(found.contains(&property("MemoryLimit", Value::U64(64 << 20))));
        assert!(found.contains(&property("DevicePolicy", Value::Text("strict".into()))));
        let all = DeviceRule { allow: true, ..DeviceRule::default() };
        let open = of(Version::V1, &Resources { devices: vec![all], ..Resources::default() });
        assert!(open.contains(&property("DevicePolicy", Value::Text("auto".into()))));
    }

    #[test]
    fn a_quota_without_a_limit_is_infinite() {
        assert_eq!(bandwidth("max", None), [property("CPUQuotaPerSecUSec", Value::U64(u64::MAX))]);
        assert_eq!(bandwidth("-1", Some("5000")).len(), 2);
        assert_eq!(bits(""), None);
    }
}
