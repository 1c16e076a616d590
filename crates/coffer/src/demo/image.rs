//! The embedded image: one layer, made in memory, the same bytes every time.

use std::io;

use model::image::ImageConfig;
use tar::{Builder, EntryType, Header};

/// The static probe, built by the build script.
const PROBE: &[u8] = include_bytes!(env!("PROBE_PATH"));

/// Where it lies in the image. A directory of its own, so that it makes an island of its own.
pub(crate) const PROGRAM: &str = "/bin/probe";

const PASSWD: &[u8] = b"root:x:0:0:root:/root:/bin/probe\nnobody:x:65534:65534:nobody:/:/bin/probe\n";
const GROUP: &[u8] = b"root:x:0:\nnobody:x:65534:\n";

/// How it starts: a report.
pub(crate) fn config() -> ImageConfig {
    ImageConfig {
        architecture: architecture().to_owned(),
        os: "linux".to_owned(),
        entrypoint: vec![PROGRAM.to_owned()],
        cmd: vec!["report".to_owned()],
        env: vec!["PATH=/bin".to_owned()],
        working_dir: "/".to_owned(),
        ..ImageConfig::default()
    }
}

/// The layer: an uncompressed tar archive.
pub(crate) fn layer() -> io::Result<Vec<u8>> {
    let mut tar = Builder::new(Vec::with_capacity(PROBE.len() + 16 * 1024));
    for (path, mode) in [("bin/", 0o755), ("etc/", 0o755), ("root/", 0o700), ("tmp/", 0o1777)] {
        append(&mut tar, EntryType::Directory, path, mode, &[])?;
    }
    append(&mut tar, EntryType::Regular, "bin/probe", 0o755, PROBE)?;
    append(&mut tar, EntryType::Regular, "etc/passwd", 0o644, PASSWD)?;
    append(&mut tar, EntryType::Regular, "etc/group", 0o644, GROUP)?;
    tar.into_inner()
}

fn append(
    tar: &mut Builder<Vec<u8>>,
    kind: EntryType,
    path: &str,
    mode: u32,
    content: &[u8],
) -> io::Result<()> {
    let mut header = Header::new_ustar();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(u64::try_from(content.len()).unwrap_or(u64::MAX));
    tar.append_data(&mut header, path, content)
}

/// In the image specification's words, which are Go's.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layer_is_the_same_every_time_and_holds_the_probe() {
        let layer = layer().unwrap();
        assert_eq!(layer, super::layer().unwrap());
        let mut archive = tar::Archive::new(layer.as_slice());
        let paths: Vec<String> = archive
            .entries()
            .unwrap()
            .map(|entry| entry.unwrap().path().unwrap().display().to_string())
            .collect();
        assert_eq!(paths, ["bin/", "etc/", "root/", "tmp/", "bin/probe", "etc/passwd", "etc/group"]);
        assert!(PROBE.starts_with(b"\x7fELF"));
    }
}
