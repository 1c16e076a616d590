//! Git repositories, by the host's `git` as a child.
//!
//! What a repository says is a stranger's: no hook, filter, helper or configuration of it or of the host is used, no
//! question is asked, only named transports are spoken, and nothing is checked out before its size is known (BuildKit's
//! GHSA-4vrq-3vrq-g6gg, git's CVE-2022-39253 and CVE-2024-32002).

use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use build::Limits;
use build::ignore::Ignore;
use build::provenance::Dependency;
use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, kill_process_group};
use sys::signal::bind_life;

use super::error::FilesError;
use super::fetch::{Fetched, content};
use super::tree::{clean, open_in};
use crate::engine::Engine;

/// Where `git` and what it starts are looked for.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// All that git does for one repository.
const TIME: Duration = Duration::from_secs(600);
/// How often a child is looked at.
const LOOK: Duration = Duration::from_millis(5);
/// Files of one checkout, and their bytes.
const MAX_FILES: usize = 500_000;
const MAX_BYTES: u64 = 16 << 30;
/// What is read of git's answers.
const MAX_OUTPUT: u64 = 128 << 20;
/// What is shown of its complaints.
const MAX_COMPLAINT: usize = 2 << 10;

/// A part of a git repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GitSource {
    /// `https://`, `ssh://`, `git@host:path`, or a path of this host.
    pub remote: String,
    /// Branch, tag or commit; the repository's own choice if there is none.
    pub reference: Option<String>,
    /// A directory in it.
    pub subdirectory: Option<String>,
    /// Whether `.git` stays.
    pub keep_git_dir: bool,
    /// The commit that it must be, or its beginning.
    pub checksum: Option<String>,
    /// Whether the repositories within it are fetched, too.
    pub submodules: bool,
    /// What ssh wants to know, such as `SSH_AUTH_SOCK`.
    pub environment: Vec<(OsString, OsString)>,
}

/// How git is started for one repository.
struct Git<'a> {
    source: &'a GitSource,
    directory: PathBuf,
    tree: PathBuf,
    until: Instant,
}

impl Engine {
    /// Checks out a part of a repository; also which of its files are none of it.
    pub(super) fn cloned(&self, source: &GitSource) -> Result<(Fetched, Ignore), FilesError> {
        let scratch = self.store.scratch()?;
        let (tree, directory) = content(&scratch)?;
        let place = if source.keep_git_dir { tree.join(".git") } else { scratch.path().join("git") };
        let git = Git { source, directory: place, tree, until: Instant::now() + TIME };
        git.judge()?;
        git.run(&["init", "-q", "--template="])?;
        let commit = git.fetch()?;
        git.measure(&commit)?;
        git.run(&["checkout", "-q", "--detach", &commit])?;
        if source.submodules && git.tree.join(".gitmodules").exists() {
            git.run(&["submodule", "update", "-q", "--init", "--recursive", "--depth=1"])?;
        }
        let directory = git.part(directory)?;
        let left_out = if source.keep_git_dir { Vec::new() } else { vec!["**/.git".to_owned()] };
        let ignore = Ignore::of(&left_out, &Limits::default());
        let ignore = ignore.map_err(|source| FilesError::Pattern { pattern: ".git".to_owned(), source })?;
        let GitSource { remote, reference, .. } = source.clone();
        let what = Dependency::Git { remote, reference, commit };
        Ok((Fetched { scratch, directory, what }, ignore))
    }
}

