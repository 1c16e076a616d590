//! `cargo xtask vm`: the kernel lab. A kernel of Debian's in QEMU, with what this machine's own kernel may
//! lack, and the privileged tests inside it. docs/lab.md is its manual.

mod options;
mod place;
mod archive;
mod kernel;
mod image;
mod job;
mod programs;
mod share;
mod machine;
mod suite;

use crate::packages;
use crate::shell::{self, Outcome};
use job::{Console, Job};
use options::{Action, Settings};
use place::Place;

pub(crate) use options::ARGUMENTS;

/// Ends as what ran inside did.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    let (settings, action) = options::parse(arguments)?;
    match act(&settings, action)? {
        0 => Ok(()),
        status => std::process::exit(status.into()),
    }
}

fn act(settings: &Settings, action: Action) -> Outcome<u8> {
    match action {
        Action::Shell => inside(settings, &[job::shell()], Console::Ours),
        Action::Run(words) => inside(settings, &[job::command(&words)?], Console::Kept),
        Action::Test { binary, filters } => {
            inside(settings, &[programs::build(&binary)?.job(&filters)?], Console::Kept)
        }
        Action::Suite => suite::run(settings),
    }
}

/// The last step of `cargo xtask test`.
pub(crate) fn suite() -> Outcome {
    match suite::run(&Settings::default())? {
        0 => Ok(()),
        status => {
            Err(format!("tests failed in the kernel lab ({status}); docs/lab.md says how to look into it"))
        }
    }
}

/// Makes what is missing, boots, and gives the status of the last job that failed, or 0.
fn inside(settings: &Settings, jobs: &[Job], console: Console) -> Outcome<u8> {
    let place = ready()?;
    let kernel = kernel::ensure(&place, &settings.kernel)?;
    let image = image::ensure(&place, &kernel)?;
    machine::run(&place, &kernel, &image, settings, jobs, console)
}

/// Root only: the guest's files have owners, and the host's are read for the guest's root.
fn ready() -> Outcome<Place> {
    if !shell::is_root() {
        let ourselves = std::env::current_exe().unwrap_or_default();
        return Err(format!("the kernel lab needs root: sudo --preserve-env {} vm ...", ourselves.display()));
    }
    packages::ensure(packages::LAB)?;
    Place::new()
}
