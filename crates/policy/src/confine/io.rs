//! Limits on disks: a weight among others, and rates of single devices.

use model::request::{IoRateKind, Limits};
use model::spec::{BlockIo, ThrottleDevice};

use super::limits::refused;
use super::{ConfineError, DeviceKind, HostDevice};

/// What the kernel's schedulers take, and Docker's range.
const WEIGHTS: std::ops::RangeInclusive<u64> = 10..=1000;

/// Everything that can be judged without knowing the host.
pub(super) fn check(limits: &Limits) -> Result<(), ConfineError> {
    weight(limits)?;
    let plain = |path: &str| path.starts_with('/') && !path.split('/').any(|name| name == "..");
    match limits.io_rates.iter().find(|rate| !plain(&rate.device)) {
        Some(rate) => Err(refused(rate.kind.option(), &rate.device, "it is no absolute path")),
        None => Ok(()),
    }
}

/// The limits, with the numbers that the engine found for the devices.
pub(super) fn block_io(limits: &Limits, disks: &[HostDevice]) -> Result<BlockIo, ConfineError> {
    check(limits)?;
    let throttles = |kind| throttles(limits, kind, disks);
    Ok(BlockIo {
        weight: weight(limits)?,
        throttle_read_bps_device: throttles(IoRateKind::ReadBytes)?,
        throttle_write_bps_device: throttles(IoRateKind::WriteBytes)?,
        throttle_read_iops_device: throttles(IoRateKind::ReadOperations)?,
        throttle_write_iops_device: throttles(IoRateKind::WriteOperations)?,
        ..BlockIo::default()
    })
}

fn weight(limits: &Limits) -> Result<Option<u16>, ConfineError> {
    let Some(weight) = limits.io_weight else { return Ok(None) };
    let fits = u16::try_from(weight).ok().filter(|_| WEIGHTS.contains(&weight));
    fits.map(Some).ok_or_else(|| refused("--blkio-weight", &weight, "it is 10 to 1000"))
}

/// The kernel takes the last of several rates for one device, as Docker does.
fn throttles(
    limits: &Limits,
    kind: IoRateKind,
    disks: &[HostDevice],
) -> Result<Vec<ThrottleDevice>, ConfineError> {
    let asked = limits.io_rates.iter().filter(|rate| rate.kind == kind);
    asked
        .map(|asked| {
            let disk = disks.iter().find(|disk| disk.path == asked.device);
            let disk =
                disk.ok_or_else(|| ConfineError::Unplaced { what: format!("the disk {}", asked.device) })?;
            if disk.kind != DeviceKind::Block {
                return Err(refused(kind.option(), &asked.device, "it is no block device"));
            }
            Ok(ThrottleDevice { major: disk.major.into(), minor: disk.minor.into(), rate: asked.rate })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use model::request::IoRate;

    use super::*;

    fn rate(kind: IoRateKind, device: &str) -> Limits {
        Limits { io_rates: vec![IoRate { kind, device: device.into(), rate: 4096 }], ..Limits::default() }
    }

    fn disk(kind: DeviceKind) -> HostDevice {
        HostDevice { path: "/dev/sda".into(), kind, major: 8, minor: 0 }
    }

    #[test]
    fn each_rate_goes_to_its_device_s_numbers() {
        let limits = rate(IoRateKind::WriteOperations, "/dev/sda");
        let block_io = block_io(&limits, &[disk(DeviceKind::Block)]).unwrap();
        let expected = ThrottleDevice { major: 8, minor: 0, rate: 4096 };
        assert_eq!(block_io.throttle_write_iops_device, [expected]);
        assert!(block_io.throttle_read_bps_device.is_empty());
    }

    #[test]
    fn what_is_no_disk_has_no_rate() {
        let limits = rate(IoRateKind::ReadBytes, "/dev/sda");
        let error = block_io(&limits, &[disk(DeviceKind::Character)]).unwrap_err();
        assert_eq!(error.to_string(), "`--device-read-bps /dev/sda` cannot be: it is no block device");
        assert!(matches!(block_io(&limits, &[]), Err(ConfineError::Unplaced { .. })));
        assert!(check(&rate(IoRateKind::ReadBytes, "sda")).is_err());
        assert!(check(&rate(IoRateKind::ReadBytes, "/dev/../sda")).is_err());
    }

    #[test]
    fn weights_are_those_of_the_kernel() {
        let weight = |weight| check(&Limits { io_weight: Some(weight), ..Limits::default() });
        assert!(weight(10).is_ok() && weight(1000).is_ok());
        assert!(weight(0).is_err() && weight(9).is_err() && weight(1001).is_err());
    }
}
