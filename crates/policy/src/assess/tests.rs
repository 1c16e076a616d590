use std::collections::BTreeSet;

use model::publish::{Protocol, Publish};
use model::request::{Access, Answers, ExecMode, HostNamespace, MountRequest, MountSource, Network};

use super::*;
use crate::fixtures::{doubted, image, question, request, signed, user_image};

fn bind(path: &str) -> MountRequest {
    MountRequest {
        source: MountSource::Bind { path: path.to_owned() },
        target: "/x".to_owned(),
        access: Access::ReadOnly,
        exec: ExecMode::Refused,
        asked_by: format!("-v {path}:/x:ro"),
    }
}

fn published(address: &str) -> Publish {
    let address = address.parse().unwrap();
    Publish { address, host_port: 8080, port: 80, protocol: Protocol::Tcp }
}

/// Requests of every kind, from nothing to everything.
fn requests() -> Vec<RunRequest> {
    let with = |change: &dyn Fn(&mut RunRequest)| {
        let mut request = request();
        change(&mut request);
        request
    };
    vec![
        request(),
        with(&|r| r.privileged = true),
        with(&|r| r.publish = vec![published("127.0.0.1")]),
        with(&|r| r.publish = vec![published("0.0.0.0")]),
        with(&|r| r.mutable = true),
        with(&|r| r.network = Network::Outbound),
        with(&|r| r.network = Network::Host),
        with(&|r| r.host_namespaces = vec![HostNamespace::Pid]),
        with(&|r| r.host_namespaces = vec![HostNamespace::User]),
        with(&|r| r.cap_add = vec!["NET_ADMIN".to_owned()]),
        with(&|r| r.cap_add = vec!["SYS_CHROOT".to_owned()]),
        with(&|r| r.mounts = vec![bind("/srv/data")]),
        with(&|r| r.mounts = vec![bind("/etc")]),
        with(&|r| r.mounts = vec![bind("/var/run/docker.sock")]),
        with(&|r| r.mounts = vec![bind("/var/lib/coffer")]),
        with(&|r| r.env = vec!["DB_PASSWORD=x".to_owned()]),
        with(&|r| r.devices = vec!["/dev/fuse".to_owned()]),
        with(&|r| r.devices = vec!["/dev/sda".to_owned()]),
    ]
}

/// Everything that can be known of who vouches for an image, the best first.
fn words() -> [Vouched; 5] {
    [signed(&["prod"], Some("ci")), signed(&["prod"], None), signed(&[], None), Vouched::Nobody, doubted()]
}

fn judged(request: &RunRequest, case: UseCase, level: Level) -> Verdict {
    judged_for(&Vouched::Nobody, request, case, level)
}

fn judged_for(vouched: &Vouched, request: &RunRequest, case: UseCase, level: Level) -> Verdict {
    let image = image();
    let question = Question { vouched, ..question(request, &image, level) };
    judge_case(&question, case, &question.asks()).0
}

fn verdict(request: &RunRequest, level: Level) -> Verdict {
    assess(&question(request, &image(), level))
}

fn rules(verdict: &Verdict) -> Vec<&'static str> {
    verdict.reasons.iter().map(|reason| reason.rule).collect()
}

fn ids(findings: &[Finding]) -> BTreeSet<&'static str> {
    findings.iter().map(|finding| finding.control.id).collect()
}

#[test]
fn an_unknown_image_runs_when_nobody_says_anything() {
    let verdict = verdict(&request(), Level::Baseline);
    assert_eq!(verdict.outcome, Outcome::Go);
    assert_eq!(verdict.applied.len(), 16);
    assert!(verdict.missing.is_empty() && verdict.exceptions.is_empty() && verdict.reasons.is_empty());
}

