use model::spec::{IdMapping, Spec};

use super::*;
use crate::capabilities::CapabilitySet;
use crate::confine::{ResolvedUser, confine_exec};
use crate::decide::MALFORMED_REQUEST;

/// A container of `coffer run --name web -e A=1 alpine`, as root.
struct Fixture {
    container: RunRequest,
    started: Spec,
    user: ResolvedUser,
    level: Level,
}

fn fixture() -> Fixture {
    let mut started = Spec::default();
    started.process.args = vec!["/bin/sh".to_owned()];
    started.process.env = ["PATH=/bin", "HOME=/root", "A=1"].map(str::to_owned).into();
    started.process.cwd = "/srv".to_owned();
    started.process.no_new_privileges = true;
    let map = IdMapping { container_id: 0, host_id: 65_536, size: 65_536 };
    (started.linux.uid_mappings, started.linux.gid_mappings) = (vec![map], vec![map]);
    started.linux.cgroups_path = "/coffer/c1".to_owned();
    let container = RunRequest { name: Some("web".to_owned()), ..crate::fixtures::request() };
    Fixture { container, started, user: ResolvedUser::default(), level: Level::Baseline }
}

fn asked(words: &[&str]) -> ExecRequest {
    ExecRequest { command: words.iter().map(|word| (*word).to_owned()).collect(), ..ExecRequest::default() }
}

impl Fixture {
    fn question<'a>(&'a self, request: &'a ExecRequest) -> ExecQuestion<'a> {
        let place = ExecPlace { started: &self.started, user: &self.user };
        let image = Digest::of(b"manifest");
        ExecQuestion { request, container: &self.container, id: "c1", image, level: self.level, place }
    }

    fn refused(&self, request: &ExecRequest) -> Refusal {
        *decide_exec(&self.question(request), 42).unwrap_err()
    }

    fn spec(&self, request: &ExecRequest) -> Spec {
        let question = self.question(request);
        confine_exec(&decide_exec(&question, 42).unwrap(), &question).unwrap()
    }
}

#[test]
fn a_command_gets_the_container_s_confinement_and_a_permit_of_its_own() {
    let f = fixture();
    let request = asked(&["id", "-u"]);
    let permit = decide_exec(&f.question(&request), 42).unwrap();
    assert_eq!((permit.container(), permit.level()), ("c1", Level::Baseline));
    let spec = f.spec(&request);
    assert_eq!(spec.process.args, ["id", "-u"]);
    assert_eq!((spec.process.env, spec.process.cwd.as_str()), (f.started.process.env.clone(), "/srv"));
    assert_eq!(spec.process.capabilities.bounding.len(), CapabilitySet::ROOT_START.len() as usize);
    assert!(spec.process.no_new_privileges);
    assert_eq!(spec.linux, f.started.linux);
}

#[test]
fn more_than_the_container_has_is_refused_and_as_much_is_recorded() {
    let mut f = fixture();
    let request = ExecRequest { privileged: true, ..asked(&["sh"]) };
    let refusal = f.refused(&request);
    assert_eq!((refusal.rule, refusal.code()), ("exec-within-container", "E-policy-refused"));
    assert_eq!(refusal.instead, "leave it out: coffer exec web ...");
    f.container.privileged = true;
    let permit = decide_exec(&f.question(&request), 42).unwrap();
    assert_eq!(permit.exceptions()[0].id, "privileged");
}

#[test]
fn nothing_is_root_where_nothing_may_be() {
    let mut f = fixture();
    f.level = Level::Restricted;
    assert_eq!(f.refused(&asked(&["sh"])).rule, "root-user");
    f.user.uid = 1000;
    let spec = f.spec(&asked(&["sh"]));
    assert_eq!((spec.process.user.uid, spec.process.capabilities.bounding.len()), (1000, 0));
}

#[test]
fn a_request_that_cannot_be_carried_out_gets_no_permit() {
    let f = fixture();
    let env = |entry: &str| ExecRequest { env: vec![entry.to_owned()], ..asked(&["sh"]) };
    let dir = |path: &str| ExecRequest { working_dir: Some(path.to_owned()), ..asked(&["sh"]) };
    for request in [asked(&[]), asked(&["a\0b"]), env("A"), dir("srv"), dir("/../x")] {
        assert_eq!(f.refused(&request).rule, MALFORMED_REQUEST, "{request:?}");
    }
    let unmapped = Fixture { user: ResolvedUser { uid: 65_536, ..ResolvedUser::default() }, ..fixture() };
    assert_eq!(unmapped.refused(&asked(&["sh"])).rule, MALFORMED_REQUEST);
}

#[test]
fn the_last_word_about_a_variable_counts_and_a_home_that_was_chosen_stays() {
    let mut f = fixture();
    f.user.home = "/home/app".to_owned();
    let request = ExecRequest { env: vec!["A=2".to_owned(), "B=3".to_owned()], tty: true, ..asked(&["sh"]) };
    assert_eq!(f.spec(&request).process.env, ["PATH=/bin", "HOME=/home/app", "A=2", "TERM=xterm", "B=3"]);
    f.container.env = vec!["HOME=/root".to_owned()];
    assert_eq!(f.spec(&asked(&["sh"])).process.env[1], "HOME=/root");
}

#[test]
fn a_permit_is_for_one_container() {
    let f = fixture();
    let request = asked(&["sh"]);
    let permit = decide_exec(&f.question(&request), 42).unwrap();
    let other = ExecQuestion { id: "c2", ..f.question(&request) };
    assert!(confine_exec(&permit, &other).is_err());
}
