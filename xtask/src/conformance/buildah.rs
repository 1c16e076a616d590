//! Dockerfiles of other people's projects, built by ours and by buildah: both trees must be the same, entry by entry,
//! both images must start in the same way, and the one of ours must run.
//!
//! The corpus has `projects.toml`, the list of them, the projects at `OWNER/NAME`, and `images/NAME.tar`,
//! docker-archives to build on.

mod corpus;
mod excuses;
mod ours;
mod theirs;
mod tree;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::bench::scratch::Scratch;
use crate::conformance::Settings;
use crate::conformance::lists::{self, List};
use crate::packages::{self, Need};
use crate::shell::{self, Outcome};

use corpus::{Corpus, Project};
use excuses::Excuses;
use ours::Ours;
use theirs::Theirs;

const NAME: &str = "buildah";

/// Who builds beside us, and what runs its steps.
const NEEDS: &[Need] = &[
    Need { program: "buildah", package: "buildah" },
    Need { program: "runc", package: "runc" },
    Need { program: "git", package: "git" },
];

/// Most differences of one project that are shown.
const SHOWN: usize = 100;

/// One comparison: what is built, by whom, and what may differ.
struct Bench {
    corpus: PathBuf,
    ours: Ours,
    theirs: Theirs,
    excuses: Excuses,
}

pub(crate) fn run(settings: &Settings) -> Outcome {
    packages::ensure(NEEDS)?;
    let corpus = Corpus::load(&settings.path)?;
    let scratch = Scratch::new("buildah-trees")?;
    let bench = Bench {
        corpus: settings.path.clone(),
        ours: Ours::new(&settings.program, &scratch)?,
        theirs: Theirs::new(&scratch)?,
        excuses: Excuses::load(NAME)?,
    };
    let is_asked = |project: &&Project| settings.only.as_ref().is_none_or(|only| project.name.contains(only));
    let asked: Vec<&Project> = corpus.projects.iter().filter(is_asked).collect();
    for image in corpus.needed(&settings.path, &asked)? {
        let archive = settings.path.join("images").join(format!("{}.tar", image.name));
        bench.ours.import(&archive, image)?;
        bench.theirs.import(&archive, image)?;
    }
    let found = asked.into_iter().map(|project| (project.label(), verdict(&bench, project))).collect();
    settle(settings, &found)
}

/// `pass`, or `same` where there is nothing to run; the line that it prints says how long each took.
fn verdict(bench: &Bench, project: &Project) -> String {
    let (verdict, said) = match bench.judge(project) {
        Ok(times) => (if project.no_program { "same" } else { "pass" }, times),
        Err(error) => ("fail", format!("\n{error}")),
    };
    println!("{:32} {verdict}  {said}", project.name);
    verdict.to_owned()
}

/// Compares the list with what was found, or writes it. All of it has to pass.
fn settle(settings: &Settings, found: &List) -> Outcome {
    if settings.only.is_some() {
        return lists::failed(found).first().map_or(Ok(()), |failed| Err(failed.clone()));
    }
    lists::agree(settings, &lists::directory(NAME).join("ours.txt"), found, || {
        Ok(vec![shell::capture(Command::new("buildah").arg("--version"))?.trim().to_owned()])
    })
}

impl Bench {
    /// How long each took.
    fn judge(&self, project: &Project) -> Outcome<String> {
        project.check(&self.corpus)?;
        let (archive, our_time) = timed(|| self.ours.build(project, &self.corpus))?;
        let ((), their_time) = timed(|| self.theirs.build(project, &self.corpus))?;
        let differences = self.differences(project, &archive)?;
        if !differences.is_empty() {
            return Err(differences.into_iter().take(SHOWN).map(|line| format!("  {line}\n")).collect());
        }
        self.ours.try_out(project)?;
        std::fs::remove_file(&archive).map_err(|error| format!("{}: {error}", archive.display()))?;
        self.ours.forget(project)?;
        self.theirs.forget(project)?;
        Ok(format!("{:.1} s, buildah {:.1} s", our_time.as_secs_f64(), their_time.as_secs_f64()))
    }

    fn differences(&self, project: &Project, archive: &Path) -> Outcome<Vec<String>> {
        // Theirs first: our archive has the same name in it, and takes it over in buildah's store.
        let right = self.theirs.open(&tag(project))?;
        let left = self.theirs.bring(archive)?;
        are_two(&left.image()?, &right.image()?)?;
        let mut differences =
            tree::compare(&left.root, &right.root, |path| self.excuses.cover(&project.name, path))?;
        let (left, right) = (left.config()?, right.config()?);
        if left != right {
            differences.push(format!("the images start otherwise:\n  ours   {left}\n  theirs {right}"));
        }
        Ok(differences)
    }
}

/// An image that is compared with itself is always the same.
fn are_two(left: &str, right: &str) -> Outcome {
    if left.is_empty() || left == right {
        return Err(format!("  ours and buildah's are the same image, `{left}`: nothing was compared\n"));
    }
    Ok(())
}

fn timed<T>(work: impl FnOnce() -> Outcome<T>) -> Outcome<(T, Duration)> {
    let start = Instant::now();
    work().map(|result| (result, start.elapsed()))
}

/// What both are told in the same words.
fn of_project<'a>(build: &'a mut Command, project: &Project, corpus: &Path) -> &'a mut Command {
    build.args(["-t", &tag(project), "-f"]).arg(project.file(corpus));
    if let Some(target) = &project.target {
        build.args(["--target", target]);
    }
    build.arg(project.context(corpus))
}

/// What the result is called, in either store.
fn tag(project: &Project) -> String {
    format!("localhost/{}", project.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_compared_with_itself() {
        assert!(are_two("1", "1").unwrap_err().contains("nothing was compared"));
        assert!(are_two("", "").is_err());
        are_two("1", "2").unwrap();
    }
}
