//! Who an id is to the host: ids that a user's session names have one more map above them.

/// Lines of a uid_map (user_namespaces(7)): first id inside, first outside, how many.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct IdMap(Vec<(u32, u32, u32)>);

impl IdMap {
    /// Reads a map; lines that are none are left out.
    pub(crate) fn parse(text: &str) -> Self {
        let line = |line: &str| {
            let mut fields = line.split_ascii_whitespace().map(str::parse);
            Some((fields.next()?.ok()?, fields.next()?.ok()?, fields.next()?.ok()?))
        };
        Self(text.lines().filter_map(line).collect())
    }

    /// The map of this process: what its ids are one level up. For root that is the host's own map, and
    /// every id is itself.
    pub(crate) fn ours() -> Self {
        Self::parse(&std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default())
    }

    /// What an id inside is outside; nothing where it is not mapped.
    pub(crate) fn outside(&self, id: u32) -> Option<u32> {
        self.0.iter().find_map(|&(inside, outside, count)| {
            let distance = id.checked_sub(inside).filter(|distance| *distance < count)?;
            outside.checked_add(distance)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_are_followed_through_the_line_that_holds_them() {
        let map = IdMap::parse("         0       1000          1\n         1     100000      65536\nnoise\n");
        assert_eq!(map.outside(0), Some(1000));
        assert_eq!(map.outside(65_536), Some(165_535));
        assert_eq!(map.outside(65_537), None);
        assert_eq!(IdMap::parse("0 0 4294967295").outside(7), Some(7));
    }

    proptest! {
        #[test]
        fn any_map_gives_ids_or_none(text in "([0-9]{1,10} [0-9]{1,10} [0-9]{1,10}\n){0,4}", id in any::<u32>()) {
            let _either = IdMap::parse(&text).outside(id);
        }
    }
}
