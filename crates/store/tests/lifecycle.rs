//! Images in all their forms: in, found, named, verified, out and away.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests are tests too, which clippy does not see"
)]

mod common;

use std::collections::BTreeSet;
use std::io::Read;
use std::process::{Command, Stdio};

use coffer_store::{Format, Naming, Owner, Prune, Quiet, Removal, Store, StoreError};
use common::{Bench, NOW, Tar, docker_archive, gzip, oci_files, tar_files, write_files, zstd};
use model::digest::Digest;
use model::image::ImageConfig;
use model::reference::ImageName;

fn bottom() -> Vec<u8> {
    Tar::new()
        .directory("bin")
        .program("bin/sh", 0o755)
        .program("bin/su", 0o4755)
        .file("bin/readme", b"text")
        .symlink("sbin", "bin")
        .hard_link("bin/ash", "bin/sh")
        .directory("opt/old")
        .program("opt/old/run", 0o755)
        .directory("var/cache")
        .file("var/cache/old", b"old")
        .bytes()
}

fn top() -> Vec<u8> {
    Tar::new().file("opt/.wh.old", b"").directory("var/cache").file("var/cache/.wh..wh..opq", b"").bytes()
}

fn name(text: &str) -> ImageName {
    text.parse().unwrap()
}

#[test]
fn privileged_the_same_layers_unpack_the_same_from_every_form() {
    let (bottom, top) = (bottom(), top());
    let layers: [&[u8]; 2] = [&bottom, &top];
    let check = |bench: &Bench, reference: &str| {
        let imported = bench.import(reference).unwrap();
        let facts = &imported.image.facts;
        let directories: Vec<_> = facts.exec_dirs.iter().map(|dir| dir.path.as_str()).collect();
        assert_eq!(directories, ["/bin"], "{reference}");
        assert_eq!(facts.exec_dirs[0].files, ["ash", "sh", "su"]);
        assert_eq!(facts.exec_dirs[0].others, 1);
        assert_eq!(facts.setuid_files, ["/bin/su"]);
        assert_eq!(facts.root_links["sbin"], "bin");
        assert_eq!(imported.image.config.cmd, ["sh"]);
        assert_eq!(imported.image.created, Some(1_704_164_645));
        assert_eq!(imported.image.layers[1].diff_id, Digest::of(&top));
        bench.assert_consistent();
    };
    let bench = Bench::new();
    std::fs::write(bench.path("docker.tar"), docker_archive("app:1", &layers)).unwrap();
    std::fs::write(bench.path("docker.tar.gz"), gzip(&docker_archive("app:2", &layers))).unwrap();
    for shipped in [layers.map(<[u8]>::to_vec), [gzip(&bottom), gzip(&top)], [zstd(&bottom), zstd(&top)]] {
        let fresh = Bench::new();
        let files = oci_files(Some("app:3"), &layers, &shipped);
        std::fs::write(fresh.path("oci.tar"), tar_files(&files)).unwrap();
        std::fs::write(fresh.path("oci.tar.zst"), zstd(&tar_files(&files))).unwrap();
        write_files(&fresh.path("layout"), &files);
        for form in ["oci.tar", "oci.tar.zst", "layout"] {
            check(&fresh, fresh.path(form).to_str().unwrap());
        }
        check(&fresh, &format!("oci:{}:app:3", fresh.path("layout").display()));
        check(&fresh, &format!("oci-archive:{}", fresh.path("oci.tar").display()));
    }
    for form in ["docker.tar", "docker.tar.gz"] {
        check(&bench, bench.path(form).to_str().unwrap());
    }
    assert_eq!(bench.resolve("app:1").unwrap().digest, bench.resolve("app:2").unwrap().digest);
}

#[test]
fn privileged_flat_directories_and_layouts_named_by_tag_alone_are_read() {
    let bench = Bench::new();
    let files = oci_files(Some("1.27"), &[&bottom()], &[gzip(&bottom())]);
    write_files(&bench.path("web"), &files);
    let image = bench.import(bench.path("web").to_str().unwrap()).unwrap().image;
    assert_eq!(image.names, ["web:1.27"]);
    let mut flat: Vec<_> =
        files[2..].iter().map(|(name, bytes)| (name.replace("blobs/sha256/", ""), bytes.clone())).collect();
    flat.last_mut().unwrap().0 = "manifest.json".to_owned();
    flat.push(("version".to_owned(), b"Directory Transport Version: 1.1\n".to_vec()));
    write_files(&bench.path("flat"), &flat);
    let again = bench.import(bench.path("flat").to_str().unwrap()).unwrap();
    assert_eq!((again.image.digest, again.already), (image.digest, true));
    assert_eq!(again.image.names, ["flat:latest", "web:1.27"]);
    let error = bench.import(&format!("oci:{}:2.0", bench.path("web").display())).unwrap_err();
    assert!(error.to_string().ends_with("it has no image `2.0`"), "{error}");
}

