//! What a person hears who types something that is not understood, or asks for help.

mod conversation;

use conversation::Session;

#[test]
fn slips_are_answered_with_what_was_meant() {
    Session::new().holds(
        "
$ coffer hlep
coffer: there is no command `hlep` [E-cli-usage]
  did you mean `coffer help`? see coffer help
exit 2
$ coffer image lst
coffer: there is no command `image lst` [E-cli-usage]
  did you mean `coffer image ls`? see coffer image --help
exit 2
$ coffer kubernetes
coffer: there is no command `kubernetes` [E-cli-usage]
  see coffer help
exit 2
$ coffer --verbose
coffer: `coffer` has no option `--verbose` [E-cli-usage]
  see coffer help
exit 2
$ coffer ps --al
coffer: `coffer ps` has no option `--al` [E-cli-usage]
  did you mean `--all`? see coffer ps --help
exit 2
",
    );
}

#[test]
fn run_ends_with_125_when_it_is_not_understood_as_docker_does() {
    Session::new().holds(
        "
$ coffer run
coffer: `coffer run` needs IMAGE [E-cli-usage]
  see coffer run --help
exit 125
$ coffer run --link db alpine
coffer: `coffer run` has no option `--link` [E-cli-usage]
  it has no network but loopback, into which `-p` leads; `--network outbound` lets connections out, and is recorded
exit 125
$ coffer run --memory 12q alpine
coffer: `12q` does not work for `--memory`: `q` is no unit of size [E-cli-value]
  right would be: a size is a number and b, k, m, g or t, such as 512m or 1.5g
exit 125
",
    );
}

#[test]
fn every_value_is_refused_with_what_would_be_right() {
    Session::new().holds(
        "
$ coffer run -e =x alpine
coffer: `=x` does not work for `--env`: the variable has no name [E-cli-value]
  right would be: NAME=value, or NAME alone to pass ours on
exit 125
$ coffer run -v /srv:data alpine
coffer: `/srv:data` does not work for `--volume`: the target is not an absolute path [E-cli-value]
  right would be: /host/path:/target[:ro,exec], name:/target or /target
exit 125
$ coffer run --ulimit nofile=many alpine
coffer: `nofile=many` does not work for `--ulimit`: `many` is no number [E-cli-value]
  right would be: name=soft or name=soft:hard, such as nofile=1024:2048; -1 is unlimited
exit 125
$ coffer run --network bridge alpine
coffer: `bridge` does not work for `--network`: there are no networks between containers in this version [E-cli-value]
  right would be: none, outbound or host
exit 125
$ coffer run --cap-add 'SYS ADMIN' alpine
coffer: `SYS ADMIN` does not work for `--cap-add`: it is no capability [E-cli-value]
  right would be: a name of capabilities(7), such as NET_ADMIN, or ALL
exit 125
$ coffer run --security-opt seccomp=mine.json alpine
coffer: `seccomp=mine.json` does not work for `--security-opt`: it is no option that can be granted [E-cli-value]
  right would be: seccomp=unconfined; no-new-privileges is accepted, and always in force
exit 125
$ coffer run --env-file missing alpine
coffer: `missing` does not work for `--env-file`: it cannot be read: No such file or directory (os error 2) [E-cli-value]
  right would be: a readable text file
exit 125
$ coffer run --pid container:web alpine
coffer: `container:web` does not work for `--pid`: it is not known [E-cli-value]
  right would be: one of private, host
exit 125
$ coffer assess alpine --exposure everyone
coffer: `--exposure`: `everyone` is no level of exposure: it is one of none, internal, internet [E-cli-value]
  see coffer assess --help
exit 2
$ coffer image tag alpine UPPER
coffer: `NAME`: `UPPER` is not a repository name: lower-case letters, digits and single `.`, `_`, `-` within, separated by `/` [E-cli-value]
  see coffer image tag --help
exit 2
$ coffer ps --filter nme=web
coffer: `nme=web` does not work for `--filter`: there is no filter `nme` here [E-cli-value]
  right would be: one of id, name, image, label, status, health
exit 2
$ coffer --format yaml ps
coffer: `yaml` does not work for `--format`: it is not known [E-cli-value]
  right would be: one of table, json
exit 2
",
    );
}

#[test]
fn errors_are_data_where_data_was_asked_for() {
    Session::new().holds(
        r#"
$ coffer --format json hlep
{"error":{"code":"E-cli-usage","what":"there is no command `hlep`","remedy":"did you mean `coffer help`? see coffer help"}}
exit 2
$ coffer version --format=json
{
  "version": "0.1.0"
}
"#,
    );
}

const COMMANDS: [&str; 25] = [
    "demo",
    "image import",
    "image ls",
    "image inspect",
    "image history",
    "image tag",
    "image save",
    "image verify",
    "image rm",
    "image prune",
    "assess",
    "system check",
    "run",
    "ps",
    "inspect",
    "rm",
    "prune",
    "explain",
    "ledger show",
    "ledger verify",
    "ledger checkpoint",
    "help",
    "completions",
    "man",
    "version",
];

#[test]
fn help_begins_with_two_examples() {
    let session = Session::new();
    for command in COMMANDS {
        let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let output = session.coffer(words);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{command}");
        for line in text.lines().take(2) {
            assert!(
                line.starts_with("  ") && line.contains("coffer ") && line.contains(" # "),
                "{command}: {line}"
            );
        }
    }
}

#[test]
fn help_groups_commands_by_the_life_of_a_container() {
    let output = Session::new().coffer(["help"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let headings: Vec<&str> =
        text.lines().filter(|line| ["ship", "decide", "run", "prove"].contains(line)).collect();
    assert_eq!(headings, ["ship", "decide", "run", "prove"]);
    for command in ["image import", "assess", "system check", "run", "ps", "explain", "ledger verify"] {
        assert!(text.contains(&format!("\n  {command} ")), "{command}");
    }
}

#[test]
fn a_code_or_a_topic_has_a_page() {
    Session::new().holds(
        "
$ coffer help e-cli-help-topic
E-cli-help-topic

There is no page of help of that name.

What to do
coffer help lists commands and topics, coffer help codes lists codes.
$ coffer help E-nothing
coffer: there is no help about `E-nothing` [E-cli-help-topic]
  commands: coffer help; topics: dockerfile, images, exit-codes, environment, values, trust, registries, serving, json, codes; codes: coffer help codes
exit 1
",
    );
}

#[test]
fn nothing_is_coloured_that_is_no_terminal_unless_asked() {
    let session = Session::new();
    assert!(!session.coffer(["hlep"]).stderr.contains(&0x1b));
    assert!(session.coffer(["--color", "always", "hlep"]).stderr.contains(&0x1b));
}

#[test]
fn completions_and_manual_pages_name_every_command() {
    let session = Session::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = String::from_utf8(session.coffer(["completions", shell]).stdout).unwrap();
        for word in ["assess", "checkpoint", "cap-add"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let output = session.coffer(["man", "."]);
    assert!(output.status.success());
    let page = std::fs::read_to_string(session.work().join("coffer-image-import.1")).unwrap();
    assert!(page.contains(".TH coffer"), "{page}");
    assert!(session.work().join("coffer.1").exists());
}