#[test]
fn a_stricter_level_is_never_milder_in_any_case() {
    let with_words = words().map(|vouched| (request(), vouched));
    for (request, vouched) in
        requests().into_iter().map(|request| (request, Vouched::Nobody)).chain(with_words)
    {
        for case in UseCase::all() {
            let [open, baseline, restricted] =
                Level::ALL.map(|level| judged_for(&vouched, &request, case, level));
            assert!(open.outcome <= baseline.outcome && baseline.outcome <= restricted.outcome, "{case:?}");
            let objects = |stricter: &Verdict, milder: &Verdict| {
                let stricter = rules(stricter);
                rules(milder).iter().all(|rule| stricter.contains(rule))
            };
            assert!(objects(&baseline, &open) && objects(&restricted, &baseline), "{case:?}");
            assert!(restricted.exceptions.is_empty());
        }
    }
}

#[test]
fn more_risk_never_removes_a_control_or_makes_the_answer_milder_for_any_request() {
    for request in requests() {
        more_risk_is_never_milder(|case| judged(&request, case, Level::Baseline));
    }
}

#[test]
fn more_risk_never_removes_a_control_or_makes_the_answer_milder_whoever_vouches() {
    for vouched in words() {
        for level in Level::ALL {
            more_risk_is_never_milder(|case| judged_for(&vouched, &request(), case, level));
        }
    }
}

fn more_risk_is_never_milder(judged: impl Fn(UseCase) -> Verdict) {
    let demanded = |verdict: &Verdict| {
        let (applied, missing) = (ids(&verdict.applied), ids(&verdict.missing));
        applied.union(&missing).copied().collect::<BTreeSet<_>>()
    };
    let cases: Vec<_> = UseCase::all()
        .map(|case| {
            let verdict = judged(case);
            (case, verdict.outcome, demanded(&verdict), ids(&verdict.missing))
        })
        .collect();
    for (mild, outcome, controls, missing) in &cases {
        for (risky, riskier_outcome, riskier_controls, riskier_missing) in &cases {
            // Steps are enough: whatever is riskier is so by some of them, and what holds for each holds for all.
            if mild.no_riskier_than(risky) && levels(risky) == levels(mild) + 1 {
                assert!(outcome <= riskier_outcome, "{mild:?} {risky:?}");
                assert!(controls.is_subset(riskier_controls), "{mild:?} {risky:?}");
                assert!(missing.is_subset(riskier_missing), "{mild:?} {risky:?}");
            }
        }
    }
}

/// How many levels a case is above no risk at all, in all dimensions together.
fn levels(case: &UseCase) -> usize {
    let UseCase { tenants, data, host, provenance, exposure, privileges } = *case;
    [
        tenants as usize,
        data as usize,
        host as usize,
        provenance as usize,
        exposure as usize,
        privileges as usize,
    ]
    .iter()
    .sum()
}

#[test]
fn whoever_vouches_never_makes_the_answer_stricter_and_a_doubt_never_milder() {
    let scanned = Scanned::Compared { age_days: 0, urgent: Vec::new() };
    let answers = |data, tenants, exposure| Answers { data, tenants, exposure };
    let image = user_image();
    for case in UseCase::all().filter(|case| case.privileges == model::usecase::Privileges::None) {
        let answers = answers(Some(case.data), Some(case.tenants), Some(case.exposure));
        let request = RunRequest { answers, ..request() };
        for level in Level::ALL {
            let question = question(&request, &image, level);
            let of = |vouched: &Vouched| {
                assess(&Question { host: case.host, vouched, scanned: &scanned, ..question })
            };
            let verdicts = words().map(|vouched| of(&vouched));
            for pair in verdicts.windows(2) {
                assert!(pair[0].outcome <= pair[1].outcome, "{case:?} {level}");
                assert!(ids(&pair[0].missing).is_subset(&ids(&pair[1].missing)), "{case:?} {level}");
            }
        }
    }
}