#[test]
fn privileged_a_full_disk_leaves_nothing_half_done() {
    let directory = tempfile::tempdir().unwrap();
    let flags = rustix::mount::MountFlags::empty();
    rustix::mount::mount("none", directory.path(), "tmpfs", flags, c"size=1m").unwrap();
    let store = Store::open(directory.path().join("store"), Owner::Root, Default::default()).unwrap();
    let outside = tempfile::tempdir().unwrap();
    let layer = Tar::new().long("large", &vec![1; 700 << 10]).bytes();
    std::fs::write(outside.path().join("a.tar"), docker_archive("large", &[&layer])).unwrap();
    let source = model::reference::ArchiveSource {
        transport: None,
        path: outside.path().join("a.tar"),
        selector: None,
    };
    let error = store.import(&source, &Naming::FromSource, NOW, &mut Quiet).unwrap_err();
    let images = store.list();
    let left = std::fs::read_dir(directory.path().join("store/tmp")).unwrap().count();
    rustix::mount::unmount(directory.path(), rustix::mount::UnmountFlags::DETACH).unwrap();
    assert_eq!(error.to_string(), "no space left while writing `large`");
    assert_eq!((images.unwrap().len(), left), (0, 0));
}

#[test]
fn privileged_whiteouts_and_opaque_directories_are_overlayfs_ones() {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    let bench = Bench::new();
    let imported = bench.import_layers("x", &[&bottom(), &top()]).unwrap();
    let root = bench.store.layer_dir(&imported.image.layers[1]);
    let whiteout = root.join("opt/old").symlink_metadata().unwrap();
    assert!(whiteout.file_type().is_char_device() && whiteout.rdev() == 0);
    let mut value = [0; 8];
    let length = rustix::fs::getxattr(root.join("var/cache"), "trusted.overlay.opaque", &mut value).unwrap();
    assert_eq!(&value[..length], b"y");
}

#[test]
fn privileged_a_whiteout_hides_lower_layers_and_not_its_own() {
    let before =
        Tar::new().file(".wh.a", b"").directory("a").file("a/x", b"").file(".wh.f", b"").file("f", b"new");
    let after =
        Tar::new().directory("a").file("a/x", b"").file(".wh.a", b"").file("f", b"new").file(".wh.f", b"");
    let implied = Tar::new().file(".wh.a", b"").file("a/x", b"").file("f", b"new");
    for layer in [before, after, implied] {
        let bench = Bench::new();
        let imported = bench.import_layers("x", &[&layer.bytes()]).unwrap();
        let root = bench.bottom(&imported);
        assert!(root.join("a/x").exists());
        let mut value = [0; 8];
        assert!(rustix::fs::getxattr(root.join("a"), "trusted.overlay.opaque", &mut value).is_ok());
        assert_eq!(std::fs::read(root.join("f")).unwrap(), b"new");
        bench.assert_consistent();
    }
}

#[test]
fn privileged_root_filesystems_become_images_of_one_layer() {
    let bench = Bench::new();
    let packed = bench.import_bytes("My Distro-1.2.tar.gz", &gzip(&bottom())).unwrap();
    assert_eq!(packed.image.names, ["my-distro-1-2:latest"]);
    assert_eq!(packed.image.layers[0].diff_id, Digest::of(&bottom()));
    assert_eq!(packed.image.config.os, "linux");
    let unpacked = bench.bottom(&packed);
    let directory = bench.import(&format!("rootfs:{}", unpacked.display())).unwrap();
    assert_eq!(directory.image.facts, packed.image.facts);
    let plain = bench.import_bytes("plain.tar", &bottom()).unwrap();
    assert_eq!(plain.image.layers[0].diff_id, packed.image.layers[0].diff_id);
    assert!(bench.import_bytes("plain.tar", &bottom()).unwrap().already);
    bench.assert_consistent();
}

