//! Sizes as people write them: `500 MB`, `2GiB`, or a number of bytes.

use serde::Deserialize;

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "Written")]
pub struct Size(pub u64);

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(u64),
    Text(String),
}

const UNITS: [(&str, u64); 9] = [
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

impl TryFrom<Written> for Size {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written::Number(bytes) => Ok(Self(bytes)),
            Written::Text(text) => parse(&text).map(Self).ok_or_else(|| {
                let text: String = text.chars().take(100).collect();
                format!("`{text}` is no size, which is a whole number and one of B, kB, MB, GB, TB, KiB, MiB, GiB, TiB")
            }),
        }
    }
}

fn parse(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let unit = unit.trim_start_matches(' ');
    let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_a_number_and_a_unit() {
        for (text, bytes) in [("0B", 0), ("12 kB", 12_000), ("3GiB", 3 << 30), ("7 TB", 7_000_000_000_000)] {
            assert_eq!(parse(text), Some(bytes), "{text}");
        }
        for bad in ["", "GB", "1", "1 gb", "-1 GB", "1.5 GB", "99999999999999 TB", "1 GB "] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
