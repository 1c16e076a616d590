//! Parts of other roots, and ways out of them that are none.

use build::plan::{Mount, Origin, Run};

use crate::scene::{Given, assert_said, bind, fixture, run, with};

#[test]
fn privileged_a_bind_shows_a_part_of_another_root_and_keeps_nothing() {
    let f = fixture();
    let made = f.layer(&["make /out/sub", "write /out/file made", "own 7 /out/file", "remove /srv/doomed"]);
    let other = [&f.base[..], &[made]].concat();
    let given = Given { other: &other, ..Given::on(&f.base) };
    let mounts = vec![
        bind("out", "/out", false),
        bind("/srv", "/mnt/srv", false),
        bind("out", "/mnt/scratch", true),
        bind("out/file", "/mnt/file", false),
        bind("out/file", "/mnt/own", true),
        bind("", "/mnt/all", false),
        Mount::Bind {
            origin: Origin::Scratch,
            source: String::new(),
            target: "/mnt/none".into(),
            writable: true,
        },
    ];
    let things = [
        "read /out/file",
        "stat /out/file",
        "write /out/new x",
        "list /mnt/srv",
        "write /mnt/scratch/file changed",
        "write /mnt/scratch/sub/new x",
        "read /mnt/scratch/file",
        "read /mnt/file",
        "write /mnt/file x",
        "write /mnt/own mine",
        "read /mnt/own",
        "list /mnt/none",
        "write /mnt/none/x y",
        "list /mnt/all/out",
    ];
    let (layer, printed) = f.succeed(&with(mounts, &things), &given);
    let expected = [
        "read /out/file = made",
        "stat /out/file = 644 7:7",
        "write /out/new x ! ReadOnlyFilesystem",
        "list /mnt/srv = below",
        "read /mnt/scratch/file = changed",
        "read /mnt/file = made",
        "write /mnt/file x ! ReadOnlyFilesystem",
        "read /mnt/own = mine",
        "list /mnt/none =",
        "write /mnt/none/x y =",
        "list /mnt/all/out = file,sub",
    ];
    assert_said(&printed, &expected);
    assert_eq!(layer, None, "nothing of a mount is in the layer, nor where it lies");
    assert_eq!(std::fs::read_to_string(f.unpacked(&other[1]).join("out/file")).unwrap(), "made");
    f.assert_empty();
}

/// CVE-2024-1753 and CVE-2024-23651 ff.: sources and targets that lead through links.
#[test]
fn privileged_no_mount_leads_out_of_its_root() {
    let f = fixture();
    let canary = f.root.join("canary");
    std::fs::write(&canary, "of the host").unwrap();
    let up = "../".repeat(30);
    let links = [
        format!("link {} /abs", f.root.display()),
        format!("link {up}{} /up", f.root.display()),
        "link /proc/self /proc-self".into(),
        "link / /slash".into(),
        "link /run /var-run".into(),
        "link /proc/1/root /magic".into(),
    ];
    let made = f.layer(&links.each_ref().map(String::as_str));
    let root = [&f.base[..], &[made]].concat();
    let given = Given::on(&root);
    for source in ["abs/canary", "up/canary", "magic/etc", "proc-self/root", "none", "srv/below/x"] {
        let (refused, _) = f.step(&with(vec![bind(source, "/mnt", false)], &["list /mnt"]), &given);
        assert_eq!(refused.unwrap_err().code(), "E-build-mount-source", "{source}");
    }
    // Upwards ends at the origin's root.
    let upwards = bind(&format!("slash/{up}srv"), "/mnt", false);
    let (_, printed) = f.succeed(&with(vec![upwards], &["list /mnt"]), &given);
    assert_said(&printed, &["list /mnt = below,doomed"]);
    for (target, seen) in
        [("/slash/mnt/x", "/mnt/x"), ("/up/x", "/up/x"), ("/abs/x", "/abs/x"), ("/var-run/x", "/run/x")]
    {
        let things = [format!("list {seen}"), "write /beside x".into()];
        let run = with(vec![bind("srv", target, false)], &things.each_ref().map(String::as_str));
        let (ran, printed) = f.step(&run, &given);
        match ran {
            Ok(ran) => {
                assert_said(&printed, &[&format!("list {seen} = below,doomed")]);
                // CVE-2024-23652: where mounts lay, nothing is left, and nothing of the host is touched.
                assert_eq!(f.paths(&ran.layer.unwrap()), ["beside"], "{target}");
            }
            // A link that leads nowhere is no place for a mount.
            Err(error) => assert_eq!(error.code(), "E-launch-step", "{target}: {error}"),
        }
        assert!(!f.root.join("x").exists());
    }
    for target in ["/proc-self/fd", "/magic/mnt"] {
        let (ran, printed) = f.step(&with(vec![bind("srv", target, false)], &["list /mnt"]), &given);
        assert!(ran.is_err(), "{target}: {printed}");
    }
    for target in ["/proc/x", "/sys", "/dev", "/", "/a/../b", "relative"] {
        let (refused, _) = f.step(&with(vec![bind("srv", target, false)], &[]), &given);
        assert_eq!(refused.unwrap_err().code(), "E-policy-request", "{target}");
    }
    // CVE-2024-11218: the working directory is made in the root, too.
    let workdir = Run { working_dir: "/up/made".into(), ..run(&["directory"]) };
    let _made_or_refused = f.step(&workdir, &given);
    assert!(!f.root.join("made").exists());
    assert_eq!(std::fs::read_to_string(canary).unwrap(), "of the host");
    f.assert_empty();
}
