//! Hooks at all six points: their order, what they read, and what becomes of those that fail.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod harness;

use harness::Bundle;
use serde_json::{Value, json};

const POINTS: [&str; 6] =
    ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"];

/// A shell of the host; startContainer hooks are the container's own programs.
fn shell(script: &str) -> Value {
    json!([{ "path": "/bin/sh", "args": ["sh", "-c", script], "env": ["PATH=/usr/bin:/bin"] }])
}

fn take_turns(bundle: &Bundle) {
    bundle.change(|spec| {
        let log = bundle.path("log");
        for point in POINTS {
            spec["hooks"][point] = shell(&format!("echo {point} $(cat) >> {}", log.display()));
        }
        spec["hooks"]["startContainer"] =
            json!([{ "path": "/bin/probe", "args": ["probe", "cat", "/dev/stdin"], "timeout": 30 }]);
    });
}

/// What the hooks on the host have written: the point, and the state that it read.
fn turns(bundle: &Bundle) -> Vec<(String, Value)> {
    let log = std::fs::read_to_string(bundle.path("log")).unwrap_or_default();
    let turn = |line: &str| {
        let (point, state) = line.split_once(' ').unwrap();
        (point.to_owned(), serde_json::from_str(state).unwrap())
    };
    log.lines().map(turn).collect()
}

#[test]
fn privileged_hooks_run_in_their_order_and_read_the_state() {
    let bundle = Bundle::new(&["echo", "program"], |_| {});
    take_turns(&bundle);
    bundle.works(&["create", &bundle.id]);
    let pid = bundle.pid();
    bundle.works(&["start", &bundle.id]);
    bundle.wait_for("stopped");
    bundle.works(&["delete", &bundle.id]);
    let turns = turns(&bundle);
    let points: Vec<&str> = turns.iter().map(|(point, _)| point.as_str()).collect();
    assert_eq!(points, ["prestart", "createRuntime", "createContainer", "poststart", "poststop"]);
    for (point, state) in &turns {
        assert_eq!(state["id"], bundle.id.as_str(), "{point}");
        assert_eq!(state["bundle"], bundle.path("bundle").to_str().unwrap(), "{point}");
        assert_eq!(state["ociVersion"].as_str().unwrap(), "1.3.0", "{point}");
    }
    let of = |name: &str| &turns.iter().find(|(point, _)| point == name).unwrap().1;
    assert_eq!((&of("createRuntime")["pid"], &of("poststart")["status"]), (&json!(pid), &json!("running")));
    assert_eq!(of("poststop")["status"], "stopped");
    // The one inside has its turn before the program, with the container's own streams.
    let said = bundle.works(&["run", &bundle.id]);
    let (state, program) = said.split_at(said.rfind('}').unwrap() + 1);
    assert_eq!(program, "program\n");
    assert_eq!(serde_json::from_str::<Value>(state).unwrap()["id"], bundle.id.as_str());
}

#[test]
fn privileged_a_hook_that_fails_ends_what_was_begun() {
    for point in POINTS.into_iter().filter(|point| *point != "poststop") {
        let bundle = Bundle::new(&["sleep", "60"], |_| {});
        bundle.change(|spec| {
            spec["hooks"][point] = match point {
                "startContainer" => json!([{ "path": "/bin/probe", "args": ["probe", "exit", "3"] }]),
                _ => shell("echo no luck >&2; exit 3"),
            };
            spec["hooks"]["poststop"] = shell(&format!("touch {}", bundle.path("stopped").display()));
        });
        let said = bundle.fails(&["run", "--detach", &bundle.id]);
        assert!(said.contains(point), "{point}: {said}");
        assert!(bundle.path("stopped").exists(), "{point}: the container was taken away");
        bundle.expect_nothing();
        if matches!(point, "startContainer" | "poststart") {
            bundle.works(&["create", &bundle.id]);
            let said = bundle.fails(&["start", &bundle.id]);
            assert!(said.contains(point), "{point}: {said}");
            bundle.wait_for("stopped");
        } else {
            assert!(bundle.fails(&["create", &bundle.id]).contains(point));
            bundle.expect_nothing();
        }
    }
}

#[test]
fn privileged_a_hook_that_takes_too_long_has_failed() {
    for point in POINTS.into_iter().filter(|point| *point != "poststop") {
        let bundle = Bundle::new(&["sleep", "60"], |_| {});
        bundle.change(|spec| {
            spec["hooks"][point] = match point {
                "startContainer" => json!([{ "path": "/bin/probe", "args": ["probe", "sleep", "60"] }]),
                _ => json!([{ "path": "/bin/sleep", "args": ["sleep", "60"] }]),
            };
            spec["hooks"][point][0]["timeout"] = json!(1);
        });
        let said = bundle.fails(&["run", "--detach", &bundle.id]);
        assert!(said.contains("took longer than its timeout"), "{point}: {said}");
        bundle.expect_nothing();
    }
}

#[test]
fn privileged_a_container_is_gone_whatever_its_last_hooks_do() {
    let bundle = Bundle::new(&["true"], |_| {});
    let after = bundle.path("after");
    bundle.change(|spec| {
        let mut hooks = shell("exit 1").as_array().unwrap().clone();
        hooks.extend(shell(&format!("touch {}", after.display())).as_array().unwrap().clone());
        spec["hooks"]["poststop"] = hooks.into();
    });
    bundle.works(&["create", &bundle.id]);
    let output = bundle.runtime(&["delete", &bundle.id]);
    assert!(output.status.success());
    assert!(harness::said(&output).contains("warning: the poststop hook `/bin/sh` failed"));
    assert!(after.exists());
    bundle.expect_nothing();
}
