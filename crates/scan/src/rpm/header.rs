//! The header of an installed package: tags with their types, and the bytes they point to.

use model::inventory::{PackageKind, SourcePackage};

use crate::catalog::{Found, Room};
use crate::number::{Order, span};
use crate::text;

/// The most tags that rpm itself accepts.
const MAX_TAGS: usize = 0xffff;
/// The most directories, and the most files, of a package.
const MAX_FILES: usize = 1 << 20;
/// The longest path of a file, in bytes.
const MAX_PATH: usize = 4096;

const NAME: u32 = 1000;
const VERSION: u32 = 1001;
const RELEASE: u32 = 1002;
const EPOCH: u32 = 1003;
const LICENCE: u32 = 1014;
const ARCHITECTURE: u32 = 1022;
const SOURCE_RPM: u32 = 1044;
const DIRECTORY_INDEXES: u32 = 1116;
const BASE_NAMES: u32 = 1117;
const DIRECTORY_NAMES: u32 = 1118;

const INT32: u32 = 4;
const STRING: u32 = 6;
const STRING_ARRAY: u32 = 8;
const TRANSLATED_STRING: u32 = 9;

/// A header: 16 bytes for each tag, and what they point to.
struct Header<'a> {
    tags: &'a [u8],
    data: &'a [u8],
}

impl<'a> Header<'a> {
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (tags, data) = (Order::Big.size(bytes, 0)?, Order::Big.size(bytes, 4)?);
        let tags = tags.checked_mul(16).filter(|length| *length <= MAX_TAGS * 16)?;
        Some(Self { tags: span(bytes, 8, tags)?, data: span(bytes, 8 + tags, data)? })
    }

    /// What a tag points to, up to the end of everything, and how many there are.
    fn values(&self, tag: u32, kinds: &[u32]) -> Option<(&'a [u8], usize)> {
        let tag = tag.to_be_bytes();
        let entry = self.tags.chunks_exact(16).find(|entry| entry.starts_with(&tag))?;
        let kind = Order::Big.u32(entry, 4).filter(|kind| kinds.contains(kind))?;
        let count = if kind == STRING { 1 } else { Order::Big.size(entry, 12)? };
        Some((self.data.get(Order::Big.size(entry, 8)?..)?, count))
    }

    fn strings(&self, tag: u32) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let kinds = [STRING, STRING_ARRAY, TRANSLATED_STRING];
        let (bytes, count) = self.values(tag, &kinds).unwrap_or_default();
        bytes.split(|byte| *byte == 0).take(count.min(MAX_FILES))
    }

    fn string(&self, tag: u32) -> Option<String> {
        let first = self.strings(tag).next().filter(|string| string.len() <= MAX_PATH)?;
        Some(String::from_utf8_lossy(first).into_owned())
    }

    fn numbers(&self, tag: u32) -> impl Iterator<Item = u32> + use<'a> {
        let (bytes, count) = self.values(tag, &[INT32]).unwrap_or_default();
        bytes.chunks_exact(4).take(count).filter_map(|number| Order::Big.u32(number, 0))
    }
}

/// The package that a header describes; `None` where it is no header of a package. `room` is for the paths of this
/// package and all that follow.
pub(super) fn package(bytes: &[u8], room: &mut Room) -> Option<Found> {
    let header = Header::parse(bytes)?;
    let name = header.string(NAME).filter(|name| !name.is_empty())?;
    let release = format!("{}-{}", header.string(VERSION)?, header.string(RELEASE)?);
    let epoch = header.numbers(EPOCH).next();
    let source = header.string(SOURCE_RPM).and_then(|file| source(&file, epoch, &release));
    let mut found = Found::new(PackageKind::Rpm, name, with_epoch(epoch, &release));
    found.source = source.filter(|source| (&source.name, &source.version) != (&found.name, &found.version));
    found.architecture = header.string(ARCHITECTURE).unwrap_or_default();
    found.licences = header.string(LICENCE).filter(|licence| !licence.is_empty()).into_iter().collect();
    found.files = files(&header, room);
    Some(found)
}

/// `1:2.3-4`; without the epoch where there is none.
pub(super) fn with_epoch(epoch: Option<u32>, release: &str) -> String {
    match epoch {
        None | Some(0) => release.to_owned(),
        Some(epoch) => format!("{epoch}:{release}"),
    }
}

/// The source package by the name of its file, `bash-5.1.8-6.el9.src.rpm`. The name says no epoch: that of the
/// package is the source's own where both have one version, and a guess where they do not.
pub(super) fn source(file: &str, epoch: Option<u32>, release: &str) -> Option<SourcePackage> {
    let stem = file.strip_suffix(".src.rpm").or_else(|| file.strip_suffix(".nosrc.rpm"))?;
    let (rest, own_release) = stem.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-').filter(|(name, _)| !name.is_empty())?;
    let version = format!("{version}-{own_release}");
    let epoch = epoch.filter(|_| version == release);
    Some(SourcePackage { name: name.to_owned(), version: with_epoch(epoch, &version) })
}

