//! Units of the specification, which are version 1's, in those of version 2.

use super::invalid;
use crate::error::LaunchError;

/// cpu.cfs_period_us where nobody says otherwise.
const CPU_PERIOD: u64 = 100_000;

/// `max` is what -1 is to the specification.
pub(super) fn unlimited_or(value: i64) -> String {
    if value < 0 { "max".to_owned() } else { value.to_string() }
}

pub(super) fn bandwidth(quota: Option<i64>, period: Option<u64>) -> Option<String> {
    let (quota, period) = (quota.filter(|quota| *quota != 0), period.filter(|period| *period != 0));
    let quota = quota.or(period.map(|_| -1))?;
    Some(format!("{} {}", unlimited_or(quota), period.unwrap_or(CPU_PERIOD)))
}

/// The specification counts memory and swap together, version 2 counts swap alone. As in version 1, memory
/// without a limit has swap without a limit.
pub(super) fn swap(limit: Option<i64>, both: Option<i64>) -> Result<Option<String>, LaunchError> {
    let (limit, both) = (limit.filter(|limit| *limit != 0), both.filter(|both| *both != 0));
    let refused = |both: i64, why| Err(invalid("limit on memory and swap", &both, why));
    match (limit, both) {
        (Some(limit), None) if limit < 0 => Ok(Some("max".to_owned())),
        (_, None) => Ok(None),
        (_, Some(both)) if both < 0 => Ok(Some("max".to_owned())),
        (Some(limit), Some(both)) if limit < 0 => Ok(Some(both.to_string())),
        (None, Some(both)) => refused(both, "it needs a limit on memory beside it"),
        (Some(limit), Some(both)) if both < limit => refused(both, "it is lower than that on memory"),
        (Some(limit), Some(both)) => Ok(Some((both - limit).to_string())),
    }
}

/// Shares 2 to 262144 to weight 1 to 10000, as runc and crun convert them since 2025: a curve through the
/// ends and through both defaults, 1024 and 100.
pub(super) fn weight(shares: u64) -> u64 {
    let log = (shares.clamp(2, 262_144) as f64).log2();
    let exponent = (log * log + 125.0 * log) / 612.0 - 7.0 / 34.0;
    (10_f64.powf(exponent).ceil() as u64).clamp(1, 10_000)
}

/// 10..1000 to 1..10000, runc's conversion: a straight line from (10, 1) to (1000, 10000).
pub(super) fn io_weight(weight: u16) -> u64 {
    1 + (u64::from(weight.clamp(10, 1000)) - 10) * 9999 / 990
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_map_onto_the_whole_range_of_weights() {
        assert_eq!((weight(0), weight(2), weight(1024), weight(262_144)), (1, 1, 100, 10_000));
        assert!((2..2000).all(|shares| weight(shares) <= weight(shares + 1)));
        assert_eq!((io_weight(10), io_weight(500)), (1, 4950));
    }

    #[test]
    fn swap_is_what_is_left_of_both() {
        let of = |limit, both| swap(limit, both).map_err(|error| error.to_string());
        assert_eq!(of(Some(64), Some(96)), Ok(Some("32".into())));
        assert_eq!(of(Some(64), Some(64)), Ok(Some("0".into())));
        assert_eq!(of(Some(-1), None), Ok(Some("max".into())));
        assert_eq!(of(Some(64), Some(-1)), Ok(Some("max".into())));
        assert_eq!(of(Some(64), Some(0)), Ok(None));
        assert_eq!(of(Some(-1), Some(9)), Ok(Some("9".into())));
        assert!(of(None, Some(9)).is_err() && of(Some(64), Some(9)).is_err());
    }
}