#[test]
fn every_case_has_one_answer_and_every_no_has_a_reason_with_a_remedy() {
    for level in Level::ALL {
        for case in UseCase::all() {
            let verdict = judged(&request(), case, level);
            assert_eq!(verdict, judged(&request(), case, level));
            assert_eq!(verdict.outcome == Outcome::NoGo, !verdict.reasons.is_empty());
            for reason in &verdict.reasons {
                assert!(!reason.remedy.is_empty() && !reason.detail.is_empty(), "{}", reason.rule);
                assert!(!reason.nist.is_empty() || !reason.cis.is_empty(), "{}", reason.rule);
            }
            for finding in &verdict.missing {
                assert!(!finding.remedy.is_empty() && !finding.detail.is_empty(), "{}", finding.control.id);
            }
        }
    }
}

#[test]
fn baseline_refuses_what_removes_a_wall() {
    let check = |change: &dyn Fn(&mut RunRequest), rule: &str| {
        let mut request = request();
        change(&mut request);
        assert_eq!(rules(&verdict(&request, Level::Baseline)), [rule]);
    };
    check(&|r| r.privileged = true, "no-privileged");
    check(&|r| r.host_namespaces = vec![HostNamespace::Pid], "no-host-namespace");
    check(&|r| r.host_namespaces = vec![HostNamespace::User], "no-host-namespace");
    check(&|r| r.seccomp_unconfined = true, "no-unconfined-seccomp");
    check(&|r| r.cap_add = vec!["CAP_SYS_ADMIN".to_owned()], "no-strong-capability");
    check(&|r| r.cap_add = vec!["ALL".to_owned()], "no-strong-capability");
    check(&|r| r.mounts = vec![bind("/var/run/docker.sock")], "no-engine-socket");
    check(&|r| r.mounts = vec![bind("/proc")], "no-system-path");
    check(&|r| r.mounts = vec![bind("/")], "ledger-out-of-reach");
    check(&|r| r.mounts = vec![bind("relative")], "host-path-is-plain");
    check(&|r| r.devices = vec!["/dev/sda".to_owned()], "no-strong-device");
    check(&|r| r.sysctls.extend([("net.ipv4.ip_forward".to_owned(), "1".to_owned())]), "no-unsafe-sysctl");
}

#[test]
fn baseline_records_what_it_grants() {
    let request = RunRequest {
        mutable: true,
        network: Network::Host,
        cap_add: vec!["SYS_CHROOT".to_owned(), "CHOWN".to_owned()],
        mounts: vec![bind("/srv/data"), MountRequest { exec: ExecMode::Allowed, ..bind("/srv/bin") }],
        ..request()
    };
    let verdict = verdict(&request, Level::Baseline);
    let granted: Vec<_> = verdict.exceptions.iter().map(|exception| exception.id.as_str()).collect();
    assert_eq!(
        granted,
        ["network-host", "host-path", "host-path", "cap-sys-chroot", "exec-mount", "mutable"]
    );
    assert_eq!(verdict.outcome, Outcome::GoWithControls);
    assert_eq!(ids(&verdict.missing), BTreeSet::from(["expiry", "four-eyes"]));
}

#[test]
fn a_way_out_is_recorded_and_leaves_the_walls_standing() {
    let mut request = RunRequest { network: Network::Outbound, ..request() };
    let of = |request: &RunRequest| verdict(request, Level::Baseline);
    let asked = of(&request);
    let exception = &asked.exceptions[0];
    assert_eq!(
        (exception.id.as_str(), exception.asked_by.as_str()),
        ("network-outbound", "--network outbound")
    );
    assert_eq!((asked.outcome, asked.exceptions.len(), asked.missing.len()), (Outcome::Go, 1, 0));
    let wall = asked.applied.iter().find(|finding| finding.control.id == "network-none").unwrap();
    assert_eq!(wall.detail, "connections go out, and nothing reaches it");
    assert_eq!(asked.case.exposure, Exposure::None);
    // What everybody reaches should not call home wherever it likes.
    request.answers.exposure = Some(Exposure::Internet);
    let asked = of(&request);
    let egress = asked.missing.iter().find(|finding| finding.control.id == "egress-allow-list").unwrap();
    assert_eq!(egress.detail, "it reaches whatever the host reaches, but for the host itself");
    let restricted = verdict(&request, Level::Restricted);
    assert!(rules(&restricted).contains(&"outbound-network-is-an-exception"));
}