fn files(header: &Header<'_>, room: &mut Room) -> Vec<String> {
    let directories: Vec<&[u8]> = header.strings(DIRECTORY_NAMES).collect();
    let mut files = Vec::new();
    for (name, directory) in header.strings(BASE_NAMES).zip(header.numbers(DIRECTORY_INDEXES)) {
        let directory = usize::try_from(directory).ok().and_then(|index| directories.get(index));
        let Some(directory) = directory.filter(|path| room.has(path.len() + name.len())) else { continue };
        files.push(text::path(without_slash(&[*directory, name].concat())));
    }
    files
}

fn without_slash(path: &[u8]) -> &[u8] {
    path.strip_prefix(b"/").unwrap_or(path)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    enum Value<'a> {
        Number(u32),
        Text(&'a str),
        Numbers(&'a [u32]),
        Texts(&'a [&'a str]),
    }

    fn header(values: &[(u32, Value<'_>)]) -> Vec<u8> {
        let (mut tags, mut data) = (Vec::new(), Vec::new());
        for (tag, value) in values {
            while matches!(value, Value::Number(_) | Value::Numbers(_)) && data.len() % 4 != 0 {
                data.push(0);
            }
            let offset = data.len() as u32;
            let text = |data: &mut Vec<u8>, text: &str| data.extend([text.as_bytes(), b"\0"].concat());
            let (kind, count) = match value {
                Value::Number(number) => {
                    data.extend(number.to_be_bytes());
                    (INT32, 1)
                }
                Value::Numbers(numbers) => {
                    data.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
                    (INT32, numbers.len())
                }
                Value::Text(one) => {
                    text(&mut data, one);
                    (STRING, 1)
                }
                Value::Texts(texts) => {
                    texts.iter().for_each(|one| text(&mut data, one));
                    (STRING_ARRAY, texts.len())
                }
            };
            tags.extend([*tag, kind, offset, count as u32].iter().flat_map(|number| number.to_be_bytes()));
        }
        let lengths = [values.len() as u32, data.len() as u32];
        [lengths.iter().flat_map(|length| length.to_be_bytes()).collect(), tags, data].concat()
    }

    /// A header as rpm writes it, for a package with two files.
    pub(crate) fn written(name: &str, epoch: Option<u32>) -> Vec<u8> {
        let mut values = vec![
            (NAME, Value::Text(name)),
            (VERSION, Value::Text("5.1.8")),
            (RELEASE, Value::Text("6.el9")),
            (LICENCE, Value::Text("GPLv3+")),
            (ARCHITECTURE, Value::Text("x86_64")),
            (SOURCE_RPM, Value::Text("bash-5.1.8-6.el9.src.rpm")),
            (DIRECTORY_INDEXES, Value::Numbers(&[1, 0, 7])),
            (BASE_NAMES, Value::Texts(&["bash", "bash.conf", "lost"])),
            (DIRECTORY_NAMES, Value::Texts(&["/etc/", "/usr/bin/"])),
        ];
        values.extend(epoch.map(|epoch| (EPOCH, Value::Number(epoch))));
        header(&values)
    }

    #[test]
    fn a_package_with_all_that_is_known_of_it() {
        let found = package(&written("bash-doc", Some(2)), &mut Room::default()).unwrap();
        let source = SourcePackage { name: "bash".to_owned(), version: "2:5.1.8-6.el9".to_owned() };
        assert_eq!((&*found.name, &*found.version), ("bash-doc", "2:5.1.8-6.el9"));
        assert_eq!((found.source, &*found.architecture), (Some(source), "x86_64"));
        assert_eq!(
            (&*found.licences[0], &found.files[..]),
            ("GPLv3+", &["usr/bin/bash", "etc/bash.conf"].map(String::from)[..])
        );
        assert_eq!(package(&written("bash", None), &mut Room::default()).unwrap().source, None);
    }

    #[test]
    fn paths_end_where_there_is_no_more_room() {
        let mut room = Room::of(50);
        assert_eq!(package(&written("bash", None), &mut room).unwrap().files, ["usr/bin/bash"]);
        assert!(room.sufficed().is_err() && Room::default().sufficed().is_ok());
    }

    #[test]
    fn a_source_has_the_epoch_of_a_package_of_its_own_version_only() {
        let source = |file, epoch, release| source(file, epoch, release).map(|source| source.version);
        assert_eq!(
            source("perl-5.32.1-480.el9.src.rpm", Some(4), "5.32.1-480.el9"),
            Some("4:5.32.1-480.el9".to_owned())
        );
        assert_eq!(
            source("perl-5.32.1-480.el9.src.rpm", Some(1), "2.0-1"),
            Some("5.32.1-480.el9".to_owned())
        );
        assert_eq!(source("(none)", None, "1-1"), None);
        assert_eq!(source("-1-1.src.rpm", None, "1-1"), None);
    }

    #[test]
    fn bytes_that_are_no_header() {
        let sound = written("bash", None);
        for length in 0..sound.len() {
            assert_eq!(package(&sound[..length], &mut Room::default()), None, "{length} bytes");
        }
        assert_eq!(package(&[0xff; 64], &mut Room::default()), None);
    }
}
