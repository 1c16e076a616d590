use proptest::prelude::*;

use super::*;
use crate::fixtures::{exec_dir, image};

fn with(exec_dirs: Vec<ExecDir>) -> Image {
    let mut image = image();
    image.facts.exec_dirs = exec_dirs;
    image
}

/// Islands as text: directories end in a slash.
fn shown(image: &Image, covered: &[&str]) -> Vec<String> {
    let covered: Vec<_> = covered.iter().map(|path| (*path).to_owned()).collect();
    let text = |island: Island| match island.kind {
        IslandKind::Directory => island.path + "/",
        IslandKind::File => island.path,
    };
    islands(image, &covered).into_iter().map(text).collect()
}

#[test]
fn alpine_s_trees_are_islands_as_a_whole() {
    let image = with(vec![
        exec_dir("/bin", &["busybox"], 80),
        exec_dir("/lib", &["ld-musl-x86_64.so.1"], 5),
        exec_dir("/lib/apk/exec", &["a"], 0),
        exec_dir("/sbin", &["apk"], 60),
        exec_dir("/usr/bin", &["getent"], 120),
        exec_dir("/usr/lib/engines-3", &["afalg.so"], 0),
        exec_dir("/usr/share/udhcpc", &["default.script"], 0),
    ]);
    assert_eq!(shown(&image, &[]), ["/bin/", "/lib/", "/sbin/", "/usr/"]);
}

#[test]
fn debian_s_linked_trees_are_found_once_and_package_scripts_are_left_out() {
    let mut image = with(vec![
        exec_dir("/bin", &["sh"], 0),
        exec_dir("/etc/cron.daily", &["apt-compat", "dpkg"], 0),
        exec_dir("/etc/init.d", &["hwclock.sh"], 1),
        exec_dir("/usr/bin", &["sh"], 0),
        exec_dir("/var/lib/dpkg/info", &["base.postinst"], 400),
    ]);
    image.facts.root_links.insert("bin".to_owned(), "usr/bin".to_owned());
    assert_eq!(shown(&image, &[]), ["/etc/cron.daily/", "/etc/init.d/hwclock.sh", "/usr/"]);
}

#[test]
fn nginx_keeps_its_root_writable() {
    let image = with(vec![
        exec_dir("/", &["docker-entrypoint.sh"], 20),
        exec_dir("/docker-entrypoint.d", &["10-listen.sh", "20-envsubst.sh"], 0),
        exec_dir("/usr/sbin", &["nginx"], 100),
    ]);
    assert_eq!(shown(&image, &[]), ["/docker-entrypoint.d/", "/docker-entrypoint.sh", "/usr/"]);
}

#[test]
fn an_application_below_usr_local_keeps_its_data_writable() {
    let image = with(vec![
        exec_dir("/usr/bin", &["perl"], 100),
        exec_dir("/usr/local/apache2/bin", &["httpd"], 3),
        exec_dir("/usr/local/apache2/modules", &["mod_a.so", "mod_b.so"], 0),
        exec_dir("/usr/local/bin", &["httpd-foreground"], 0),
    ]);
    assert_eq!(
        shown(&image, &[]),
        ["/usr/bin/", "/usr/local/apache2/bin/", "/usr/local/apache2/modules/", "/usr/local/bin/"]
    );
}

#[test]
fn the_working_directory_stays_writable_even_in_a_system_tree() {
    let mut image = with(vec![
        exec_dir("/usr/bin", &["node"], 100),
        exec_dir("/usr/src/app", &["run.sh", "start.sh"], 0),
        exec_dir("/usr/src/app/node_modules/.bin", &["tsc"], 4),
    ]);
    image.config.working_dir = "/usr/src/app/".to_owned();
    assert_eq!(
        shown(&image, &[]),
        ["/usr/bin/", "/usr/src/app/node_modules/.bin/", "/usr/src/app/run.sh", "/usr/src/app/start.sh"]
    );
}

#[test]
fn a_single_program_in_a_directory_of_its_own_is_a_file() {
    let image = with(vec![exec_dir("/app", &["server"], 0), exec_dir("/opt/jdk/lib", &["libjava.so"], 30)]);
    assert_eq!(shown(&image, &[]), ["/app/server", "/opt/jdk/lib/"]);
}

