//! The two ends of a boot: all containers end, and those that are to run come back.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conversation;
mod harness;

use harness::{User, until};

fn names(user: &User, line: &str) -> Vec<String> {
    let mut names: Vec<String> = user.does(line).lines().map(str::to_owned).collect();
    names.sort();
    names
}

#[test]
fn privileged_what_the_host_takes_down_comes_back_as_its_policy_says() {
    let user = User::new(4311);
    for (name, policy) in [("always", "always"), ("unless", "unless-stopped"), ("never", "no")] {
        user.does(&format!("run -d --name {name} --restart {policy} probe:1 /bin/probe sleep 600"));
    }
    user.does("run -d --name asked --restart unless-stopped probe:1 /bin/probe sleep 600");
    user.does("stop -t 0 asked");
    assert_eq!(names(&user, "system stop"), ["always", "never", "unless"]);
    assert_eq!(names(&user, "ps -q"), [""; 0]);
    assert_eq!(names(&user, "system restore"), ["always", "unless"]);
    assert_eq!(names(&user, "system restore"), [""; 0]);
    assert_eq!(names(&user, "ps -q").len(), 2);
    user.does("rm -f always unless never asked");
}

#[test]
fn privileged_a_container_that_is_being_started_again_ends_too() {
    let user = User::new(4312);
    user.does("run -d --name loop --restart always probe:1 /bin/probe exit 1");
    for _ in 0..3 {
        until("it is started again", || user.does("ps -a").contains("loop"));
        assert_eq!(user.does("system stop"), "loop\n");
        assert_eq!(user.does("system restore"), "loop\n");
    }
    user.does("rm -f loop");
}

#[test]
fn privileged_a_site_says_what_it_is() {
    let user = User::new(4313);
    let info: serde_json::Value = serde_json::from_str(&user.does("system info --format json")).unwrap();
    assert_eq!(
        (&info["rootless"], &info["images"], &info["containers"]),
        (&true.into(), &1.into(), &0.into())
    );
    assert_eq!(info["ids"], 1);
    assert!(info["state"].as_str().unwrap().starts_with(user.session().root().to_str().unwrap()));
    assert!(info["enforced"].as_array().unwrap().contains(&"seccomp".into()));
    let page = user.does("info");
    assert!(page.contains("\nuser:            without root, a single id for containers\n"), "{page}");
}

#[test]
fn privileged_the_unit_is_printed_written_and_points_to_this_program() {
    let user = User::new(4314);
    let home = user.session().work();
    let units = |line: &str| {
        let output = user.command(line).env("HOME", &home).output().unwrap();
        assert!(output.status.success(), "{}", user.session().said(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let unit = units("system install-units --print");
    let program = home.join("coffer").display().to_string();
    assert!(unit.contains(&format!("ExecStart=-\"{program}\" system restore\n")), "{unit}");
    assert!(unit.contains("Environment=\"COFFER_ROOT="), "{unit}");
    let said = units("system install-units");
    let path = home.join(".config/systemd/user/coffer-restore.service");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), unit);
    assert!(said.contains("type: systemctl --user enable coffer-restore.service\n"), "{said}");
    assert!(said.ends_with("type: sudo loginctl enable-linger 4314\n"), "{said}");
}
