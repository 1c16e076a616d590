use model::request::{Access, ExecMode, HostNamespace, MountRequest, MountSource, RunRequest};

use model::verdict::Outcome;

use super::*;
use crate::fixtures::{image, question, request};

fn decided(request: &RunRequest, level: Level) -> Decision {
    decide(&question(request, &image(), level), "c1".to_owned(), 42)
}

fn refused(request: &RunRequest, level: Level) -> Refusal {
    decided(request, level).permit.unwrap_err()
}

fn bind(path: &str) -> MountRequest {
    MountRequest {
        source: MountSource::Bind { path: path.to_owned() },
        target: "/x".to_owned(),
        access: Access::ReadWrite,
        exec: ExecMode::Refused,
        asked_by: format!("-v {path}:/x"),
    }
}

#[test]
fn a_permit_says_what_was_decided() {
    let permit = decided(&request(), Level::Baseline).permit.unwrap();
    assert_eq!(permit.container(), "c1");
    assert_eq!(permit.image(), image().digest);
    assert_eq!((permit.level(), permit.outcome()), (Level::Baseline, Outcome::Go));
    let json = serde_json::to_value(&permit).unwrap();
    assert_eq!(json["issued"], 42);
    assert_eq!(json["request"], request_digest(&request()).unwrap().to_string());
}

#[test]
fn a_refusal_says_what_no_means_and_what_to_do() {
    let refusal = refused(&RunRequest { privileged: true, ..request() }, Level::Baseline);
    assert_eq!(refusal.to_string(), "`--privileged` removes every wall between alpine and this host");
    assert_eq!((refusal.rule, refusal.code()), ("no-privileged", "E-policy-refused"));
    assert_eq!((refusal.nist, refusal.cis), (["4.4.3"].as_slice(), ["5.5"].as_slice()));
    assert!(refusal.instead.ends_with("coffer run alpine"));
    assert!(refusal.or.unwrap().ends_with("coffer run --policy open ... alpine"));
}

#[test]
fn the_gravest_reason_comes_first_and_the_others_are_counted() {
    let request = RunRequest {
        seccomp_unconfined: true,
        privileged: true,
        mounts: vec![bind("/var/lib/coffer")],
        ..request()
    };
    let refusal = refused(&request, Level::Baseline);
    assert_eq!((refusal.rule, refusal.further, refusal.or), ("ledger-out-of-reach", 2, None));
}

#[test]
fn open_records_and_lets_run() {
    let Decision { verdict, permit } = decided(&RunRequest { privileged: true, ..request() }, Level::Open);
    assert_eq!(verdict.outcome, Outcome::NoGo);
    let permit = permit.unwrap();
    assert_eq!(permit.outcome(), Outcome::NoGo);
    assert_eq!(permit.exceptions()[0].id, "privileged");
}

#[test]
fn no_level_grants_what_makes_the_ledger_a_lie() {
    for level in Level::ALL {
        for path in ["/", "/var", "/var/lib/coffer/ledger", "/run/coffer"] {
            let refusal = refused(&RunRequest { mounts: vec![bind(path)], ..request() }, level);
            assert_eq!(refusal.rule, "ledger-out-of-reach", "{path}");
        }
        let root = RunRequest { privileged: true, host_namespaces: vec![HostNamespace::User], ..request() };
        assert_eq!(refused(&root, level).rule, "host-root-out-of-reach");
    }
}

#[test]
fn the_engine_s_own_directories_are_out_of_reach_wherever_they_lie() {
    let own_state = ["/home/me/.local/share/coffer".to_owned()];
    let (request, image) = (RunRequest { mounts: vec![bind("/home/me/.local")], ..request() }, image());
    let question = Question { own_state: &own_state, ..question(&request, &image, Level::Open) };
    let refusal = decide(&question, "c1".to_owned(), 0).permit.unwrap_err();
    assert_eq!(refusal.rule, "ledger-out-of-reach");
}

#[test]
fn a_request_that_cannot_be_carried_out_gets_no_permit() {
    let refusal = refused(&RunRequest { cap_add: vec!["FLY".to_owned()], ..request() }, Level::Open);
    assert_eq!((refusal.rule, refusal.code()), (MALFORMED_REQUEST, "E-policy-request"));
    assert_eq!(refusal.to_string(), "`FLY` is no capability of Linux");
}

#[test]
fn another_request_has_another_digest() {
    let one = request_digest(&request()).unwrap();
    assert_eq!(one, request_digest(&request()).unwrap());
    assert_ne!(one, request_digest(&RunRequest { mutable: true, ..request() }).unwrap());
}

#[test]
fn a_step_of_a_build_says_in_its_own_words_what_it_asks_for() {
    use model::request::StepRequest;
    let step = RunRequest { mutable: true, step: Some(StepRequest::default()), ..request() };
    let refusal = refused(&RunRequest { privileged: true, ..step.clone() }, Level::Baseline);
    assert!(refusal.asked.starts_with("`--security=insecure` removes every wall"), "{refusal}");
    assert_eq!(refusal.instead, "leave out `--security=insecure`");
    let or = "let it run and have that recorded: coffer build --policy open ...";
    assert_eq!(refusal.or.as_deref(), Some(or));
    let agent = MountRequest {
        source: MountSource::Agent { id: "default".to_owned(), mode: 0o600, owner: (0, 0) },
        ..bind("/agent")
    };
    let request = RunRequest { mounts: vec![agent], ..step };
    let (image, level) = (image(), Level::Baseline);
    let permit = decide(&question(&request, &image, level), "c1".to_owned(), 0).permit.unwrap();
    let ids: Vec<_> = permit.exceptions().iter().map(|exception| exception.id.as_str()).collect();
    assert_eq!(ids, ["agent", "mutable"]);
    assert_eq!(refused(&request, Level::Restricted).rule, "agent-is-an-exception");
}