impl Git<'_> {
    /// What would be taken for something else than it is.
    fn judge(&self) -> Result<(), FilesError> {
        let GitSource { remote, reference, .. } = self.source;
        if remote.is_empty() || remote.starts_with('-') || remote.contains("::") {
            return Err(self.failed("this is no address of a repository"));
        }
        if transport(remote).is_none() {
            return Err(self.failed("only https, ssh and paths of this host are spoken"));
        }
        let odd = |character: char| {
            character.is_whitespace() || character.is_control() || ":+^*?[\\~".contains(character)
        };
        if reference
            .as_ref()
            .is_some_and(|name| name.is_empty() || name.starts_with('-') || name.contains(odd))
        {
            return Err(self.failed("this is no name of a branch, tag or commit"));
        }
        Ok(())
    }

    /// Fetches what is named, without its history where that is possible; the commit.
    fn fetch(&self) -> Result<String, FilesError> {
        let remote = self.source.remote.as_str();
        let name = self.source.reference.as_deref().unwrap_or("HEAD");
        let shallow = self.run(&[
            "fetch",
            "-q",
            "--depth=1",
            "--no-tags",
            "--no-recurse-submodules",
            "--",
            remote,
            name,
        ]);
        let commit = match shallow {
            Ok(_) => self.commit("FETCH_HEAD")?,
            // Not every host gives out a commit by its name, and none by the beginning of it.
            Err(_) if is_hex(name) => {
                let all = "+refs/*:refs/fetched/*";
                self.run(&["fetch", "-q", "--no-tags", "--no-recurse-submodules", "--", remote, all])?;
                self.commit(name)?
            }
            Err(error) => return Err(error),
        };
        match &self.source.checksum {
            Some(wanted) if wanted.len() < 7 || !is_hex(wanted) => {
                Err(FilesError::NoChecksum(wanted.clone()))
            }
            Some(wanted) if !commit.starts_with(&wanted.to_ascii_lowercase()) => {
                Err(self.failed(&format!("it is the commit {commit}, and {wanted} was wanted")))
            }
            _ => Ok(commit),
        }
    }

    fn commit(&self, name: &str) -> Result<String, FilesError> {
        let commit =
            self.run(&["rev-parse", "--verify", "-q", "--end-of-options", &format!("{name}^{{commit}}")])?;
        let commit = String::from_utf8_lossy(&commit).trim().to_owned();
        if is_hex(&commit) { Ok(commit) } else { Err(self.failed("it has no such commit")) }
    }

    /// A small repository can describe a tree without end.
    fn measure(&self, commit: &str) -> Result<(), FilesError> {
        let limit = |limit, allowed| {
            Err(FilesError::Limit { what: format!("`{}`", self.source.remote), limit, allowed })
        };
        let list = self.run(&["ls-tree", "-r", "-l", "-z", "--full-tree", commit])?;
        if list.len() as u64 >= MAX_OUTPUT {
            return limit("bytes of names", MAX_OUTPUT);
        }
        let (mut files, mut bytes) = (0_usize, 0_u64);
        for line in list.split(|byte| *byte == 0) {
            let fields = line.split(|byte| *byte == b'\t').next().unwrap_or_default();
            let size = fields.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
            bytes = bytes.saturating_add(String::from_utf8_lossy(size).parse().unwrap_or(0));
            files += 1;
        }
        if files > MAX_FILES {
            return limit("files", MAX_FILES as u64);
        }
        if bytes > MAX_BYTES { limit("bytes", MAX_BYTES) } else { Ok(()) }
    }

    /// The directory that was asked for, and no link on the way to it.
    fn part(&self, directory: OwnedFd) -> Result<OwnedFd, FilesError> {
        let Some(part) = &self.source.subdirectory else { return Ok(directory) };
        let missing = |_| self.failed(&format!("it has no directory `{part}`"));
        if part.split('/').any(|name| name == "..") {
            return Err(self.failed("the directory leads out of it"));
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        open_in(&[directory], 0, &clean(part.as_bytes()), flags).map_err(missing)
    }

    fn run(&self, arguments: &[&str]) -> Result<Vec<u8>, FilesError> {
        // A repository within a repository is named by a stranger, who may not mean this host.
        let is_named_by_us = arguments.first() == Some(&"fetch");
        let is_here = is_named_by_us && transport(&self.source.remote) == Some("file");
        let mut command = self.command(if is_here { "file" } else { "https:ssh" });
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A build that is killed leaves nobody who goes on fetching.
        bind_life(&mut command);
        let mut child = command.process_group(0).spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => self.failed("there is no `git` on this host; install it"),
            _ => self.failed(&error.to_string()),
        })?;
        let (status, output, complaint) = self.attend(&mut child)?;
        if status.success() {
            return Ok(output);
        }
        let complaint = String::from_utf8_lossy(&complaint);
        let line =
            complaint.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("git said nothing");
        Err(self.failed(&super::error::shown(line.as_bytes())))
    }

    fn command(&self, protocols: &str) -> Command {
        let mut command = Command::new("git");
        command.env_clear().envs(self.source.environment.iter().map(|(name, value)| (name, value)));
        let nowhere = OsStr::new("/dev/null");
        for (name, value) in [
            ("PATH", OsStr::new(PATH)),
            ("HOME", nowhere),
            ("LC_ALL", OsStr::new("C")),
            ("GIT_DIR", self.directory.as_os_str()),
            ("GIT_WORK_TREE", self.tree.as_os_str()),
            ("GIT_CONFIG_NOSYSTEM", OsStr::new("1")),
            ("GIT_CONFIG_GLOBAL", nowhere),
            ("GIT_ATTR_NOSYSTEM", OsStr::new("1")),
            ("GIT_TERMINAL_PROMPT", OsStr::new("0")),
            ("GIT_ASKPASS", OsStr::new("/bin/false")),
            ("GIT_SSH_COMMAND", OsStr::new("ssh -o BatchMode=yes")),
            ("GIT_ALLOW_PROTOCOL", OsStr::new(protocols)),
            ("GIT_LFS_SKIP_SMUDGE", OsStr::new("1")),
        ] {
            command.env(name, value);
        }
        for setting in [
            "core.hooksPath=/dev/null",
            "core.fsmonitor=false",
            "core.autocrlf=false",
            "core.symlinks=true",
            "core.protectHFS=true",
            "core.protectNTFS=true",
            "credential.helper=",
            "gc.auto=0",
            "maintenance.auto=false",
            "submodule.recurse=false",
        ] {
            command.args(["-c", setting]);
        }
        command.current_dir(&self.tree);
        command
    }

    /// Waits for a child, and not for ever. Its process group goes with it.
    fn attend(&self, child: &mut Child) -> Result<(ExitStatus, Vec<u8>, Vec<u8>), FilesError> {
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        std::thread::scope(|scope| {
            let output = scope.spawn(|| beginning(stdout, MAX_OUTPUT));
            let complaint = scope.spawn(|| beginning(stderr, MAX_OUTPUT));
            let ended = loop {
                match child.try_wait() {
                    Ok(Some(status)) => break Ok(status),
                    Ok(None) if Instant::now() < self.until => std::thread::sleep(LOOK),
                    Ok(None) => break Err(self.failed("it took longer than ten minutes")),
                    Err(error) => break Err(self.failed(&error.to_string())),
                }
            };
            end(child);
            let output = output.join().unwrap_or_default();
            let mut complaint = complaint.join().unwrap_or_default();
            complaint.drain(..complaint.len().saturating_sub(MAX_COMPLAINT));
            Ok((ended?, output, complaint))
        })
    }

    fn failed(&self, why: &str) -> FilesError {
        FilesError::Git { remote: super::error::shown(self.source.remote.as_bytes()), why: why.to_owned() }
    }
}

/// What is left of a child and those that it has started. One that has ended is reaped already.
fn end(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _all_gone = kill_process_group(group, Signal::KILL);
    }
    let _reaped = child.wait();
}

/// The first bytes of a stream, which is read to its end.
fn beginning(stream: Option<impl Read>, most: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(mut stream) = stream {
        let _cut = Read::by_ref(&mut stream).take(most).read_to_end(&mut bytes);
        let _flood = io::copy(&mut stream, &mut io::sink());
    }
    bytes
}

/// How a remote is reached: `https`, `ssh`, or `file` for a path of this host.
fn transport(remote: &str) -> Option<&'static str> {
    match remote.split_once("://") {
        Some(("https", _)) => Some("https"),
        Some(("ssh", _)) => Some("ssh"),
        Some(_) => None,
        None if Path::new(remote).is_absolute() => Some("file"),
        None => remote.contains(':').then_some("ssh"),
    }
}

fn is_hex(text: &str) -> bool {
    (4..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