#[test]
fn privileged_a_pipe_is_as_good_as_a_file() {
    let bench = Bench::new();
    std::fs::write(bench.path("docker.tar"), docker_archive("piped", &[&bottom()])).unwrap();
    let mut child = Command::new("cat").arg(bench.path("docker.tar")).stdout(Stdio::piped()).spawn().unwrap();
    let pipe = child.stdout.take().unwrap();
    let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&pipe));
    assert_eq!(bench.import(&path).unwrap().image.names, ["piped:latest"]);
    child.wait().unwrap();
}

#[test]
fn privileged_long_names_attributes_times_and_sparse_files_survive() {
    use std::os::unix::fs::MetadataExt;
    let bench = Bench::new();
    let long = format!("{}/file", "long-directory-name".repeat(8));
    let map = b"2\n0\n4\n1048572\n4\n";
    let mut data = map.to_vec();
    data.resize(512, 0);
    data.extend_from_slice(b"headtail");
    let mut records = Vec::new();
    for (key, value) in
        [("GNU.sparse.major", "1"), ("GNU.sparse.name", "sparse"), ("GNU.sparse.realsize", "1048576")]
    {
        let length = key.len() + value.len() + 3;
        let length = length + (length + 2).to_string().len();
        records.extend_from_slice(format!("{length} {key}={value}\n").as_bytes());
    }
    let layer = Tar::new()
        .long(&long, b"content")
        .pax(
            "SCHILY.xattr.security.capability",
            &[1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        )
        .program("ping", 0o755)
        .pax("mtime", b"1500000000.5")
        .file("timed", b"")
        .raw(tar::EntryType::XHeader, "pax", "", &records)
        .file("GNUSparseFile.0/sparse", &data)
        .bytes();
    let imported = bench.import_layers("rich", &[&layer]).unwrap();
    let root = bench.bottom(&imported);
    assert_eq!(std::fs::read(root.join(&long)).unwrap(), b"content");
    assert_eq!(imported.image.facts.capability_files, ["/ping"]);
    let timed = root.join("timed").metadata().unwrap();
    assert_eq!((timed.mtime(), timed.mtime_nsec()), (1_500_000_000, 500_000_000));
    let sparse = std::fs::read(root.join("sparse")).unwrap();
    assert_eq!((sparse.len(), &sparse[..4], &sparse[1_048_572..]), (1 << 20, &b"head"[..], &b"tail"[..]));
    assert!(root.join("sparse").metadata().unwrap().blocks() <= 64, "the hole stays a hole");
    bench.assert_consistent();
}

#[test]
fn privileged_gnu_tars_own_sparse_formats_are_read() {
    let bench = Bench::new();
    let file = bench.path("holes");
    let make = std::fs::File::create(&file).unwrap();
    for n in 0..40_u64 {
        std::os::unix::fs::FileExt::write_all_at(&make, format!("data {n}").as_bytes(), n << 16).unwrap();
    }
    for format in [
        "--format=gnu",
        "--format=posix --sparse-version=0.0",
        "--format=posix --sparse-version=0.1",
        "--format=posix --sparse-version=1.0",
    ] {
        let archive = bench.path("sparse.tar");
        let arguments =
            format.split(' ').chain(["--sparse", "-C", bench.directory.path().to_str().unwrap(), "-cf"]);
        let made = Command::new("tar").args(arguments).arg(&archive).arg("holes").status().unwrap();
        assert!(made.success());
        let imported = bench.import(archive.to_str().unwrap()).unwrap();
        let unpacked = std::fs::read(bench.bottom(&imported).join("holes")).unwrap();
        assert!(unpacked == std::fs::read(&file).unwrap(), "{format}");
    }
    bench.assert_consistent();
}

#[test]
fn privileged_names_ids_and_digests_lead_to_the_image() {
    let bench = Bench::new();
    let one = bench.import_layers("docker.io/library/app:1", &[&bottom()]).unwrap().image;
    let two = bench.import_layers("quay.io/team/app", &[&top()]).unwrap().image;
    for text in ["app:1", "docker.io/library/app:1", &one.digest.hex(), &one.config_digest.hex()[..12]] {
        assert_eq!(bench.resolve(text).unwrap().digest, one.digest, "{text}");
    }
    assert_eq!(bench.resolve(&one.digest.short()).unwrap().digest, one.digest);
    assert_eq!(bench.resolve(&format!("whatever@{}", two.digest)).unwrap().digest, two.digest);
    assert_eq!(bench.resolve("ap:1").unwrap_err().to_string(), "no image `ap:1`; did you mean app:1?");
    assert_eq!(bench.resolve("zzz").unwrap_err().to_string(), "no image `zzz`");
    let layers: Vec<Vec<u8>> = (0..20).map(|n| Tar::new().file(&format!("f{n}"), b"").bytes()).collect();
    layers
        .iter()
        .for_each(|layer| drop(bench.import_layers(&format!("n{}", layer.len()), &[layer]).unwrap()));
    let ambiguous = (0..16).map(|digit| format!("{digit:x}")).find_map(|digit| match bench.resolve(&digit) {
        Err(StoreError::Ambiguous { candidates, .. }) => Some(candidates.len()),
        _ => None,
    });
    assert!(ambiguous.unwrap() >= 2);
}

#[test]
fn privileged_images_go_with_their_last_name_and_shared_layers_with_their_last_image() {
    let bench = Bench::new();
    let one = bench.import_layers("one", &[&bottom(), &top()]).unwrap().image;
    let two = bench.import_layers("two", &[&bottom()]).unwrap().image;
    bench.store.tag(&one, &name("uno")).unwrap();
    let nobody = BTreeSet::new();
    let removed = bench.store.remove(&name("one"), &nobody, Removal::Careful).unwrap();
    assert_eq!((removed.untagged, removed.deleted), (vec!["one:latest".to_owned()], None));
    assert_eq!(bench.resolve("uno").unwrap().names, ["uno:latest"]);
    let used = BTreeSet::from([one.digest]);
    let refused = bench.store.remove(&name("uno"), &used, Removal::Careful).unwrap_err();
    assert_eq!(refused.to_string(), "image `uno` is in use by a container");
    let removed = bench.store.remove(&name("uno"), &used, Removal::Forced).unwrap();
    assert_eq!((removed.deleted, bench.store.layer_dir(&one.layers[1]).exists()), (None, true));
    assert_eq!(bench.store.prune(&used, Prune::Dangling).unwrap().images, []);
    let pruned = bench.store.prune(&nobody, Prune::Dangling).unwrap();
    assert_eq!((pruned.images, pruned.layers, pruned.blobs), (vec![one.digest], 1, 3));
    assert!(bench.store.layer_dir(&two.layers[0]).exists());
    bench.assert_consistent();
    let removed = bench.store.remove(&name(&two.digest.hex()[..12]), &nobody, Removal::Careful).unwrap();
    assert_eq!(removed.deleted, Some(two.digest));
    assert!(removed.bytes > 0);
    bench.assert_empty();
    assert_eq!(std::fs::read_dir(bench.store.images().join("blobs/sha256")).unwrap().count(), 0);
}

#[test]
fn privileged_a_name_moves_to_the_image_imported_last_and_the_index_follows() {
    let bench = Bench::new();
    let old = bench.import_layers("app", &[&bottom()]).unwrap().image;
    let new = bench.import_layers("app", &[&top()]).unwrap().image;
    assert_eq!(bench.resolve("app").unwrap().digest, new.digest);
    assert!(bench.resolve(&old.digest.hex()).unwrap().names.is_empty());
    let index: serde_json::Value =
        serde_json::from_slice(&std::fs::read(bench.store.images().join("index.json")).unwrap()).unwrap();
    let names: Vec<_> = index["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            (
                entry["digest"].as_str().unwrap().to_owned(),
                entry["annotations"]["org.opencontainers.image.ref.name"].clone(),
            )
        })
        .collect();
    assert!(names.contains(&(new.digest.to_string(), "app:latest".into())));
    assert!(names.contains(&(old.digest.to_string(), serde_json::Value::Null)));
}

