//! Commands that are killed, files that are torn, and what is not there: afterwards nothing is left, or
//! `delete --force` leaves nothing.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod harness;

use std::process::Stdio;
use std::time::Duration;

use harness::{Bundle, is_alive, kill, said, until};
use serde_json::json;

/// Far enough apart to hit every stage of a command that takes some tens of milliseconds.
fn moments() -> impl Iterator<Item = Duration> {
    (0..24).map(|step| Duration::from_micros(step * 1300))
}

fn killed_after(bundle: &Bundle, words: &[&str], moment: Duration) {
    let child = bundle.command(words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(moment);
    kill(child);
}

#[test]
fn privileged_what_a_killed_command_leaves_is_removed() {
    let bundle = Bundle::new(&["sleep", "60"], |_| {});
    let id = bundle.id.as_str();
    for words in [&["create", id][..], &["run", "--detach", id], &["run", id]] {
        for moment in moments() {
            killed_after(&bundle, words, moment);
            bundle.works(&["delete", "--force", id]);
            bundle.expect_nothing();
        }
    }
}

#[test]
fn privileged_a_killed_start_has_started_or_has_not() {
    let bundle = Bundle::new(&["sleep", "60"], |_| {});
    let id = bundle.id.as_str();
    for moment in moments().step_by(2) {
        bundle.works(&["create", id]);
        killed_after(&bundle, &["start", id], moment);
        // Whoever was let through is under way.
        until("it is known", || ["created", "running"].contains(&bundle.status().as_str()));
        if bundle.status() == "created" {
            bundle.runtime(&["start", id]);
        }
        bundle.wait_for("running");
        bundle.works(&["delete", "--force", id]);
        bundle.expect_nothing();
    }
}

#[test]
fn privileged_a_killed_exec_harms_nobody() {
    let bundle = Bundle::new(&["sleep", "60"], |_| {});
    let id = bundle.running().id.as_str();
    for moment in moments() {
        killed_after(&bundle, &["exec", id, "/bin/probe", "true"], moment);
        assert_eq!(bundle.status(), "running");
    }
    assert_eq!(bundle.works(&["exec", id, "/bin/probe", "echo", "well"]), "well\n");
}

#[test]
fn privileged_a_killed_delete_can_be_repeated() {
    let bundle = Bundle::new(&["spawn", "3"], |_| {});
    let id = bundle.id.as_str();
    for moment in moments().step_by(2) {
        bundle.running();
        killed_after(&bundle, &["delete", "--force", id], moment);
        bundle.works(&["delete", "--force", id]);
        bundle.expect_nothing();
    }
}

#[test]
fn privileged_a_command_that_is_killed_during_a_hook_leaves_nothing_that_stays() {
    for point in ["prestart", "createRuntime", "createContainer", "poststart"] {
        let bundle = Bundle::new(&["sleep", "60"], |_| {});
        let mark = bundle.path("mark");
        bundle.change(|spec| {
            let script = format!("touch {}; sleep 1", mark.display());
            spec["hooks"][point] = json!([{ "path": "/bin/sh", "args": ["sh", "-c", script] }]);
        });
        let child = bundle.command(&["run", "--detach", &bundle.id]).stdout(Stdio::null()).spawn().unwrap();
        until("the hook runs", || mark.exists());
        kill(child);
        bundle.works(&["delete", "--force", &bundle.id]);
        bundle.expect_nothing();
    }
}

#[test]
fn privileged_broken_files_of_a_container_are_removed_with_it() {
    type Break = fn(&std::path::Path);
    let breaks: [(&str, Break); 5] = [
        ("an empty directory", |place| {
            for entry in std::fs::read_dir(place).unwrap() {
                std::fs::remove_file(entry.unwrap().path()).unwrap();
            }
        }),
        ("a torn record", |place| std::fs::write(place.join("state.json"), "{\"version\":1,").unwrap()),
        ("an empty record", |place| std::fs::write(place.join("state.json"), "").unwrap()),
        ("a torn specification", |place| std::fs::write(place.join("config.json"), "{").unwrap()),
        ("both torn", |place| {
            std::fs::write(place.join("state.json"), "[").unwrap();
            std::fs::write(place.join("config.json"), "").unwrap();
        }),
    ];
    for (what, break_it) in breaks {
        let bundle = Bundle::new(&["sleep", "60"], |_| {});
        let pid = bundle.running().pid();
        break_it(&bundle.path("state").join(&bundle.id));
        bundle.works(&["list"]);
        bundle.works(&["delete", "--force", &bundle.id]);
        assert_eq!(bundle.works(&["list", "-q"]), "", "{what}");
        if what == "an empty directory" {
            // Nothing tells any more that there was a process: it is not ours to guess.
            let first = rustix::process::Pid::from_raw(pid).unwrap();
            rustix::process::kill_process(first, rustix::process::Signal::KILL).unwrap();
            until("its groups can be removed", || {
                bundle.groups().iter().all(|group| std::fs::remove_dir(group).is_ok())
            });
            continue;
        }
        assert!(!is_alive(pid), "{what}");
        assert_eq!(bundle.groups().len(), 0, "{what}");
    }
}

#[test]
fn privileged_a_paused_container_is_removed_too() {
    let bundle = Bundle::new(&["spawn", "2"], |_| {});
    bundle.running().works(&["pause", &bundle.id]);
    assert!(bundle.fails(&["delete", &bundle.id]).ends_with("it is paused"));
    bundle.works(&["delete", "--force", &bundle.id]);
    bundle.expect_nothing();
}

#[test]
fn privileged_a_group_that_somebody_lives_in_is_nobody_else_s() {
    let path = format!("/coffer-test-{}-shared", std::process::id());
    let share = |spec: &mut serde_json::Value| spec["linux"]["cgroupsPath"] = path.clone().into();
    let (first, second) = (Bundle::new(&["sleep", "60"], share), Bundle::new(&["true"], share));
    first.running();
    let refused = second.fails(&["create", &second.id]);
    assert!(refused.contains("processes live in that group already"), "{refused}");
    second.works(&["delete", "--force", &second.id]);
    assert_eq!(first.status(), "running");
}

#[test]
fn privileged_what_makes_no_sense_is_refused_before_anything_is_made() {
    let bundle = Bundle::new(&["true"], |_| {});
    let config = bundle.path("bundle/config.json");
    let good = std::fs::read_to_string(&config).unwrap();
    let large = format!("{good}{}", " ".repeat(5 << 20));
    let version = good.replace("\"1.3.0\"", "\"2.0.0\"");
    let rootless = good.replace("\"path\":\"rootfs\"", "\"path\":\"\"");
    for (text, why) in [
        (large.as_str(), "is larger than 4 MiB"),
        ("nonsense", "makes no sense"),
        ("", "makes no sense"),
        (&version, "is of a version that is not 1.x"),
        (&rootless, "names no root filesystem"),
    ] {
        std::fs::write(&config, text).unwrap();
        let refused = bundle.fails(&["create", &bundle.id]);
        assert!(refused.contains(why), "{why}: {refused}");
        bundle.expect_nothing();
    }
    std::fs::write(&config, good).unwrap();
    let nowhere = bundle.fails(&["create", "--bundle", "/does/not/exist", &bundle.id]);
    assert!(nowhere.starts_with("cannot read the specification `/does/not/exist/config.json`"), "{nowhere}");
    std::fs::remove_dir_all(bundle.path("bundle/rootfs")).unwrap();
    assert!(bundle.fails(&["create", &bundle.id]).contains("rootfs"));
    bundle.expect_nothing();
    for id in ["", ".", "..", "a/b", "../x", "a b", &"x".repeat(300)] {
        let refused = bundle.fails(&["create", id]);
        assert!(refused.contains("is no name"), "{id}: {refused}");
        assert!(bundle.fails(&["state", id]).ends_with("does not exist"), "{id}");
    }
}

#[test]
fn privileged_a_log_says_what_went_wrong_in_the_engine_s_form() {
    let bundle = Bundle::new(&["true"], |_| {});
    let log = bundle.path("log");
    let words = ["--log", log.to_str().unwrap(), "--log-format", "json", "start", "nobody"];
    assert_eq!(bundle.fails(&words), "container `nobody` does not exist");
    let line: serde_json::Value = serde_json::from_slice(&std::fs::read(&log).unwrap()).unwrap();
    assert_eq!(
        (&line["level"], &line["msg"]),
        (&json!("error"), &json!("container `nobody` does not exist"))
    );
    let words = ["--log", log.to_str().unwrap(), "--log-format", "xml", "list"];
    std::fs::write(&log, "").unwrap();
    assert!(bundle.fails(&words).contains("it is text or json"));
    assert!(std::fs::read_to_string(&log).unwrap().contains("it is text or json"));
}

#[test]
fn privileged_the_floor_refuses_and_reports() {
    let weaken = |spec: &mut serde_json::Value| {
        spec["process"]["capabilities"] = json!({ "bounding": ["CAP_SYS_ADMIN"] });
    };
    let bundle = Bundle::new(&["sleep", "60"], weaken);
    let id = bundle.id.as_str();
    let refused = bundle.fails(&["--floor", "baseline", "create", id]);
    let expected = "the floor `baseline` of this host refuses container `ID`: it has capabilities that \
                    containers do not have by default: CAP_SYS_ADMIN [added-capability: leave them out]";
    assert_eq!(refused.replace(id, "ID"), expected);
    bundle.expect_nothing();
    let config = bundle.path("runtime.json");
    std::fs::write(&config, r#"{"floor":"baseline"}"#).unwrap();
    let words = ["--config", config.to_str().unwrap(), "--floor", "none", "create", id];
    assert_eq!(bundle.fails(&words).replace(id, "ID"), expected);
    std::fs::write(&config, r#"{"flor":"baseline"}"#).unwrap();
    assert!(bundle.fails(&words).contains("unknown field `flor`"));
    let output = bundle.runtime(&["create", id]);
    let warning =
        format!("warning: container `{id}` is confined below `baseline`: added-capability:CAP_SYS_ADMIN");
    assert!(said(&output).contains(&warning), "{}", said(&output));
    let weaknesses = bundle.state()["org.cofferdam.weaknesses"].clone();
    assert!(
        weaknesses.as_array().unwrap().contains(&json!("added-capability:CAP_SYS_ADMIN")),
        "{weaknesses}"
    );
    bundle.works(&["start", id]);
    // What was honoured is not asked again, and what is more is.
    bundle.works(&["--floor", "baseline", "exec", id, "/bin/probe", "true"]);
    let refused =
        bundle.fails(&["--floor", "baseline", "exec", "--cap", "CAP_SYS_PTRACE", id, "/bin/probe", "true"]);
    assert!(refused.contains("CAP_SYS_PTRACE"), "{refused}");
}

#[test]
fn privileged_check_tells_without_running_anything() {
    let bundle = Bundle::new(&["true"], |spec| spec["process"]["noNewPrivileges"] = false.into());
    let table = bundle.works(&["check"]);
    assert!(table.starts_with("WEAKNESS"), "{table}");
    assert!(table.contains("new-privileges"), "{table}");
    assert_eq!(bundle.runtime(&["--floor", "baseline", "check"]).status.code(), Some(0));
    let output = bundle.runtime(&["--floor", "restricted", "check", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let names: Vec<&str> =
        found.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["host-users", "new-privileges", "root-user", "unlimited-memory"]);
    bundle.expect_nothing();
}
