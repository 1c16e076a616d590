//! Volumes and bind mounts: whose files are whose on both sides, and what a mount lets through.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod harness;

use std::os::unix::fs::{MetadataExt as _, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Child;

use conversation::Session;
use harness::{Rootfs, entries, find, pid_of, session, start, words, works};

/// A container that sleeps until the test is done with it.
struct Asleep<'a> {
    session: &'a Session,
    name: &'static str,
    keeper: Child,
    pid: i32,
}

impl<'a> Asleep<'a> {
    fn new(session: &'a Session, name: &'static str, options: &str) -> Self {
        let line = format!("run --name {name} {options} probe:1 /bin/probe sleep 600");
        let keeper = start(session, &line);
        Self { session, name, keeper, pid: pid_of(session, name) }
    }

    /// A file of /proc/PID.
    fn proc(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.pid)).unwrap()
    }

    /// The options of the mount at this place, as the kernel lists them.
    fn mount(&self, target: &str) -> Vec<String> {
        let table = self.proc("mountinfo");
        let line = table.lines().find(|line| line.split(' ').nth(4) == Some(target)).unwrap();
        line.split(' ').nth(5).unwrap().split(',').map(str::to_owned).collect()
    }
}

impl Drop for Asleep<'_> {
    fn drop(&mut self) {
        let _ended_already = self.session.coffer(["rm", "-f", self.name]);
        let _reaped_already = self.keeper.wait();
    }
}

/// Runs the probe with these words; whether it succeeded.
fn probe(session: &Session, options: &str, arguments: &str) -> bool {
    session.coffer(words(&format!("run --rm {options} probe:1 /bin/probe {arguments}"))).status.success()
}

fn owner(path: &Path) -> (u32, u32) {
    let meta = std::fs::symlink_metadata(path).unwrap();
    (meta.uid(), meta.gid())
}

/// A directory of the host that belongs to this user alone, with a file in it.
fn home_of(session: &Session, id: u32) -> PathBuf {
    // The session's own directory is closed to others.
    let home = session.work().join("home");
    std::fs::create_dir(&home).unwrap();
    std::fs::write(home.join("before"), "theirs").unwrap();
    for path in [home.join("before"), home.clone()] {
        chown(&path, Some(id), Some(id)).unwrap();
    }
    std::fs::set_permissions(&home, PermissionsExt::from_mode(0o700)).unwrap();
    home
}

#[test]
fn privileged_files_that_are_written_into_a_user_s_directory_are_that_user_s() {
    const USER: u32 = 12_345;
    let session = session();
    let home = home_of(&session, USER);
    let bind = format!("-u {USER}:{USER} -v {}:/home", home.display());
    let before = home.metadata().unwrap().ctime_nsec();
    assert!(probe(&session, &bind, "cat /home/before"));
    assert_eq!(home.metadata().unwrap().ctime_nsec(), before, "nothing of the user's is chowned");
    assert!(probe(&session, &bind, "write /home/after it-is-mine"));
    assert_eq!(owner(&home.join("after")), (USER, USER));
    assert_eq!([owner(&home), owner(&home.join("before"))], [(USER, USER); 2]);
    let stranger = format!("-u 12346:12346 -v {}:/home", home.display());
    assert!(!probe(&session, &stranger, "cat /home/before"), "another user of the container is another user");
    assert!(!probe(&session, &format!("{bind}:ro"), "write /home/after again"), "read-only is read-only");
}

#[test]
fn privileged_a_volume_shows_the_same_owners_to_containers_with_other_ids() {
    let session = session();
    Rootfs::with_probe().directory("data", 0o1777).import(&session, "probe:1");
    assert!(probe(&session, "-u 1000:1000 -v data:/data", "write /data/file first"));
    let file = session.root().join("volumes/data/file");
    assert_eq!(owner(&file), (1000, 1000), "ids on disk are the container's own");
    let (one, two) = (
        Asleep::new(&session, "one", "-u 1000:1000 -v data:/data"),
        Asleep::new(&session, "two", "-u 1000:1000 -v data:/data"),
    );
    assert_ne!(one.proc("uid_map"), two.proc("uid_map"), "each has host ids of its own");
    assert!(probe(&session, "-u 1000:1000 -v data:/data", "write /data/file second"));
    assert!(!probe(&session, "-u 1001:1001 -v data:/data", "write /data/file third"));
    assert_eq!(owner(&file), (1000, 1000));
    for container in [&one, &two] {
        let through = format!("/proc/{}/root/data/file", container.pid);
        assert_eq!(std::fs::read_to_string(&through).unwrap(), "second\n");
        let first: u32 = container.proc("uid_map").split_whitespace().nth(1).unwrap().parse().unwrap();
        assert_eq!(owner(through.as_ref()), (first + 1000, first + 1000), "its own 1000");
    }
}

