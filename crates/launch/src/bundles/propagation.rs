//! What of a container's mounts the host gets, and the other way round.

use rustix::mount::{MountFlags, MountPropagationFlags};

use super::{Bundle, HostMount};

/// A bundle whose root and one bind are shared mounts of the host.
fn shared(bundle: &mut Bundle, options: &[&str]) -> [HostMount; 2] {
    let root = HostMount::tmpfs(&bundle.root(), MountFlags::empty(), MountPropagationFlags::SHARED);
    let data = bundle.bind("data", options);
    [root, HostMount::tmpfs(&data, MountFlags::empty(), MountPropagationFlags::SHARED)]
}

fn host_mounts_below(bundle: &Bundle) -> usize {
    let table = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    table.lines().filter(|line| line.contains(bundle.directory.path().to_str().unwrap())).count()
}

#[test]
fn privileged_the_root_gets_its_propagation_and_the_host_gets_nothing() {
    for (word, root, below) in [
        ("", vec!["master"], vec!["master"]),
        ("private", vec![], vec!["master"]),
        ("rprivate", vec![], vec![]),
        ("slave", vec!["master"], vec!["master"]),
        ("rslave", vec!["master"], vec!["master"]),
        ("shared", vec!["shared", "master"], vec!["master"]),
        ("rshared", vec!["shared", "master"], vec!["shared", "master"]),
        ("unbindable", vec!["unbindable"], vec![]),
    ] {
        let mut bundle = Bundle::usual();
        let _mounts = shared(&mut bundle, &["rbind"]);
        bundle.spec.linux.rootfs_propagation = word.into();
        let before = host_mounts_below(&bundle);
        let container = bundle.set_up().unwrap();
        assert_eq!(container.mounted("/").ties(), root, "{word}");
        let data = container.mounted("/data");
        // What is private for the root is private for what was cloned for it.
        let below = if matches!(word, "private" | "unbindable") { vec![] } else { below };
        assert_eq!(data.ties(), below, "{word}");
        assert_eq!(host_mounts_below(&bundle), before, "{word}: nothing of the container appears outside");
    }
}

#[test]
fn privileged_a_bind_is_the_host_s_peer_only_if_both_say_shared() {
    for (word, options, ties) in [
        ("rshared", ["rbind", "rshared"], vec!["shared"]),
        ("rslave", ["rbind", "rshared"], vec!["master"]),
        ("", ["rbind", "rshared"], vec!["shared", "master"]),
        ("", ["rbind", "rprivate"], vec![]),
        ("rshared", ["rbind", "rslave"], vec!["shared", "master"]),
    ] {
        let mut bundle = Bundle::usual();
        let _mounts = shared(&mut bundle, &options);
        bundle.spec.linux.rootfs_propagation = word.into();
        let container = bundle.set_up().unwrap();
        assert_eq!(container.mounted("/data").ties(), ties, "{word} {options:?}");
    }
}