#[test]
fn privileged_what_is_saved_imports_as_the_same_image() {
    for shipped in [vec![gzip(&bottom()), zstd(&top())], vec![bottom(), top()]] {
        let bench = Bench::new();
        let files = oci_files(Some("app:1"), &[&bottom(), &top()], &shipped);
        let image = bench.import_bytes("oci.tar", &tar_files(&files)).unwrap().image;
        for format in [Format::DockerArchive, Format::OciArchive] {
            let mut saved = Vec::new();
            bench.store.save(&image, format, &mut saved).unwrap();
            let other = Bench::new();
            let again = other.import_bytes("saved.tar", &saved).unwrap().image;
            assert_eq!((again.config_digest, again.facts), (image.config_digest, image.facts.clone()));
            assert_eq!(again.names, ["app:1"]);
            if format == Format::OciArchive {
                assert_eq!(again.digest, image.digest);
            }
        }
        bench.store.save_layout(&image, &bench.path("out")).unwrap();
        assert!(bench.import(&format!("oci:{}", bench.path("out").display())).unwrap().already);
    }
}

#[test]
fn privileged_verify_and_save_find_what_changed() {
    let damage = |name: &str, change: &dyn Fn(&Bench, &model::image::Image)| {
        let bench = Bench::new();
        let image = bench.import_layers("app", &[&bottom()]).unwrap().image;
        change(&bench, &image);
        let findings = bench.store.verify(&mut Quiet).unwrap();
        assert!(!findings.is_empty(), "{name}");
        assert_eq!(findings[0].images, ["app:latest"], "{name}");
        (bench, image, findings[0].why.clone())
    };
    let path = |bench: &Bench, image: &model::image::Image, name: &str| {
        bench.store.layer_dir(&image.layers[0]).join(name)
    };
    let write = |path: std::path::PathBuf, text: &str| std::fs::write(path, text).unwrap();
    let why = |name, change: &dyn Fn(&Bench, &model::image::Image)| damage(name, change).2;
    assert_eq!(why("content", &|b, i| write(path(b, i, "bin/readme"), "next")), "has other content");
    assert_eq!(
        why("size", &|b, i| write(path(b, i, "bin/readme"), "longer than before")),
        "has another size"
    );
    assert_eq!(why("extra", &|b, i| write(path(b, i, "bin/extra"), "")), "is not in the image");
    assert_eq!(why("missing", &|b, i| std::fs::remove_file(path(b, i, "bin/su")).unwrap()), "is missing");
    assert_eq!(
        why("gone", &|b, i| std::fs::remove_dir_all(path(b, i, "")).unwrap()),
        "the unpacked layer is gone"
    );
    let (bench, image, why) = damage("blob", &|bench, image| {
        let blob = bench.store.images().join("blobs/sha256").join(image.layers[0].blob.hex());
        let mut bytes = std::fs::read(&blob).unwrap();
        bytes[600] ^= 1;
        std::fs::write(&blob, bytes).unwrap();
    });
    assert!(why.starts_with("it hashes to sha256:"), "{why}");
    let error = bench.store.save(&image, Format::OciArchive, &mut std::io::sink()).unwrap_err();
    assert_eq!(error.code(), "E-store-corrupt");
    let (bench, _, _) = damage("record", &|bench, image| {
        std::fs::write(bench.path("store/unsynced").join(image.digest.hex()), "another boot").unwrap();
        std::fs::write(path(bench, image, "bin/readme"), "lost").unwrap();
    });
    assert_eq!(bench.resolve("app").unwrap_err().code(), "E-store-lost");
    bench.import_layers("app", &[&bottom()]).unwrap();
    bench.assert_consistent();
}