#[test]
fn what_a_mount_covers_needs_no_island() {
    let image = with(vec![exec_dir("/data/bin", &["a"], 0), exec_dir("/usr/bin", &["b"], 0)]);
    assert_eq!(shown(&image, &["/data"]), ["/usr/"]);
    assert_eq!(shown(&image, &["/usr/bin"]), ["/data/bin/", "/usr/"]);
}

#[test]
fn directories_of_data_are_never_islands_as_a_whole() {
    let dirs = NEVER.iter().map(|path| exec_dir(path, &["a", "b"], 0)).collect();
    assert!(islands(&with(dirs), &[]).iter().all(|island| island.kind == IslandKind::File));
}

#[test]
fn too_many_islands_are_merged_from_the_deepest_up() {
    let deep = |n: u32| exec_dir(&format!("/opt/conda/pkgs/p{n}/bin"), &["x"], 1);
    let mut dirs: Vec<_> = (0..LIMIT as u32 + 1).map(deep).collect();
    dirs.push(exec_dir("/app/bin", &["y"], 0));
    assert_eq!(shown(&with(dirs), &[]), ["/app/bin/", "/opt/conda/pkgs/"]);
}

#[test]
fn a_hostile_number_of_programs_in_the_root_stays_within_the_limit() {
    let names: Vec<_> = (0..2000).map(|n| format!("p{n}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    assert_eq!(islands(&with(vec![exec_dir("/", &names, 1)]), &[]).len(), LIMIT);
}

fn directory() -> impl Strategy<Value = ExecDir> {
    let name = prop_oneof![
        Just("bin"),
        Just("lib"),
        Just("usr"),
        Just("local"),
        Just("var"),
        Just("dpkg"),
        Just("app"),
        Just("etc"),
        Just("a"),
        Just("a-b"),
        Just("tmp"),
        Just("opt"),
        Just("proc"),
    ];
    let files = prop::collection::btree_set("[v-z]", 1..4);
    (prop::collection::vec(name, 0..5), files, 0_u64..3).prop_map(|(names, files, others)| ExecDir {
        path: format!("/{}", names.join("/")),
        files: files.into_iter().collect(),
        others,
    })
}

fn images() -> impl Strategy<Value = Image> {
    let dirs = prop::collection::btree_map(any::<u8>(), directory(), 0..30);
    let working_dir =
        prop_oneof![Just(""), Just("/app"), Just("/usr/a"), Just("/usr/local/a/b"), Just("/bin")];
    (dirs, working_dir).prop_map(|(dirs, working_dir)| {
        let mut dirs: Vec<_> = dirs.into_values().collect();
        dirs.sort_by(|a, b| a.path.cmp(&b.path));
        dirs.dedup_by(|a, b| a.path == b.path);
        let mut image = with(dirs);
        image.config.working_dir = working_dir.to_owned();
        image
    })
}

proptest! {
    #[test]
    fn every_program_lies_in_an_island(image in images()) {
        let islands = islands(&image, &[]);
        for directory in &image.facts.exec_dirs {
            if SKIPPED.iter().any(|skipped| within(&directory.path, skipped)) {
                continue;
            }
            for name in &directory.files {
                let path = join(&directory.path, name);
                prop_assert!(islands.iter().any(|island| within(&path, &island.path)), "{path} {islands:?}");
            }
        }
    }

    #[test]
    fn no_island_lies_in_another_and_none_in_what_is_left_out(image in images()) {
        let islands = islands(&image, &[]);
        for island in &islands {
            let inside = |other: &&Island| within(&island.path, &other.path);
            prop_assert_eq!(islands.iter().filter(inside).count(), 1);
            prop_assert!(!SKIPPED.iter().any(|skipped| within(&island.path, skipped)));
            let whole = island.kind == IslandKind::Directory;
            prop_assert!(!(whole && NEVER.contains(&island.path.as_str())), "{:?}", island);
        }
    }

    #[test]
    fn the_working_directory_is_never_made_read_only_unless_it_is_the_system_s(image in images()) {
        let working_dir = normalised(&image.config.working_dir);
        if !is_system_directory(&working_dir) {
            for island in islands(&image, &[]) {
                prop_assert!(!within(&working_dir, &island.path), "{island:?}");
            }
        }
    }

    #[test]
    fn the_order_of_the_facts_does_not_matter(image in images()) {
        let mut reversed = image.clone();
        reversed.facts.exec_dirs.reverse();
        prop_assert_eq!(islands(&image, &[]), islands(&reversed, &[]));
    }
}
