//! Archives that mean harm: each is refused with its own error, and nothing outside the store changes.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests are tests too, which clippy does not see"
)]

mod common;

use std::os::unix::fs::MetadataExt;

use coffer_store::{Limits, StoreError};
use common::{Bench, Tar, config, docker_archive, gzip, oci_files, tar_files};
use model::digest::Digest;
use tar::EntryType;

/// Imports one layer that must be refused, and returns the error; the store stays empty.
fn refused(layer: Tar) -> StoreError {
    let bench = Bench::new();
    let error = bench.import_layers("bad", &[&layer.bytes()]).unwrap_err();
    bench.assert_empty();
    assert!(!error.remedy().is_empty());
    error
}

fn check(layer: Tar, message: &str) {
    assert_eq!(refused(layer).to_string(), message);
}

#[test]
fn privileged_absolute_paths_stay_beneath_the_root() {
    let bench = Bench::new();
    let outside = bench.path("outside");
    let name = outside.to_str().unwrap();
    let imported =
        bench.import_layers("absolute", &[&Tar::new().file(name, b"x").file("/etc/x", b"y").bytes()]);
    let root = bench.bottom(&imported.unwrap());
    assert!(!outside.exists());
    assert_eq!(std::fs::read(root.join("etc/x")).unwrap(), b"y");
}

#[test]
fn privileged_paths_that_lead_upwards_are_refused() {
    for path in ["../x", "a/../../x", "..", "/../x", "a/.."] {
        check(Tar::new().file(path, b"x"), &format!("`{path}` leads upwards"));
    }
    check(Tar::new().pax("path", b"../../x").file("innocent", b"x"), "`../../x` leads upwards");
}

#[test]
fn privileged_nothing_is_written_through_a_symbolic_link() {
    for target in ["/tmp", "..", "../../..", "inside"] {
        let layer = Tar::new().directory("inside").symlink("link", target).file("link/x", b"x");
        check(layer, "`link/x` goes through a symbolic link");
    }
    check(
        Tar::new().symlink("a", "b").symlink("b", "a").file("a/x", b"x"),
        "`a/x` goes through a symbolic link",
    );
}

#[test]
fn privileged_a_later_entry_replaces_a_link_and_never_follows_it() {
    let bench = Bench::new();
    let victim = bench.path("victim");
    std::fs::write(&victim, b"whole").unwrap();
    let target = victim.to_str().unwrap();
    let layer = Tar::new()
        .symlink("x", target)
        .file("x", b"new")
        .symlink("d", "/tmp")
        .directory("d")
        .file("d/y", b"");
    let imported = bench.import_layers("replace", &[&layer.bytes()]).unwrap();
    assert_eq!(std::fs::read(&victim).unwrap(), b"whole");
    let root = bench.bottom(&imported);
    assert_eq!(std::fs::read(root.join("x")).unwrap(), b"new");
    assert!(root.join("d").symlink_metadata().unwrap().is_dir());
    bench.assert_consistent();
}

#[test]
fn privileged_hard_links_lead_nowhere_but_into_their_layer() {
    let outward = "`x` is a hard link to a path that leads out of the layer";
    let missing = "`x` is a hard link to something that is not in this layer";
    check(Tar::new().hard_link("x", "../../../etc/passwd"), outward);
    check(Tar::new().hard_link("x", "/etc/passwd"), missing);
    check(Tar::new().hard_link("x", "x"), missing);
    check(Tar::new().symlink("link", "/etc").hard_link("x", "link/passwd"), missing);
    check(
        Tar::new().directory("d").hard_link("x", "d"),
        "`x` is a hard link to something that is not a file",
    );
    check(
        Tar::new().file(".wh.d", b"").hard_link("x", "d"),
        "`x` is a hard link to something that is not a file",
    );
}

#[test]
fn privileged_whiteouts_of_the_parent_or_of_nothing_are_refused() {
    for name in [".wh...", ".wh..", ".wh.", "a/.wh..."] {
        check(Tar::new().file(name, b""), &format!("`{name}` is a whiteout of nothing that can be hidden"));
    }
    check(Tar::new().file(".wh..wh..opq", b""), "`.wh..wh..opq` hides the whole image below");
}

#[test]
fn privileged_device_nodes_are_refused_unless_inert() {
    check(Tar::new().device("dev/sda", EntryType::Block, 8, 0), "`dev/sda` is a device node (8:0)");
    check(Tar::new().device("dev/mem", EntryType::Char, 1, 1), "`dev/mem` is a device node (1:1)");
    check(Tar::new().device("etc/shadow", EntryType::Char, 0, 0), "`etc/shadow` is a device node (0:0)");
    check(Tar::new().device("dev/null", EntryType::Block, 1, 3), "`dev/null` is a device node (1:3)");
    let bench = Bench::new();
    let layer = Tar::new().device("dev/null", EntryType::Char, 1, 3).file("x", b"");
    let imported = bench.import_layers("inert", &[&layer.bytes()]).unwrap();
    assert!(!bench.bottom(&imported).join("dev/null").exists());
}