#[test]
fn privileged_a_corrupted_record_or_name_is_named_and_nothing_panics() {
    let bench = Bench::new();
    let image = bench.import_layers("app", &[&bottom()]).unwrap().image;
    let record = bench.path("store/records").join(format!("{}.json", image.digest.hex()));
    let whole = std::fs::read(&record).unwrap();
    std::fs::write(&record, &whole[..whole.len() / 2]).unwrap();
    let error = bench.resolve("app").unwrap_err();
    assert_eq!(error.code(), "E-store-corrupt");
    assert!(error.to_string().contains(&image.digest.hex()), "{error}");
    assert!(!error.remedy().is_empty());
    std::fs::write(bench.path("store/names/app:latest"), "nonsense").unwrap();
    assert_eq!(bench.resolve("app").unwrap_err().code(), "E-store-corrupt");
    // The remedy works.
    bench.import_layers("app", &[&bottom()]).unwrap();
    assert_eq!(bench.resolve("app").unwrap().facts, image.facts);
    bench.assert_consistent();
}

#[test]
fn privileged_an_image_made_in_memory_is_an_image() {
    let bench = Bench::new();
    let config = ImageConfig { entrypoint: vec!["/probe".into()], ..ImageConfig::default() };
    let layer = Tar::new().program("probe", 0o755).bytes();
    let imported = bench.store.import_layer(&layer, &config, &name("coffer-demo"), NOW).unwrap();
    assert_eq!(imported.image.config.entrypoint, ["/probe"]);
    assert_eq!(bench.resolve("coffer-demo").unwrap().facts.exec_dirs[0].path, "/");
    assert!(bench.store.import_layer(&layer, &config, &name("coffer-demo"), NOW).unwrap().already);
}

