//! PAX extended headers: `length key=value\n`, repeated (POSIX.1-2017 pax, "pax Extended Header").

use super::reader::Mtime;
use super::sparse::Segment;

/// The records that matter to a file system.
#[derive(Debug, Default, Clone)]
pub(super) struct Pax {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) uid: Option<u64>,
    pub(super) gid: Option<u64>,
    pub(super) mtime: Option<Mtime>,
    pub(super) xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    pub(super) sparse: PaxSparse,
}

/// GNU's sparse records, versions 0.0, 0.1 and 1.0.
#[derive(Debug, Default, Clone)]
pub(super) struct PaxSparse {
    /// 1.0: the map stands before the data.
    pub(super) map_in_data: bool,
    /// 0.0 and 0.1: the map is here.
    pub(super) map: Option<Vec<Segment>>,
    pub(super) name: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pending_offset: Option<u64>,
}

impl Pax {
    /// Adds the records of one extended header; `None` if they are malformed.
    pub(super) fn absorb(&mut self, mut records: &[u8]) -> Option<()> {
        // Some writers pad with NULs.
        while records.first().is_some_and(|byte| *byte != 0) {
            let space = records.iter().position(|byte| *byte == b' ')?;
            let length = usize::try_from(decimal(records.get(..space)?)?).ok()?;
            let record = records.get(space + 1..length)?.strip_suffix(b"\n")?;
            let equals = record.iter().position(|byte| *byte == b'=')?;
            self.set(record.get(..equals)?, record.get(equals + 1..)?)?;
            records = records.get(length..)?;
        }
        Some(())
    }

    fn set(&mut self, key: &[u8], value: &[u8]) -> Option<()> {
        match key {
            b"path" => self.path = Some(value.to_vec()),
            b"linkpath" => self.link = Some(value.to_vec()),
            b"size" => self.size = Some(decimal(value)?),
            b"uid" => self.uid = Some(decimal(value)?),
            b"gid" => self.gid = Some(decimal(value)?),
            b"mtime" => self.mtime = Some(time(value)?),
            _ => {
                if let Some(name) = key.strip_prefix(b"SCHILY.xattr.") {
                    self.xattrs.push((name.to_vec(), value.to_vec()));
                } else if let Some(name) = key.strip_prefix(b"GNU.sparse.") {
                    self.sparse.set(name, value)?;
                }
            }
        }
        Some(())
    }

    /// What `self` says, and where it says nothing, what `global` says.
    pub(super) fn over(self, global: &Self) -> Self {
        let mut xattrs = global.xattrs.clone();
        xattrs.extend(self.xattrs);
        Self {
            path: self.path.or_else(|| global.path.clone()),
            link: self.link.or_else(|| global.link.clone()),
            size: self.size.or(global.size),
            uid: self.uid.or(global.uid),
            gid: self.gid.or(global.gid),
            mtime: self.mtime.or(global.mtime),
            xattrs,
            sparse: self.sparse,
        }
    }
}

impl PaxSparse {
    fn set(&mut self, name: &[u8], value: &[u8]) -> Option<()> {
        match name {
            b"major" => self.map_in_data = decimal(value)? >= 1,
            b"name" => self.name = Some(value.to_vec()),
            b"realsize" | b"size" => self.size = Some(decimal(value)?),
            b"map" => self.map = Some(pairs(value)?),
            b"offset" => self.pending_offset = Some(decimal(value)?),
            b"numbytes" => {
                let offset = self.pending_offset.take()?;
                let segment = Segment { offset, length: decimal(value)? };
                self.map.get_or_insert_default().push(segment);
            }
            _ => {}
        }
        Some(())
    }
}

/// `offset,length,offset,length...`
fn pairs(text: &[u8]) -> Option<Vec<Segment>> {
    let numbers: Vec<u64> = text.split(|byte| *byte == b',').map(decimal).collect::<Option<_>>()?;
    let (pairs, rest) = numbers.as_chunks::<2>();
    rest.is_empty()
        .then(|| pairs.iter().map(|[offset, length]| Segment { offset: *offset, length: *length }).collect())
}

/// Decimal digits and nothing else.
pub(super) fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Seconds with a fraction, possibly negative.
fn time(text: &[u8]) -> Option<Mtime> {
    let text = std::str::from_utf8(text).ok()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let seconds: i64 = whole.parse().ok()?;
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanoseconds = format!("{fraction:0<9.9}").parse().ok()?;
    // A negative time with a fraction is rounded to its second: no image needs better.
    Some(Mtime { seconds, nanoseconds: if whole.starts_with('-') { 0 } else { nanoseconds } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_set_what_they_name_and_the_rest_is_ignored() {
        let mut pax = Pax::default();
        pax.absorb(b"11 path=ab\n20 mtime=12.3456789\n20 comment=whatever\n").unwrap();
        assert_eq!(pax.path.as_deref(), Some(&b"ab"[..]));
        assert_eq!(pax.mtime, Some(Mtime { seconds: 12, nanoseconds: 345_678_900 }));
    }

    #[test]
    fn records_that_lie_about_their_length_are_malformed() {
        for bad in [&b"99 path=a\n"[..], b"3 path=a\n", b"0 \n", b"path", b"9 patha\n", b"12 size=-1\n"] {
            assert!(Pax::default().absorb(bad).is_none(), "{}", bad.escape_ascii());
        }
    }
}
