//! What a step leaves: a layer, history, and nothing else.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;

use build::plan::{Mount, Run, Script};
use coffer_engine as engine;
use engine::EngineError;
use engine::building::BuildError;
use engine::state::Ended;
use model::request::RunRequest;
use model::verdict::Level;
use store::{Stamp, StampMode};

use crate::scene::{Given, assert_said, fixture, run, with};

#[test]
fn privileged_what_a_step_writes_is_a_layer_and_nothing_else_is() {
    let f = fixture();
    let things = [
        "make /opt/app",
        "write /opt/app/file text",
        "hard /opt/app/file /opt/app/other",
        "link ../srv /opt/srv",
        "own 1000 /opt/app/file",
        "mode 4755 /opt/app/file",
        "remove /srv/doomed",
        "socket /opt/app/socket",
        "node /opt/app/device",
        "write /etc/hosts mine",
        "write /tmpfs/lost x",
    ];
    let tmpfs = Mount::Tmpfs { target: "/tmpfs".into(), size: None };
    let (layer, printed) = f.succeed(&with(vec![tmpfs], &things), &Given::on(&f.base));
    let layer = layer.unwrap();
    assert_said(&printed, &["node /opt/app/device ! PermissionDenied", "write /tmpfs/lost x ="]);
    let expected = ["!srv/doomed", "opt", "opt/app", "opt/app/file", "opt/app/other", "opt/srv", "srv"]
        .map(str::to_owned);
    assert_eq!(f.paths(&layer), expected);
    let meta = std::fs::metadata(f.unpacked(&layer).join("opt/app/file")).unwrap();
    assert_eq!((meta.mode() & 0o7777, meta.uid(), meta.nlink()), (0o4755, 1000, 2));
    let two = [&f.base[..], &[layer]].concat();
    let looks = ["read /opt/srv/below", "list /srv", "stat /opt/app/other", "list /opt/app"];
    let (nothing, printed) = f.succeed(&run(&looks), &Given::on(&two));
    assert_eq!(nothing, None, "who only looks makes no layer");
    let other = "stat /opt/app/other = 4755 1000:1000";
    assert_said(&printed, &["read /opt/srv/below = of the image", "list /srv = below", other]);
    f.engine.ledger_verify(None).unwrap();
    let container = ["permit", "start", "exit", "container-remove"];
    assert_eq!(f.kinds(), [&["image-import"], &container[..], &container[..]].concat());
    f.assert_empty();
}

#[test]
fn privileged_a_step_is_permitted_and_recorded_as_what_it_is() {
    let f = fixture();
    f.layer(&["write /x 1"]);
    let permit = f.engine.ledger_lines(None).unwrap().swap_remove(1).entry;
    assert_eq!(permit.name.as_deref(), Some("[1/1] RUN test"));
    assert_eq!(permit.labels["org.cofferdam.build.step"], "[1/1] RUN test");
    assert!(permit.attributes["name"].starts_with("build-"));
    let exceptions: Vec<_> =
        permit.exceptions.iter().map(|one| (one.id.as_str(), one.asked_by.as_str())).collect();
    assert_eq!(exceptions, [("mutable", "a step of a build")]);
    let restricted = RunRequest { level: Level::Restricted, ..RunRequest::default() };
    let (refused, _) = f.step(&run(&[]), &Given { defaults: restricted, ..Given::on(&f.base) });
    assert_eq!(refused.unwrap_err().code(), "E-policy-refused");
    let (refused, _) = f.step(&Run { insecure: true, ..run(&[]) }, &Given::on(&f.base));
    assert_eq!(refused.unwrap_err().code(), "E-policy-refused");
    let open = RunRequest { level: Level::Open, ..RunRequest::default() };
    f.succeed(
        &Run { insecure: true, ..run(&["write /y 1"]) },
        &Given { defaults: open, ..Given::on(&f.base) },
    );
    assert_eq!(f.kinds().iter().filter(|kind| **kind == "refusal").count(), 2);
    f.assert_empty();
}