#[test]
fn privileged_an_image_with_several_names_is_saved_and_imported_with_all_of_them() {
    let bench = Bench::new();
    let image = bench.import_layers("one:1", &[&bottom()]).unwrap().image;
    bench.store.tag(&image, &"two:2".parse().unwrap()).unwrap();
    let mut file = std::fs::File::create(bench.path("saved.tar")).unwrap();
    bench.store.save(&bench.resolve("one:1").unwrap(), Format::OciArchive, &mut file).unwrap();
    let saved = bench.path("saved.tar").display().to_string();
    let other = Bench::new();
    assert_eq!(other.import(&saved).unwrap().image.names, ["one:1", "two:2"]);
    let other = Bench::new();
    let chosen = format!("oci-archive:{saved}:two:2");
    assert_eq!(other.import(&chosen).unwrap().image.names, ["two:2"]);
}

#[test]
fn several_images_and_foreign_platforms_are_explained() {
    let bench = Bench::new();
    let layer = Tar::new().file("x", b"").bytes();
    let files = oci_files(Some("a"), &[&layer], std::slice::from_ref(&layer));
    let mut index: serde_json::Value = serde_json::from_slice(&files[1].1).unwrap();
    let mut with = |change: &dyn Fn(&mut serde_json::Value)| {
        change(&mut index);
        let mut files = files.clone();
        files[1].1 = serde_json::to_vec(&index).unwrap();
        bench.import_bytes("oci.tar", &tar_files(&files)).unwrap_err()
    };
    let error = with(&|index| {
        let mut other = index["manifests"][0].clone();
        other["annotations"]["org.opencontainers.image.ref.name"] = "b".into();
        other["digest"] = Digest::of(b"another image").to_string().into();
        index["manifests"].as_array_mut().unwrap().push(other);
    });
    assert!(error.to_string().ends_with("holds 2 images: a, b"), "{error}");
    let error = with(&|index| {
        for (number, arch) in ["s390x", "riscv64"].iter().enumerate() {
            index["manifests"][number]["platform"] = serde_json::json!({"os": "linux", "architecture": arch});
        }
    });
    assert!(error.to_string().contains("only for linux/s390x, linux/riscv64"), "{error}");
}

#[test]
fn privileged_one_user_without_privilege_unpacks_flattened() {
    // The same process, told that it may not give files away.
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path().join("store"), Owner::SingleUser, Default::default()).unwrap();
    let layer = Tar::new().pax("uid", b"33").file("var/www", b"").file("opt/.wh..wh..opq", b"").bytes();
    let archive = directory.path().join("a.tar");
    std::fs::write(&archive, docker_archive("flat", &[&layer])).unwrap();
    let source = model::reference::ArchiveSource { transport: None, path: archive, selector: None };
    let image = store.import(&source, &Naming::FromSource, NOW, &mut Quiet).unwrap().image;
    assert!(image.facts.flattened_owners);
    let root = store.layer_dir(&image.layers[0]);
    assert_eq!(std::os::unix::fs::MetadataExt::uid(&root.join("var/www").metadata().unwrap()), 0);
    let mut value = [0; 8];
    assert!(rustix::fs::getxattr(root.join("opt"), "user.overlay.opaque", &mut value).is_ok());
    assert!(store.verify(&mut Quiet).unwrap().is_empty());
}

#[test]
fn privileged_other_tools_read_the_store() {
    let bench = Bench::new();
    bench.import_layers("app:1", &[&bottom(), &top()]).unwrap();
    let mut index = String::new();
    std::fs::File::open(bench.store.images().join("index.json")).unwrap().read_to_string(&mut index).unwrap();
    let index: serde_json::Value = serde_json::from_str(&index).unwrap();
    // What image-layout.md asks of an index: every descriptor names a blob of its size.
    for entry in index["manifests"].as_array().unwrap() {
        let hex = entry["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap().to_owned();
        let bytes = std::fs::read(bench.store.images().join("blobs/sha256").join(hex)).unwrap();
        assert_eq!(entry["size"].as_u64().unwrap(), bytes.len() as u64);
        let manifest: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        for layer in manifest["layers"].as_array().unwrap() {
            let hex = layer["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap();
            assert_eq!(
                std::fs::metadata(bench.store.images().join("blobs/sha256").join(hex)).unwrap().len(),
                layer["size"].as_u64().unwrap()
            );
        }
    }
}
