//! `--device-read-bps /dev/sda:1m`: how much of a device may be used each second.

use super::{ValueError, size};

/// A device and a rate; 0 is unlimited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) device: String,
    pub(crate) rate: u64,
}

/// `PATH:SIZE`, bytes each second.
pub(crate) fn bytes(text: &str) -> Result<Rate, ValueError> {
    let (device, rate) = split(text, "a device and bytes each second, such as /dev/sda:1m")?;
    Ok(Rate { device, rate: size::parse(rate)? })
}

/// `PATH:NUMBER`, operations each second.
pub(crate) fn operations(text: &str) -> Result<Rate, ValueError> {
    const RIGHT: &str = "a device and operations each second, such as /dev/sda:1000";
    let (device, rate) = split(text, RIGHT)?;
    let number = rate.bytes().all(|b| b.is_ascii_digit()).then(|| rate.parse().ok()).flatten();
    let rate = number.ok_or_else(|| ValueError::new(format!("`{rate}` is no number"), RIGHT))?;
    Ok(Rate { device, rate })
}

fn split<'a>(text: &'a str, right: &str) -> Result<(String, &'a str), ValueError> {
    match text.rsplit_once(':') {
        Some((device, rate)) if device.starts_with('/') => Ok((device.to_owned(), rate)),
        Some(_) => Err(ValueError::new("the device is no absolute path", right)),
        None => Err(ValueError::new("it has no `:`", right)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bytes_have_units_and_operations_have_none() {
        let rate = |rate| Ok(Rate { device: "/dev/sda".into(), rate });
        assert_eq!(bytes("/dev/sda:1m"), rate(1 << 20));
        assert_eq!(operations("/dev/sda:1000"), rate(1000));
        assert_eq!(bytes("/dev/disk/by:id:5").unwrap().device, "/dev/disk/by:id");
        for text in ["/dev/sda", "sda:1", "/dev/sda:", "/dev/sda:x", "/dev/sda:-1"] {
            assert!(bytes(text).is_err() && operations(text).is_err(), "{text}");
        }
        assert!(operations("/dev/sda:1m").is_err() && operations("/dev/sda:+1").is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_a_rate_or_an_error(text in "(/dev/.{0,6}:)?.{0,20}") {
            let _either = (bytes(&text), operations(&text));
        }
    }
}
