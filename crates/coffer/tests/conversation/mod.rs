//! Whole conversations with the binary, written as a person would see them:
//!
//! ```text
//! $ coffer image rm nobody
//! coffer: there is no image `nobody` [E-store-unknown]
//!   list the images with `coffer image ls`, or get it from a registry with `coffer pull`
//! exit 1
//! ```
//!
//! Standard output comes first, then standard error, then the exit code unless it is 0. What differs
//! from run to run (ids, digests, times) is replaced by words before it is compared.

// Each test file is a crate of its own and uses what it needs.
#![allow(dead_code, reason = "shared between test crates")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A user's session: a store of its own and a working directory of its own.
pub(crate) struct Session {
    home: TempDir,
}

impl Session {
    pub(crate) fn new() -> Self {
        let home = tempfile::Builder::new().prefix("coffer-test-").tempdir().unwrap();
        std::fs::create_dir(home.path().join("work")).unwrap();
        Self { home }
    }

    /// Where `coffer` is called from.
    pub(crate) fn work(&self) -> PathBuf {
        self.home.path().join("work")
    }

    /// Where it keeps its things.
    pub(crate) fn root(&self) -> PathBuf {
        self.home.path().join("root")
    }

    /// `coffer` with these words, ready to start.
    pub(crate) fn command<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Command {
        self.placed(Command::new(env!("CARGO_BIN_EXE_coffer")), words)
    }

    /// The same, and it can be interrupted: whoever runs tests in the background may have them ignore a terminal's signals.
    pub(crate) fn heeding<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Command {
        let mut env = Command::new("env");
        env.args(["--default-signal=HUP,INT,TERM", env!("CARGO_BIN_EXE_coffer")]);
        self.placed(env, words)
    }

    fn placed<'a>(&self, mut command: Command, words: impl IntoIterator<Item = &'a str>) -> Command {
        command
            .args(words)
            .current_dir(self.work())
            .env_clear()
            .env("COFFER_ROOT", self.root())
            .env("HOME", self.home.path())
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command
    }

    pub(crate) fn coffer<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Output {
        self.command(words).output().unwrap()
    }

    /// Runs every line that begins with `$ coffer` and compares what is said with what is written.
    #[track_caller]
    pub(crate) fn holds(&self, script: &str) {
        let script = script.trim_matches('\n');
        let mut heard = String::new();
        for line in script.lines().filter_map(|line| line.strip_prefix("$ coffer")) {
            heard.push_str(&format!("$ coffer{line}\n"));
            heard.push_str(&self.said(&self.coffer(words(line).iter().map(String::as_str))));
        }
        assert_eq!(heard.trim_end(), script.trim_end(), "\n--- heard:\n{heard}\n--- written:\n{script}");
    }

    /// What a person sees of it.
    pub(crate) fn said(&self, output: &Output) -> String {
        let mut said = String::new();
        for stream in [&output.stdout, &output.stderr] {
            said.push_str(&self.normal(&String::from_utf8_lossy(stream)));
        }
        match output.status.code() {
            Some(0) => {}
            Some(code) => said.push_str(&format!("exit {code}\n")),
            None => said.push_str(&format!("{}\n", output.status)),
        }
        said
    }

    fn normal(&self, text: &str) -> String {
        let root = self.home.path().to_str().unwrap();
        let text = text.replace(root, "HOME");
        text.lines().map(|line| normal_line(line) + "\n").collect()
    }
}

/// A removed container's files go behind its command, and a directory that loses files while it is being
/// removed is not gone at the first attempt.
impl Drop for Session {
    fn drop(&mut self) {
        let gone = || !self.home.path().exists() || std::fs::remove_dir_all(self.home.path()).is_ok();
        for _attempt in 0..100 {
            if gone() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }
}

/// Replaces ids, digests and times; what comes after them moves back to one gap.
fn normal_line(line: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in line.split(' ') {
        words.push(normal_word(word));
    }
    let line = words.join(" ");
    // What is shorter is padded where another row has something longer.
    let line = line.replace("CHANGED   ", "CHANGED  ");
    ["just now", "1 s ago", "2 s ago", "3 s ago"]
        .iter()
        .fold(line, |line, time| line.replace(&format!("{time}   "), "TIME  ").replace(time, "TIME"))
}

fn normal_word(word: &str) -> String {
    let hex = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let core = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let name = match core.strip_prefix("sha256:") {
        Some(digest) if matches!(digest.len(), 12 | 64) && hex(digest) => "DIGEST",
        None if matches!(core.len(), 12 | 64) && hex(core) => "ID",
        _ if core.len() == 20 && core.ends_with('Z') && core.contains('T') => "TIME",
        _ => return word.to_owned(),
    };
    word.replace(core, name)
}

/// Splits as a shell would, with single quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// A small root filesystem in a tar file: one static program and nothing else.
pub(crate) fn rootfs(path: &Path) {
    let mut tar = tar::Builder::new(std::fs::File::create(path).unwrap());
    let mut program = std::fs::File::open(env!("PROBE_PATH")).unwrap();
    tar.append_file("probe", &mut program).unwrap();
    for directory in ["tmp/", "etc/"] {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(tar::EntryType::Directory);
        header.set_mode(if directory == "tmp/" { 0o1777 } else { 0o755 });
        header.set_size(0);
        tar.append_data(&mut header, directory, std::io::empty()).unwrap();
    }
    tar.finish().unwrap();
}

/// A root filesystem with one file in it.
pub(crate) fn tarball(path: &Path, name: &str, content: &[u8]) {
    let mut tar = tar::Builder::new(std::fs::File::create(path).unwrap());
    let mut header = tar::Header::new_ustar();
    header.set_mode(0o644);
    header.set_size(u64::try_from(content.len()).unwrap());
    tar.append_data(&mut header, name, content).unwrap();
    tar.finish().unwrap();
}