#[test]
fn privileged_a_step_runs_what_it_writes_and_scripts_that_are_in_no_layer() {
    let f = fixture();
    let (layer, printed) = f.succeed(
        &Run { working_dir: "/made/here".into(), user: "app".into(), ..run(&["directory"]) },
        &Given::on(&f.base),
    );
    assert_said(&printed, &["directory = /made/here"]);
    assert_eq!(f.paths(&layer.unwrap()), ["made", "made/here"]);
    let script = |path: &str| Script { path: path.into(), content: "#!/test\n".into() };
    let scripted = Run {
        scripts: vec![script("/dev/pipes/EOF"), script("/tools/run")],
        ..run(&[
            "copy /test /copy",
            "run /copy",
            "run /dev/pipes/EOF",
            "stat /tools/run",
            "write /tools/run x",
        ])
    };
    let (layer, printed) = f.succeed(&scripted, &Given::on(&f.base));
    // What a script says goes to this program as an argument, which filters tests by it.
    assert_said(&printed, &["run /copy = true", "stat /tools/run = 755 0:0"]);
    assert!(
        printed.contains("run /dev/pipes/EOF = ") && printed.contains("write /tools/run x !"),
        "{printed}"
    );
    assert_eq!(f.paths(&layer.unwrap()), ["copy"]);
}

#[test]
fn privileged_a_step_that_fails_leaves_nothing() {
    let f = fixture();
    let (ran, _) = f.step(&run(&["write /x 1", "exit 42"]), &Given::on(&f.base));
    let ran = ran.unwrap();
    assert_eq!((ran.ended, ran.layer), (Ended::Code { code: 42 }, None));
    let missing = Run { arguments: vec!["/missing".into()], ..run(&[]) };
    assert_eq!(f.step(&missing, &Given::on(&f.base)).0.unwrap_err().code(), "E-launch-not-found");
    let stranger = Run { user: "stranger".into(), ..run(&[]) };
    assert_eq!(f.step(&stranger, &Given::on(&f.base)).0.unwrap_err().code(), "E-user-unknown");
    let hidden = f.step(&run(&["write /.wh.x 1"]), &Given::on(&f.base)).0.unwrap_err();
    assert_eq!(hidden.code(), "E-store-path");
    f.assert_empty();
}

#[test]
fn privileged_one_step_gives_one_layer_whenever_it_runs() {
    let f = fixture();
    let stamp = Stamp { epoch: Some(1_700_000_000), mode: StampMode::All };
    let things = ["make /a/b", "write /a/b/c text", "link c /a/b/l", "remove /srv/doomed"];
    let once = || f.succeed(&run(&things), &Given { stamp, ..Given::on(&f.base) }).0.unwrap();
    let first = once();
    std::thread::sleep(std::time::Duration::from_millis(20));
    assert_eq!(once(), first);
    let meta = std::fs::metadata(f.unpacked(&first).join("a/b/c")).unwrap();
    assert_eq!((meta.mtime(), meta.mtime_nsec()), (1_700_000_000, 0));
}

#[test]
fn every_error_of_a_build_has_a_code_and_a_remedy() {
    use engine::building::StepError;
    let errors: BTreeMap<&str, BuildError> = BTreeMap::from([
        ("E-build-secret", StepError::NoSecret("t".into()).into()),
        ("E-build-agent", StepError::NoAgent("a".into()).into()),
        ("E-build-mount-source", StepError::NoSource { path: "p".into(), target: "/t".into() }.into()),
        ("E-build-interrupted", StepError::Interrupted(2).into()),
        ("E-user-unknown", EngineError::from(engine::user::UserError::NoUser("u".into())).into()),
    ]);
    for (code, error) in errors {
        assert_eq!(error.code(), code);
        assert!(!error.remedy().is_empty());
    }
}
