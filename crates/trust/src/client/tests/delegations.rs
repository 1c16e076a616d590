//! Who is asked about a name, in which order, and on whose word.

use super::world::{DAY, NOW, World, id, versions};
use crate::TrustError;

/// The roles that are asked about a name that nobody vouches for, given who delegates to whom, by which pattern, and
/// whether that ends the search.
fn asked(delegations: &[(&str, &str, &str, bool)]) -> String {
    let mut world = World::new();
    for (seed, (from, to, pattern, terminating)) in (20..).zip(delegations) {
        world.delegate(from, to, seed, &[pattern]).terminating = *terminating;
    }
    let mut names: Vec<String> = world.targets.keys().filter(|name| *name != "targets").cloned().collect();
    names.extend(["targets", "snapshot", "timestamp"].map(str::to_owned));
    world.publish(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let mut trusted = world.client();
    world.refresh(&mut trusted, NOW).unwrap();
    world.asked.clear();
    assert_eq!(trusted.target("missing", &mut world, NOW), Ok(None));
    let roles = world.asked.iter().map(|name| name.trim_start_matches("1.").trim_end_matches(".json"));
    roles.collect::<Vec<_>>().join(" ")
}

#[test]
fn the_search_is_depth_first_in_order_of_appearance() {
    let graph = [("targets", "A", "*", false), ("targets", "B", "*", false), ("A", "C", "*", false)];
    assert_eq!(asked(&graph), "A C B");
}

#[test]
fn a_terminating_delegation_ends_the_search_everywhere() {
    let graph = [
        ("targets", "A", "*", false),
        ("targets", "B", "*", false),
        ("A", "C", "*", true),
        ("A", "D", "*", false),
        ("C", "E", "*", false),
    ];
    assert_eq!(asked(&graph), "A C E");
}

#[test]
fn who_may_not_vouch_for_a_name_is_not_asked() {
    let graph = [
        ("targets", "A", "*.py", true),
        ("targets", "B", "miss*", false),
        ("B", "C", "missing/*", false),
        ("B", "D", "missin?", false),
    ];
    assert_eq!(asked(&graph), "B D");
}

#[test]
fn cycles_end() {
    let graph = [("targets", "A", "*", false), ("A", "B", "*", false), ("B", "A", "*", false)];
    // The second delegation to A is by another key: it is skipped before it is verified.
    assert_eq!(asked(&graph), "A B");
}

#[test]
fn mazes_end() {
    let mut world = World::new();
    let names: Vec<String> = (0..40).map(|number| format!("role{number}")).collect();
    let mut before = "targets";
    for name in &names {
        world.delegate(before, name, 9, &["*"]);
        before = name;
    }
    names.iter().for_each(|name| world.publish(&[name]));
    world.all();
    let mut trusted = world.client();
    world.refresh(&mut trusted, NOW).unwrap();
    assert_eq!(trusted.target("missing", &mut world, NOW), Err(TrustError::Maze(32)));
}

/// `release` is delegated to by two branches under two keys, and only the first one's signed it.
#[test]
fn a_role_is_verified_by_whoever_delegates_to_it_now() {
    let mut world = World::new();
    world.delegate("targets", "branch-a", 20, &["team-a/*"]);
    world.delegate("targets", "branch-b", 21, &["team-b/*"]);
    world.delegate("branch-a", "release", 22, &["team-a/*"]);
    world.delegate("branch-b", "release", 23, &["team-b/*"]);
    world.signers.insert("release".to_owned(), vec![22]);
    world.vouch("release", "team-a/app", b"a");
    world.vouch("release", "team-b/app", b"b");
    world.publish(&["release", "branch-a", "branch-b"]);
    world.all();
    let mut trusted = world.client();
    world.refresh(&mut trusted, NOW).unwrap();
    assert!(trusted.target("team-a/app", &mut world, NOW).unwrap().unwrap().is(b"a"));
    let error = trusted.target("team-b/app", &mut world, NOW).unwrap_err();
    assert!(error.to_string().contains(&format!("`{}` did not sign", id(23).short())), "{error}");
    // And what the first branch vouches for is still there.
    assert!(trusted.target("team-a/app", &mut world, NOW).unwrap().is_some());
}

#[test]
fn a_role_that_is_not_in_the_snapshot_is_not_fetched() {
    let mut world = World::new();
    world.delegate("targets", "team", 20, &["team/*"]);
    world.all();
    let mut trusted = world.client();
    world.refresh(&mut trusted, NOW).unwrap();
    world.asked.clear();
    assert_eq!(trusted.target("team/app", &mut world, NOW), Err(TrustError::NotListed("team".to_owned())));
    assert_eq!(world.asked, Vec::<String>::new());
}

#[test]
fn a_role_that_expired_vouches_for_nothing() {
    let mut world = World::new();
    world.delegate("targets", "team", 20, &["team/*"]);
    world.targets.get_mut("team").unwrap().expires = NOW + DAY;
    world.vouch("team", "team/app", b"app");
    world.publish(&["team"]);
    world.all();
    let mut trusted = world.client();
    world.refresh(&mut trusted, NOW).unwrap();
    assert!(trusted.target("team/app", &mut world, NOW).unwrap().is_some());
    let expired = TrustError::Expired { role: "team".to_owned(), since: NOW + DAY, now: NOW + DAY };
    assert_eq!(trusted.target("team/app", &mut world, NOW + DAY), Err(expired));
}

#[test]
fn names_of_roles_are_escaped_where_they_name_files() {
    let mut world = World::new();
    world.delegate("targets", "../team", 20, &["*"]);
    world.vouch("../team", "app", b"app");
    world.publish(&["../team"]);
    world.all();
    let mut trusted = world.client();
    world.refresh(&mut trusted, NOW).unwrap();
    assert!(trusted.target("app", &mut world, NOW).unwrap().is_some());
    assert!(trusted.files().any(|(name, _)| name == "..%2Fteam.json"));
    assert_eq!(versions(&trusted), [1, 2, 2, 2]);
}