#[test]
fn privileged_attributes_cannot_speak_to_overlayfs_or_to_a_security_module() {
    let bench = Bench::new();
    let mut layer = Tar::new();
    for name in
        ["trusted.overlay.opaque", "user.overlay.opaque", "trusted.overlay.redirect", "security.selinux"]
    {
        layer = layer.pax(&format!("SCHILY.xattr.{name}"), b"y").file(name, b"");
    }
    layer = layer.pax("SCHILY.xattr.user.kept", b"v").file("kept", b"");
    let imported = bench.import_layers("attributes", &[&layer.bytes()]).unwrap();
    for entry in std::fs::read_dir(bench.bottom(&imported)).unwrap() {
        let path = entry.unwrap().path();
        let mut names = [0; 256];
        let length = rustix::fs::listxattr(&path, &mut names).unwrap();
        let expected: &[u8] = if path.ends_with("kept") { b"user.kept\0" } else { b"" };
        assert_eq!(&names[..length], expected, "{}", path.display());
    }
}

#[test]
fn privileged_an_entry_under_a_file_is_refused_and_a_file_over_a_directory_wins() {
    check(Tar::new().file("a", b"").file("a/b", b""), "`a/b` lies under something that is not a directory");
    let bench = Bench::new();
    let layer =
        Tar::new().program("d/e/run", 0o4755).directory("d").file("d", b"now a file").file("d", b"again");
    let imported = bench.import_layers("over", &[&layer.bytes()]).unwrap();
    assert_eq!(std::fs::read(bench.bottom(&imported).join("d")).unwrap(), b"again");
    assert!(imported.image.facts.exec_dirs.is_empty() && imported.image.facts.setuid_files.is_empty());
    assert_eq!(imported.image.facts.entries, 1);
    bench.assert_consistent();
}

#[test]
fn privileged_a_gzip_bomb_dies_early() {
    let limits = Limits { ratio_floor: 4 << 20, ..Limits::default() };
    let bench = Bench::with(limits);
    let bomb = gzip(&Tar::new().long("zeros", &vec![0; 256 << 20]).bytes());
    let error = bench.import_bytes("bomb.tar.gz", &bomb).unwrap_err();
    assert!(error.to_string().ends_with("passes the limit of 200 bytes unpacked per byte packed"), "{error}");
    bench.assert_empty();
    let error = bench.import_bytes("bomb2.tar", &docker_archive("b", &[&bomb])).unwrap_err();
    assert_eq!(error.code(), "E-store-limit", "a docker-archive's layers may be packed too");
    bench.assert_empty();
}

#[test]
fn privileged_limits_on_entries_bytes_paths_and_layers_are_named() {
    let many = || (0..100).fold(Tar::new(), |layer, n| layer.file(&format!("f{n}"), b"x")).bytes();
    let check = |limits: Limits, words: &str| {
        let bench = Bench::with(limits);
        let error = bench.import_layers("many", &[&many()]).unwrap_err().to_string();
        assert!(error.ends_with(words), "{error}");
        bench.assert_empty();
    };
    check(Limits { entries: 99, ..Limits::default() }, "passes the limit of 99 entries");
    check(Limits { layer_bytes: 99, ..Limits::default() }, "passes the limit of 99 unpacked bytes");
    check(Limits { path_bytes: 99, ..Limits::default() }, "passes the limit of 99 bytes of paths");
    check(Limits { layers: 0, ..Limits::default() }, "passes the limit of 0 layers");
    check(Limits { config: 9, ..Limits::default() }, "passes the limit of 9 bytes in a configuration");
    check(Limits { manifest: 9, ..Limits::default() }, "passes the limit of 9 bytes in a manifest");
    let bench = Bench::with(Limits { image_bytes: 199, ..Limits::default() });
    let error = bench.import_layers("two", &[&many(), &Tar::new().file("x", &[0; 100]).bytes()]).unwrap_err();
    assert_eq!(error.to_string(), "`the image` passes the limit of 199 unpacked bytes");
    let deep = Tar::new().long(&"d/".repeat(300), b"");
    assert!(refused(deep).to_string().ends_with("passes the limit of 256 directories deep"));
    let long = Tar::new().long(&"n".repeat(300), b"");
    assert!(refused(long).to_string().ends_with("passes the limit of 255 bytes in a file name"));
    let attributes = Tar::new().pax("SCHILY.xattr.user.big", &vec![b'x'; 70_000]).file("x", b"");
    assert_eq!(refused(attributes).to_string(), "`x` passes the limit of 65536 bytes of extended attributes");
}

#[test]
fn privileged_a_million_entries_are_refused_before_they_are_unpacked() {
    let bench = Bench::new();
    let some =
        (0..10_000).fold(Tar::new(), |layer, n| layer.directory(&format!("d{}/e{n}", n % 100))).bytes();
    // The end-of-archive blocks go, so that what is repeated is one archive; gzip members may follow each other.
    let member = gzip(&some[..some.len() - 1024]);
    let error = bench.import_bytes("million.tar.gz", &member.repeat(100)).unwrap_err();
    assert!(error.to_string().ends_with("passes the limit of 500000 entries"), "{error}");
    bench.assert_empty();
}

