//! What is planned for the mounts of a specification, and what is refused.

use super::*;

const BUNDLE: Surroundings<'_> =
    Surroundings { author: Author::Bundle, mapped: false, root: None, label: "" };

fn mount(destination: &str, kind: &'static str, options: &[&'static str]) -> Mount {
    let options = options.iter().map(|option| (*option).into()).collect();
    Mount {
        destination: destination.into(),
        kind: kind.into(),
        source: "x".into(),
        options,
        ..Mount::default()
    }
}

fn parse(mount: &Mount, surroundings: Surroundings<'_>) -> Result<(PlannedMount, Vec<TreeRequest>), String> {
    let mut trees = Vec::new();
    let planned = PlannedMount::parse(mount, surroundings, &mut trees).map_err(|error| error.to_string())?;
    Ok((planned, trees))
}

#[test]
fn nothing_but_procfs_and_lxcfs_lies_on_proc() {
    for refused in [
        mount("/proc", "tmpfs", &[]),
        mount("/proc", "cgroup", &[]),
        mount("/proc/self/attr", "tmpfs", &[]),
        mount("/x/../proc/sys", "bind", &["bind"]),
    ] {
        assert!(parse(&refused, BUNDLE).unwrap_err().contains("lxcfs"), "{refused:?}");
    }
    for fine in [
        mount("/proc", "proc", &[]),
        mount("proc/meminfo", "bind", &["bind"]),
        mount("/proc/sys", "none", &["bind", "remount", "ro"]),
        mount("/process", "tmpfs", &[]),
    ] {
        assert!(parse(&fine, BUNDLE).is_ok(), "{fine:?}");
    }
}

#[test]
fn the_host_gets_a_container_s_mounts_only_where_both_say_so() {
    let shared = Surroundings { root: Some((Propagation::Shared, Depth::Recursive)), ..BUNDLE };
    let private = Surroundings { root: Some((Propagation::Private, Depth::Single)), ..BUNDLE };
    let ties = |options: &[&'static str], surroundings| {
        parse(&mount("/x", "bind", options), surroundings).unwrap().1[0].ties
    };
    assert_eq!(ties(&["rbind"], BUNDLE), Propagation::Slave);
    assert_eq!(ties(&["rbind", "rshared"], BUNDLE), Propagation::Slave);
    assert_eq!(ties(&["rbind"], shared), Propagation::Slave);
    assert_eq!(ties(&["rbind", "rshared"], shared), Propagation::Unchanged);
    assert_eq!(ties(&["rbind", "rshared"], private), Propagation::Private);
}

#[test]
fn idmap_needs_a_map_and_a_bind() {
    let one = IdMapping { container_id: 0, host_id: 1000, size: 1 };
    let mapped = Surroundings { mapped: true, ..BUNDLE };
    assert!(parse(&mount("/x", "bind", &["idmap"]), BUNDLE).unwrap_err().contains("no map"));
    assert!(parse(&mount("/x", "tmpfs", &["idmap"]), mapped).unwrap_err().contains("only bind"));
    let half = Mount { uid_mappings: vec![one], ..mount("/x", "bind", &["idmap"]) };
    assert!(parse(&half, BUNDLE).unwrap_err().contains("both"));
    let whole = Mount { gid_mappings: vec![one], ..half };
    let request = &parse(&whole, BUNDLE).unwrap().1[0];
    assert_eq!((request.idmap, request.own_map.is_some()), (Some(Depth::Single), true));
    assert_eq!(parse(&mount("/x", "bind", &["ridmap"]), mapped).unwrap().1[0].idmap, Some(Depth::Recursive));
}

#[test]
fn what_a_mount_cannot_have_is_refused() {
    let one = vec![IdMapping { container_id: 0, host_id: 1000, size: 1 }];
    let mapped = Mount { uid_mappings: one.clone(), gid_mappings: one, ..mount("/x", "tmpfs", &[]) };
    assert!(parse(&mapped, BUNDLE).unwrap_err().contains("only bind"));
    for refused in [
        mount("/x", "none", &["bind", "remount", "idmap"]),
        mount("/x", "none", &["bind", "remount", "size=1m"]),
        mount("/x", "none", &["remount", "acl"]),
        mount("/x", "bind", &["bind", "tmpcopyup"]),
        mount("/x", "cgroup", &["colour=red"]),
        mount("/x", "", &[]),
    ] {
        assert!(parse(&refused, BUNDLE).is_err(), "{refused:?}");
    }
}

#[test]
fn an_option_that_a_bind_cannot_have_is_named_in_ours_and_means_nothing_in_others() {
    let bind = mount("/x", "bind", &["bind", "size=1m"]);
    assert!(parse(&bind, BUNDLE).is_ok());
    let bind = Mount { source: "/x".into(), ..bind };
    let error = parse(&bind, Surroundings { author: Author::Policy, ..BUNDLE }).unwrap_err();
    assert_eq!(error, "invalid mount option `size of /x`: a bind mount cannot have it");
}

#[test]
fn an_overlay_of_layers_is_the_parent_s_to_open_and_nobody_else_s_to_ask_for() {
    let overlay = Overlay { lower: vec!["/l/b".into(), "/l/a".into()], ..Overlay::default() };
    let mount =
        Mount { overlay: Some(overlay.clone()), ..mount("/src", "overlay", &["rprivate", "rnosuid"]) };
    assert!(parse(&mount, BUNDLE).unwrap_err().contains("Cofferdam's own"));
    let ours = Surroundings { author: Author::Policy, ..BUNDLE };
    let (planned, trees) = parse(&mount, ours).unwrap();
    assert!(matches!(planned.source, Source::Tree(0)));
    assert_eq!((trees[0].overlay.as_ref(), trees[0].opener), (Some(&overlay), Opener::Parent));
    let on_proc = Mount { destination: "/proc/x".into(), ..mount };
    assert!(parse(&on_proc, ours).is_err());
}