#[test]
fn what_the_request_turns_off_is_missing_where_it_is_needed() {
    let mut request = RunRequest { mutable: true, ..request() };
    assert!(verdict(&request, Level::Baseline).missing.is_empty());
    request.answers.exposure = Some(Exposure::Internet);
    let verdict = verdict(&request, Level::Baseline);
    let islands = verdict.missing.iter().find(|finding| finding.control.id == "exec-islands").unwrap();
    assert_eq!((islands.rule, islands.detail.as_str()), ("internet-exposure", "turned off by `--mutable`"));
}

#[test]
fn restricted_refuses_root_exceptions_and_what_is_missing() {
    assert_eq!(rules(&verdict(&request(), Level::Restricted)), ["root-user", "unpromoted-image"]);
    let (image, promoted) = (user_image(), signed(&["prod"], None));
    let mut request = request();
    let of = |request: &RunRequest, vouched: &Vouched| {
        assess(&Question { vouched, ..question(request, &image, Level::Restricted) })
    };
    assert_eq!(of(&request, &promoted).outcome, Outcome::Go);
    request.answers.data = Some(Data::Internal);
    assert_eq!(rules(&of(&request, &promoted)), ["unscanned-image"]);
    let unsigned = of(&request, &Vouched::Nobody);
    assert_eq!(rules(&unsigned), ["unsigned-image", "unscanned-image", "unpromoted-image"]);
}

#[test]
fn the_request_makes_the_privileges_and_the_answers_make_the_rest() {
    let answers = Answers { tenants: Some(Tenants::Several), data: None, exposure: Some(Exposure::Internal) };
    let request = RunRequest { answers, mounts: vec![bind("/srv/data")], ..request() };
    let case = question(&request, &image(), Level::Baseline).case();
    assert_eq!(case.privileges, model::usecase::Privileges::Elevated);
    assert_eq!(
        (case.tenants, case.data, case.exposure),
        (Tenants::Several, Data::Public, Exposure::Internal)
    );
    assert_eq!(case.provenance, Provenance::None);
}

#[test]
fn a_secret_in_the_environment_is_found_by_its_name_and_not_shown() {
    let answers = Answers { data: Some(Data::Regulated), ..Answers::default() };
    let env = vec!["A=1".to_owned(), "POSTGRES_PASSWORD=hunter2".to_owned()];
    let verdict = verdict(&RunRequest { answers, env, ..request() }, Level::Open);
    let finding = verdict.missing.iter().find(|finding| finding.control.id == "file-secrets").unwrap();
    assert_eq!(finding.detail, "the variable POSTGRES_PASSWORD looks like a secret");
}

#[test]
fn a_port_beyond_loopback_is_an_exception_and_says_who_can_reach_it() {
    let at = |address: &str, answer| {
        let answers = Answers { exposure: answer, ..Answers::default() };
        let request = RunRequest { publish: vec![published(address)], answers, ..request() };
        let verdict = verdict(&request, Level::Baseline);
        (verdict.exceptions.len(), verdict.case.exposure)
    };
    assert_eq!(at("127.0.0.1", None), (0, Exposure::None));
    assert_eq!(at("10.0.0.1", None), (1, Exposure::Internal));
    assert_eq!(at("0.0.0.0", None), (1, Exposure::Internet));
    assert_eq!(at("0.0.0.0", Some(Exposure::Internal)), (1, Exposure::Internal));
    assert_eq!(at("0.0.0.0", Some(Exposure::None)), (1, Exposure::Internal));
    assert_eq!(at("127.0.0.1", Some(Exposure::Internet)), (0, Exposure::Internet));
    let open = RunRequest { publish: vec![published("0.0.0.0")], ..request() };
    assert!(rules(&verdict(&open, Level::Restricted)).contains(&"published-port-is-an-exception"));
}
