//! People who publish, sign and rely on images, each with a home of their own, around registries that serve; and what
//! is said between them and `coffer`, written as it is seen:
//!
//! ```text
//! anna$ coffer trust sign ONE/team/app:1
//! ...
//! ben$ coffer pull ONE/team/app:1
//! ```

// Each test file is a crate of its own and uses what it needs.
#![allow(dead_code, reason = "shared between test crates")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::conversation::{Session, tarball};
use crate::served::Served;

/// What seals every key here.
const PASSPHRASE: &str = "correct horse";

/// Everybody, and every registry by the word that stands for it.
pub(crate) struct Company {
    people: BTreeMap<&'static str, Session>,
    registries: BTreeMap<&'static str, Registry>,
    /// Words that stand for what differs from run to run.
    words: BTreeMap<&'static str, String>,
}

/// A registry that serves: everybody may pull, and `anna` may push.
struct Registry {
    served: Served,
    password: String,
    /// Keeps its directory.
    _home: Session,
}

impl Registry {
    fn new() -> Self {
        let home = Session::new();
        let made = home.coffer(["registry", "user", "add", "--admin", "--generate", "anna"]);
        let password = String::from_utf8(made.stdout).unwrap().trim_end().to_owned();
        let served = Served::new(&home, &["--anonymous", "pull"]);
        Self { served, password, _home: home }
    }
}

impl Company {
    /// These people, who may push to each of these registries.
    pub(crate) fn new(people: &[&'static str], registries: &[&'static str]) -> Self {
        let registries = registries.iter().map(|word| (*word, Registry::new())).collect();
        let people = people.iter().map(|name| (*name, Session::new())).collect();
        let company = Self { people, registries, words: BTreeMap::new() };
        company.registries.values().for_each(|registry| company.logs_in(registry));
        company
    }

    fn logs_in(&self, registry: &Registry) {
        for person in self.people.values() {
            let mut login =
                person.command(["login", "-u", "anna", "--password-stdin", registry.served.host()]);
            let output = fed(&mut login, &registry.password);
            assert!(output.status.success(), "{}", person.said(&output));
        }
    }

    pub(crate) fn person(&self, name: &str) -> &Session {
        self.people.get(name).unwrap()
    }

    /// From now on this word stands for that text.
    pub(crate) fn call(&mut self, word: &'static str, text: impl Into<String>) {
        self.words.insert(word, text.into());
    }

    /// What a word stands for, and every registry's word.
    pub(crate) fn real(&self, text: &str) -> String {
        let words = self.words.iter().fold(text.to_owned(), |text, (word, real)| text.replace(word, real));
        self.registries
            .iter()
            .fold(words, |text, (word, registry)| text.replace(word, registry.served.host()))
    }

    fn shown(&self, text: &str) -> String {
        let hosts = self.registries.iter();
        let text =
            hosts.fold(text.to_owned(), |text, (word, registry)| text.replace(registry.served.host(), word));
        self.words.iter().fold(text, |text, (word, real)| text.replace(real, word))
    }

    /// `coffer`, with the passphrase of keys.
    pub(crate) fn coffer(&self, who: &str, line: &str) -> Output {
        self.command(who, line).output().unwrap()
    }

    pub(crate) fn command(&self, who: &str, line: &str) -> Command {
        let line = self.real(line);
        let mut command = self.person(who).command(line.split(' '));
        command.env("COFFER_TRUST_PASSPHRASE", PASSPHRASE);
        command
    }

    /// What it printed; it has to work.
    #[track_caller]
    pub(crate) fn works(&self, who: &str, line: &str) -> String {
        let output = self.coffer(who, line);
        assert!(output.status.success(), "{who}$ coffer {line}\n{}", self.said(who, &output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What is seen of it; it must not work.
    #[track_caller]
    pub(crate) fn fails(&self, who: &str, line: &str) -> String {
        let output = self.coffer(who, line);
        let said = self.said(who, &output);
        assert!(!output.status.success(), "{who}$ coffer {line}\n{said}");
        said
    }

    fn said(&self, who: &str, output: &Output) -> String {
        let shown = |bytes: &[u8]| self.shown(&String::from_utf8_lossy(bytes)).into_bytes();
        let output =
            Output { status: output.status, stdout: shown(&output.stdout), stderr: shown(&output.stderr) };
        self.person(who).said(&output)
    }

    /// Compares what is said with what is written.
    #[track_caller]
    pub(crate) fn holds(&self, script: &str) {
        let script = script.trim_matches('\n');
        let mut heard = String::new();
        for line in script.lines() {
            let Some((who, typed)) = line.split_once("$ coffer ") else { continue };
            heard.push_str(&format!("{line}\n"));
            heard.push_str(&self.said(who, &self.coffer(who, typed)));
        }
        assert_eq!(heard.trim_end(), script.trim_end(), "\n--- heard:\n{heard}\n--- written:\n{script}");
    }

    /// Makes an image of one file and pushes it; its digest.
    pub(crate) fn pushes(&self, who: &str, content: &str, name: &str) -> String {
        tarball(&self.person(who).work().join("pushed.tar"), "content", content.as_bytes());
        self.works(who, &format!("image import rootfs:pushed.tar {name}"));
        let pushed = self.works(who, &format!("push -q {name}"));
        pushed.trim_end().rsplit_once('@').unwrap().1.to_owned()
    }

    /// Becomes a publisher who has signed one image; the fingerprint. What `init` is told beside the name is `options`.
    pub(crate) fn publishes(&self, who: &str, options: &str, name: &str) -> String {
        let made = self.works(who, format!("trust init --format json team {options}").trim_end());
        self.works(who, &format!("trust sign {name}"));
        let made: serde_json::Value = serde_json::from_str(&made).unwrap();
        made.get("fingerprint").and_then(serde_json::Value::as_str).unwrap().to_owned()
    }

    /// The directory of somebody's publisher.
    pub(crate) fn publisher(&self, who: &str) -> PathBuf {
        self.person(who).root().parent().unwrap().join(".config/coffer/publishers/team")
    }

    /// The ids of a publisher's keys here, by the names of their files.
    pub(crate) fn keys(&self, who: &str) -> BTreeMap<String, String> {
        let keys = self.works(who, "trust keys --format json");
        let keys: Vec<serde_json::Value> = serde_json::from_str(&keys).unwrap();
        let text =
            |key: &serde_json::Value, field: &str| key.get(field).unwrap().as_str().unwrap().to_owned();
        keys.iter().map(|key| (text(key, "name"), text(key, "id"))).collect()
    }
}

fn fed(command: &mut Command, text: &str) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}
