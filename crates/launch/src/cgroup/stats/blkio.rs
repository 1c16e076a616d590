//! Disks.

use super::Pressure;
use crate::cgroup::Group;

/// What went to and came from disks, in the tables that version 1 has.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Blkio {
    /// Bytes.
    pub service_bytes: Vec<BlkioEntry>,
    /// Operations.
    pub serviced: Vec<BlkioEntry>,
    /// Operations that wait (version 1, as are those below).
    pub queued: Vec<BlkioEntry>,
    /// Nanoseconds from beginning to end.
    pub service_time: Vec<BlkioEntry>,
    /// Nanoseconds in queues.
    pub wait_time: Vec<BlkioEntry>,
    /// Operations that were merged.
    pub merged: Vec<BlkioEntry>,
    /// Milliseconds of the disk's time.
    pub time: Vec<BlkioEntry>,
    /// Sectors.
    pub sectors: Vec<BlkioEntry>,
    /// How long processes waited for disks.
    pub pressure: Option<Pressure>,
}

/// One number about one device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BlkioEntry {
    /// Major number.
    pub major: u64,
    /// Minor number.
    pub minor: u64,
    /// `Read`, `Write`, `Sync` and so on; empty where the file does not tell.
    pub op: String,
    /// How much.
    pub value: u64,
}

impl Group {
    pub(super) fn blkio_v2(&self) -> Blkio {
        let text = self.read("", "io.stat").unwrap_or_default();
        let of = |kinds| text.lines().flat_map(|line| entries_v2(line, kinds)).collect();
        Blkio {
            service_bytes: of([("rbytes", "Read"), ("wbytes", "Write")]),
            serviced: of([("rios", "Read"), ("wios", "Write")]),
            pressure: self.pressure("io.pressure"),
            ..Blkio::default()
        }
    }

    /// Which files are there depends on the disk's scheduler; the throttle's own always are.
    pub(super) fn blkio_v1(&self) -> Blkio {
        let first = |files: &[&str]| {
            let texts = files.iter().filter_map(|file| self.read("blkio", &format!("blkio.{file}")));
            let tables = texts.map(|text| text.lines().filter_map(entry_v1).collect::<Vec<_>>());
            tables.into_iter().find(|table| !table.is_empty()).unwrap_or_default()
        };
        let either = |name: &str| first(&[&format!("bfq.{name}"), name]);
        let bytes = "io_service_bytes";
        let counted = |name: &str| {
            first(&[
                &format!("bfq.{name}_recursive"),
                &format!("{name}_recursive"),
                &format!("throttle.{name}_recursive"),
                &format!("throttle.{name}"),
            ])
        };
        Blkio {
            service_bytes: counted(bytes),
            serviced: counted("io_serviced"),
            queued: either("io_queued_recursive"),
            service_time: either("io_service_time_recursive"),
            wait_time: either("io_wait_time_recursive"),
            merged: either("io_merged_recursive"),
            time: either("time_recursive"),
            sectors: either("sectors_recursive"),
            pressure: None,
        }
    }
}

fn device(text: &str) -> Option<(u64, u64)> {
    let (major, minor) = text.split_once(':')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// `8:0 Read 4096`, or `8:0 4096`; the sum is passed over.
fn entry_v1(line: &str) -> Option<BlkioEntry> {
    let (name, rest) = line.split_once(' ')?;
    let (major, minor) = device(name)?;
    let (op, value) = rest.rsplit_once(' ').unwrap_or(("", rest));
    Some(BlkioEntry { major, minor, op: op.to_owned(), value: value.parse().ok()? })
}

/// `8:0 rbytes=4096 wbytes=0 rios=1 ...`
fn entries_v2(line: &str, kinds: [(&str, &str); 2]) -> Vec<BlkioEntry> {
    let Some(((major, minor), words)) =
        line.split_once(' ').and_then(|(name, words)| Some((device(name)?, words)))
    else {
        return Vec::new();
    };
    let entry = |(key, op): (&str, &str)| {
        let value = words.split(' ').find_map(|word| word.strip_prefix(key)?.strip_prefix('='))?;
        Some(BlkioEntry { major, minor, op: op.to_owned(), value: value.parse().ok()? })
    };
    kinds.into_iter().filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(op: &str, value: u64) -> BlkioEntry {
        BlkioEntry { major: 8, minor: 16, op: op.into(), value }
    }

    #[test]
    fn both_versions_lead_to_the_same_tables() {
        assert_eq!(entry_v1("8:16 Read 4096"), Some(entry("Read", 4096)));
        assert_eq!(entry_v1("8:16 7"), Some(entry("", 7)));
        assert_eq!(entry_v1("Total 7"), None);
        let line = "8:16 rbytes=4096 wbytes=1 rios=2 wios=0 dbytes=0";
        let bytes = entries_v2(line, [("rbytes", "Read"), ("wbytes", "Write")]);
        assert_eq!(bytes, [entry("Read", 4096), entry("Write", 1)]);
    }

    proptest! {
        #[test]
        fn any_line_is_read_or_passed_over(line in "[a-zA-Z:= 0-9]{0,60}") {
            let _both = (entry_v1(&line), entries_v2(&line, [("rbytes", "Read"), ("a", "b")]));
        }
    }
}
