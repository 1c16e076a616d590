//! What is built, and on what: `projects.toml` of the corpus. Nothing of it is in this repository; a project lies in the
//! corpus at `OWNER/NAME`, as its commit has it.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::shell::{self, Outcome};

/// How much of a commit's name the list on file has.
const SHORT: usize = 12;

/// The whole list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Corpus {
    #[serde(rename = "image")]
    pub(super) images: Vec<Image>,
    #[serde(rename = "project")]
    pub(super) projects: Vec<Project>,
}

/// A base made on this machine, for names that are in registries elsewhere.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Image {
    /// The archive is `images/NAME.tar`.
    pub(super) name: String,
    /// What it is made of, for people.
    #[serde(rename = "made-of")]
    _made_of: String,
    /// What files say after FROM.
    #[serde(rename = "stands-for")]
    stands_for: Vec<String>,
}

/// A Dockerfile of somebody else's.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Project {
    pub(super) name: String,
    /// The language, for people.
    kind: String,
    /// `OWNER/NAME` of its repository.
    source: String,
    commit: String,
    /// The context, within the repository.
    #[serde(default)]
    directory: PathBuf,
    /// The file, within the context.
    #[serde(default = "dockerfile")]
    dockerfile: PathBuf,
    /// The stage that its own instructions name.
    pub(super) target: Option<String>,
    /// Options of the run that tries the result, before the image.
    #[serde(default)]
    pub(super) options: Vec<String>,
    /// Its words after the image.
    #[serde(default)]
    pub(super) runs: Vec<String>,
    /// A piece of what it prints, or answers.
    #[serde(default)]
    pub(super) says: String,
    /// `PORT/PATH`: it is a server, and is asked there.
    pub(super) answers: Option<String>,
    /// It holds files alone, and there is nothing to run.
    #[serde(default, rename = "no-program")]
    pub(super) no_program: bool,
}

impl Corpus {
    pub(super) fn load(corpus: &Path) -> Outcome<Self> {
        let file = corpus.join("projects.toml");
        let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        toml::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))
    }

    /// The bases that the files of `projects` name.
    pub(super) fn needed(&self, corpus: &Path, projects: &[&Project]) -> Outcome<Vec<&Image>> {
        let texts: Vec<String> =
            projects.iter().map(|project| project.text(corpus)).collect::<Outcome<_>>()?;
        let is_named =
            |name: &String| texts.iter().any(|text| text.contains(name.trim_end_matches(":latest")));
        Ok(self.images.iter().filter(|image| image.stands_for.iter().any(is_named)).collect())
    }
}

impl Image {
    /// Whole names, as both builders look them up.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        self.stands_for.iter().map(|name| whole(name))
    }
}

impl Project {
    /// Where the list on file has it: `KIND/NAME@OWNER/NAME@COMMIT`.
    pub(super) fn label(&self) -> String {
        let commit: String = self.commit.chars().take(SHORT).collect();
        format!("{}/{}@{}@{commit}", self.kind, self.name, self.source)
    }

    /// Where the context lies in the corpus.
    pub(super) fn context(&self, corpus: &Path) -> PathBuf {
        corpus.join(&self.source).join(&self.directory)
    }

    /// Its Dockerfile.
    pub(super) fn file(&self, corpus: &Path) -> PathBuf {
        self.context(corpus).join(&self.dockerfile)
    }

    fn text(&self, corpus: &Path) -> Outcome<String> {
        let file = self.file(corpus);
        fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))
    }

    /// Whether the corpus has what the list means, and nothing of it was changed.
    pub(super) fn check(&self, corpus: &Path) -> Outcome {
        let context = self.context(corpus);
        let git = |words: &[&str]| {
            let mut git = shell::program("git", words);
            shell::capture(git.current_dir(&context))
                .map_err(|error| format!("{}: {error}", context.display()))
        };
        let head = git(&["rev-parse", "HEAD"])?;
        if head.trim() != self.commit {
            return Err(format!("{} is at {}, and not at {}", context.display(), head.trim(), self.commit));
        }
        let changed = git(&["status", "--porcelain", "--ignored", "."])?;
        if !changed.is_empty() {
            return Err(format!("{} is not as its commit has it:\n{changed}", context.display()));
        }
        Ok(())
    }
}

fn dockerfile() -> PathBuf {
    PathBuf::from("Dockerfile")
}

/// `docker.io/library/golang:1.26` of `golang:1.26`.
fn whole(name: &str) -> String {
    match name.split_once('/') {
        None => format!("docker.io/library/{name}"),
        Some((host, _)) if host.contains(['.', ':']) => name.to_owned(),
        Some(_) => format!("docker.io/{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_whole() {
        assert_eq!(whole("golang:1.26"), "docker.io/library/golang:1.26");
        assert_eq!(whole("tiangolo/uvicorn"), "docker.io/tiangolo/uvicorn");
        assert_eq!(whole("gcr.io/distroless/static:nonroot"), "gcr.io/distroless/static:nonroot");
    }

    #[test]
    fn only_images_that_are_named_are_needed() {
        let corpus = tempfile::tempdir().unwrap();
        let text = "[[image]]\nname = 'a'\nmade-of = ''\nstands-for = ['gcc:6']\n\
                    [[image]]\nname = 'b'\nmade-of = ''\nstands-for = ['node:22']\n\
                    [[project]]\nname = 'p'\nkind = 'C'\nsource = 'o/n'\ncommit = '0123456789abcdef'\n";
        fs::write(corpus.path().join("projects.toml"), text).unwrap();
        fs::create_dir_all(corpus.path().join("o/n")).unwrap();
        fs::write(corpus.path().join("o/n/Dockerfile"), "FROM gcc:6\n").unwrap();
        let list = Corpus::load(corpus.path()).unwrap();
        let [project] = list.projects.as_slice() else { panic!("{list:?}") };
        assert_eq!(project.label(), "C/p@o/n@0123456789ab");
        let needed = list.needed(corpus.path(), &[project]).unwrap();
        assert_eq!(needed.iter().map(|image| image.name.as_str()).collect::<Vec<_>>(), ["a"]);
    }
}
