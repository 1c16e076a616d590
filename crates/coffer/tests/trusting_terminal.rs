//! Publishers at a terminal: asked for passphrases, mistaken about them, interrupted; and keys in a token.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod company;
mod conversation;
mod harness;
mod served;

use std::process::{Child, Command, Stdio};

use company::Company;
use harness::{PIN, Terminal, Tokens, until};

/// Starts a line at a terminal, without a passphrase in the environment.
fn asked(company: &Company, who: &str, line: &str) -> (Terminal, Child) {
    let terminal = Terminal::new(24, 100);
    let line = company.real(line);
    let child = terminal.start(&company.person(who).command(line.split(' ')));
    (terminal, child)
}

/// Answers one question after the other, and ends with this exit code. What is typed is seen by nobody.
#[track_caller]
fn answered<T: AsRef<str>>(
    (terminal, mut child): (Terminal, Child),
    answers: &[(&str, T)],
    code: i32,
) -> Terminal {
    let mut seen = 0;
    for (question, answer) in answers {
        until(&format!("`{question}` in {:?}", terminal.screen()), || {
            terminal.screen().get(seen..).is_some_and(|rest| rest.contains(question))
        });
        seen = terminal.screen().len();
        terminal.types(answer.as_ref().as_bytes());
    }
    let mut status = None;
    until("the command's end", || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    assert_eq!(status.unwrap().code(), Some(code), "{}", terminal.screen());
    assert!(terminal.is_cooked());
    let typed = answers.iter().map(|(_, answer)| answer.as_ref().trim_end());
    assert!(typed.into_iter().all(|typed| typed.len() < 4 || !terminal.screen().contains(typed)));
    terminal
}

const NEW: &str = "passphrase for new keys: ";
const AGAIN: &str = "the same again: ";

#[test]
fn new_keys_are_sealed_with_what_is_typed_twice() {
    let company = Company::new(&["anna"], &[]);
    let init = || asked(&company, "anna", "trust init team");
    answered(init(), &[(NEW, "correct horse\r"), (AGAIN, "correct hose\r")], 2)
        .shows("the two passphrases differ [E-cli-usage]");
    answered(init(), &[(NEW, "correct\x03")], 130);
    answered(init(), &[(NEW, "\x04")], 2).shows("the question was not answered [E-cli-usage]");
    assert_eq!(company.works("anna", "trust keys").lines().count(), 1, "nothing was made");
    answered(init(), &[(NEW, "correct horse\r"), (AGAIN, "correct horse\r")], 0)
        .shows("4 sealed with a passphrase");
}

#[test]
fn a_wrong_passphrase_is_asked_for_again_and_not_for_ever() {
    let company = Company::new(&["anna", "ben"], &["ONE"]);
    company.pushes("anna", "one", "ONE/team/app:1");
    company.works("anna", "trust init team");
    let sign = || asked(&company, "anna", "trust sign ONE/team/app:1");
    let (first, again) = ("passphrase of release-1: ", "that is not it; passphrase of release-1: ");
    answered(sign(), &[(first, "a\r"), (again, "b\r"), (again, "c\r")], 1).shows("[E-trust-passphrase]");
    answered(sign(), &[(first, "a\r"), (again, "\x03")], 130);
    answered(sign(), &[(first, "a\r"), (again, "correct horse\r")], 0).shows("published");
}

/// A passphrase is never read from standard input, where a file that is piped along would be taken for it.
#[test]
fn without_a_terminal_nobody_is_asked() {
    let company = Company::new(&["anna"], &["ONE"]);
    company.pushes("anna", "one", "ONE/team/app:1");
    company.works("anna", "trust init team");
    let line = company.real("trust sign ONE/team/app:1");
    let person = company.person("anna");
    let command = person.command(line.split(' '));
    let mut alone = Command::new("setsid");
    alone.arg("--wait").arg(command.get_program()).args(command.get_args()).env_clear();
    alone.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = alone.current_dir(person.work()).stdin(Stdio::null()).output().unwrap();
    let said = person.said(&output);
    assert!(said.contains("[E-trust-key-locked]") && said.contains("--passphrase-file"), "{said}");
    std::fs::write(person.work().join("passphrase"), "correct horse\n").unwrap();
    let given = [line.as_str(), "--passphrase-file passphrase"].join(" ");
    let output = person.coffer(given.split(' '));
    assert!(output.status.success(), "{}", person.said(&output));
}

#[test]
fn privileged_a_token_s_keys_sign_and_follow_each_other() {
    let tokens = Tokens::new(&["root", "release", "next"]);
    let mut company = Company::new(&["anna", "ben"], &["ONE"]);
    company.call("ROOT", tokens.key("root"));
    company.call("RELEASE", tokens.key_with_pin("release"));
    company.call("NEXT", tokens.key_with_pin("next"));
    let run = |line: &str, pins: &[&str], code: i32| {
        let line = company.real(line);
        let mut command = company.person("anna").command(line.split(' '));
        command.env("SOFTHSM2_CONF", tokens.config()).env("COFFER_TRUST_PASSPHRASE", "correct horse");
        let terminal = Terminal::new(24, 200);
        let child = terminal.start(&command);
        let answers = pins.iter().map(|pin| ("PIN for pkcs11:token=ca;object=root", format!("{pin}\r")));
        answered((terminal, child), &answers.collect::<Vec<_>>(), code)
    };
    let init = "trust init team --key root=ROOT --key release=RELEASE";
    run(init, &["9999"], 1).shows("the PIN is wrong");
    let made = run(init, &[PIN], 0);
    made.shows("2 in hardware");
    made.shows("none: with a root key lost");
    made.shows("--root ");
    let made = made.screen();
    let fingerprint = made.split("--root ").nth(1).unwrap().split_whitespace().next().unwrap();
    company.pushes("anna", "one", "ONE/team/app:1");
    run("trust sign ONE/team/app:1", &[], 0);
    company.works("ben", &format!("trust pin ONE/team --root {fingerprint}"));
    company.works("ben", "pull -q ONE/team/app:1");
    // What made in its place would be a file, is said and not done.
    let (before, keys) = (company.keys("anna"), |company: &Company| company.keys("anna"));
    for line in ["trust rotate team release", "trust recover team --lost OLD"] {
        let line = line.replace("OLD", before.get("release-1").unwrap());
        let refused = run(&line, &[], 1);
        refused.shows("[E-trust-from-hardware]");
        refused.shows("--key pkcs11:");
        assert_eq!(keys(&company), before, "{line}");
    }
    run("trust rotate team release --key NEXT", &[PIN], 0);
    company.pushes("anna", "two", "ONE/team/app:2");
    run("trust sign ONE/team/app:2", &[], 0);
    company.works("ben", "pull -q ONE/team/app:2");
}