#[test]
fn privileged_mounts_are_nosuid_nodev_and_noexec_and_shift_ids() {
    let session = session();
    let home = home_of(&session, 12_345);
    let options = format!("-v data:/data -v tools:/tools:exec -v {0}:/home -v {0}:/shown:ro", home.display());
    let container = Asleep::new(&session, "web", &options);
    for (target, noexec, access) in
        [("/data", true, "rw"), ("/tools", false, "rw"), ("/home", true, "rw"), ("/shown", true, "ro")]
    {
        let found = container.mount(target);
        let has = |option: &str| found.iter().any(|found| found == option);
        assert!(has("nosuid") && has("nodev") && has("idmapped") && has(access), "{target}: {found:?}");
        assert_eq!(has("noexec"), noexec, "{target}: {found:?}");
    }
    let inspected: serde_json::Value =
        serde_json::from_slice(&session.coffer(["inspect", "web"]).stdout).unwrap();
    let exceptions = find(&inspected, "exceptions").unwrap().as_array().unwrap();
    let asked = exceptions.iter().filter_map(|exception| exception.get("id")?.as_str());
    assert_eq!(asked.filter(|id| *id == "exec-mount").count(), 1);
}

#[test]
fn privileged_a_volume_that_was_made_beforehand_is_filled_at_its_first_use() {
    let session = session();
    Rootfs::with_probe()
        .directory("data", 0o750)
        .file("data/seed", 0o644, b"from the image")
        .import(&session, "probe:1");
    session.holds(
        "
$ coffer volume create --label team=web --label scratch data
data
$ coffer volume create data --label team=db
data
$ coffer volume create ../data
coffer: `../data` cannot be a volume's name: 2 to 128 letters, digits, `_`, `.` and `-`, the first a letter or digit [E-run-volume-name]
  choose a name like `data`, or give an absolute path of this host
exit 1
$ coffer volume ls -q --filter label=team=web
data
$ coffer volume ls -q --filter label=team=db
$ coffer volume ls -q --filter dangling=true
data
$ coffer run --rm -v data:/data probe:1 /bin/probe cat /data/seed
from the image
$ coffer run --rm -v data:/data probe:1 /bin/probe write /data/seed changed
$ coffer run --name holder -v data:/data probe:1 /bin/probe cat /data/seed
changed
$ coffer volume ls -q --filter dangling=true
$ coffer volume ls -q --filter dangling=false --filter name=at
data
$ coffer volume inspect nothing
coffer: there is no volume `nothing` [E-volume-unknown]
  `coffer volume ls` lists the volumes
exit 1
$ coffer rm holder
holder
$ coffer volume prune --filter label=other
$ coffer volume prune --filter label!=scratch
$ coffer volume prune --filter label=scratch
data
$ coffer events --filter type=volume
TIME volume create data
TIME volume destroy data
",
    );
    assert_eq!(entries(&session.root().join("volumes")).len(), 0);
}

#[test]
fn privileged_inspect_says_where_a_volume_lies_and_how_much_room_it_takes() {
    let session = session();
    let name = works(&session, "volume create").trim().to_owned();
    assert!(name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
    works(&session, "volume create --label team=web data");
    assert!(probe(&session, "-v data:/data", "write /data/file some-words"));
    let inspected = works(&session, "volume inspect -s data");
    let inspected: serde_json::Value = serde_json::from_str(&inspected).unwrap();
    let volume = inspected.get(0).unwrap();
    let text = |field: &str| volume.get(field).unwrap().as_str().unwrap();
    assert_eq!(Path::new(text("mountpoint")), session.root().join("volumes/data"));
    assert_eq!(std::fs::read_to_string(Path::new(text("mountpoint")).join("file")).unwrap(), "some-words\n");
    assert_eq!(volume.get("labels"), Some(&serde_json::json!({"team": "web"})));
    assert_eq!(volume.get("containers"), Some(&serde_json::json!([])));
    assert!(text("created").ends_with('Z'));
    let size = volume.get("size").unwrap().as_u64().unwrap();
    assert!((4096..100_000).contains(&size), "{size}");
    let plain: serde_json::Value = serde_json::from_str(&works(&session, "volume inspect data")).unwrap();
    assert_eq!(find(&plain, "size"), None);
}