#[test]
fn wrong_digests_are_found_before_anything_is_unpacked() {
    let good = Tar::new().file("good", b"").bytes();
    let evil = Tar::new().file("evil", b"").bytes();
    let bench = Bench::new();
    // The layer is not what the configuration says.
    let config = config(&[&good]);
    let name = format!("{}.json", Digest::of(&config).hex());
    let manifest = format!(r#"[{{"Config":"{name}","RepoTags":null,"Layers":["layer.tar"]}}]"#);
    let archive =
        Tar::new().long(&name, &config).long("layer.tar", &evil).file("manifest.json", manifest.as_bytes());
    let error = bench.import_bytes("a.tar", &archive.bytes()).unwrap_err();
    assert_eq!(error.code(), "E-store-digest");
    assert!(error.to_string().contains("layer.tar"), "{error}");
    // The configuration is not what its name says.
    let manifest = manifest.replace(&name, &format!("{}.json", "0".repeat(64)));
    let archive = Tar::new().long(&format!("{}.json", "0".repeat(64)), &config).long("layer.tar", &good);
    let error =
        bench.import_bytes("b.tar", &archive.file("manifest.json", manifest.as_bytes()).bytes()).unwrap_err();
    assert_eq!(error.code(), "E-store-digest");
    bench.assert_empty();
}

#[test]
fn every_blob_of_an_oci_image_is_checked_for_size_and_digest() {
    let layer = Tar::new().file("x", b"hello").bytes();
    let files = oci_files(Some("x"), &[&layer], &[gzip(&layer)]);
    for (number, (name, _)) in files.iter().enumerate().skip(2) {
        let bench = Bench::new();
        let mut changed = files.clone();
        *changed[number].1.last_mut().unwrap() ^= 1;
        let error = bench.import_bytes("a.tar", &tar_files(&changed)).unwrap_err();
        assert_eq!(error.code(), "E-store-digest", "{name}: {error}");
        changed[number].1.push(0);
        let error = bench.import_bytes("b.tar", &tar_files(&changed)).unwrap_err();
        assert_eq!(error.code(), "E-store-size", "{name}: {error}");
        bench.assert_empty();
    }
}

#[test]
fn privileged_a_layer_that_does_not_unpack_to_its_diff_id_is_refused() {
    let layer = Tar::new().file("x", b"hello").bytes();
    let other = Tar::new().file("x", b"other").bytes();
    for shipped in [gzip(&other), common::zstd(&other), other.clone()] {
        let bench = Bench::new();
        let files = oci_files(Some("x"), &[&layer], &[shipped]);
        assert_eq!(bench.import_bytes("a.tar", &tar_files(&files)).unwrap_err().code(), "E-store-digest");
        bench.assert_empty();
    }
}

#[test]
fn privileged_truncated_archives_and_layers_say_so() {
    let layer =
        Tar::new().file("x", &(0..50_000_u32).flat_map(u32::to_le_bytes).collect::<Vec<u8>>()).bytes();
    let check = |name: &str, bytes: &[u8]| {
        let bench = Bench::new();
        let error = bench.import_bytes(name, bytes).unwrap_err();
        assert_eq!(error.code(), "E-store-truncated", "{name}: {error}");
        bench.assert_empty();
    };
    let packed = gzip(&layer);
    check("rootfs.tar.gz", &packed[..packed.len() / 2]);
    let packed = common::zstd(&layer);
    check("rootfs.tar.zst", &packed[..packed.len() / 2]);
    check("rootfs.tar", &layer[..layer.len() / 2]);
    let archive = docker_archive("x", &[&layer]);
    check("docker.tar", &archive[..archive.len() / 2]);
    check("docker.tar.gz", &gzip(&archive)[..60_000]);
}

#[test]
fn what_is_not_an_archive_is_not_an_image() {
    let bench = Bench::new();
    for bytes in [&b"hello"[..], &[0; 10_240], &[7; 10_240], b""] {
        let code = bench.import_bytes("x", bytes).unwrap_err().code();
        assert!(matches!(code, "E-store-format" | "E-store-truncated"), "{code}");
    }
    assert_eq!(bench.import("/nonexistent/x").unwrap_err().code(), "E-store-read");
    bench.assert_empty();
}

#[test]
fn privileged_owners_and_special_bits_are_as_the_archive_says() {
    let bench = Bench::new();
    let layer = Tar::new().program("bin/su", 0o4755).program("bin/wall", 0o2755).bytes();
    let imported = bench.import_layers("modes", &[&layer]).unwrap();
    let mode = |name: &str| bench.bottom(&imported).join(name).metadata().unwrap().mode() & 0o7777;
    assert_eq!((mode("bin/su"), mode("bin/wall"), mode("bin"), mode("")), (0o4755, 0o2755, 0o755, 0o755));
    assert_eq!(imported.image.facts.setuid_files, ["/bin/su", "/bin/wall"]);
}
