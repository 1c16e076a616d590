//! `run`

use std::io::IsTerminal as _;
use std::os::fd::AsFd;

use engine::session::Purpose;
use engine::state::Ended;
use engine::{Detach, Foreground};

use super::{Act, Entry, Life, act, image, options};
use crate::args::run::Run;
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};
use crate::progress::Bar;
use crate::{session, site};

pub(super) const RUN: Entry = Entry {
    words: &["run"],
    aliases: &[&["container", "run"]],
    life: Life::Run,
    about: "Run an image in the foreground, confined, if policy permits it",
    examples: [
        ("coffer run --rm -it alpine sh", "a shell, gone when it ends"),
        ("coffer run --rm oci-archive:busybox.tar id", "straight from an archive"),
    ],
    notes: "\
Everything that is not asked for is closed: a user namespace of its own, seven capabilities inside it at
most, a system call filter, Landlock, no network but loopback, and nothing that was not in the image can
be executed. `coffer assess IMAGE OPTIONS` judges a request without running it, `coffer explain` shows
what is in force.

Exit code: the program's own; 128 and the signal's number if a signal ended it; 126 if it cannot be
executed, 127 if it does not exist, 125 if coffer failed, refused or did not understand.",
    codes: ExitCodes::OfRun,
    options: options::<Run>,
    act: act::<Run>,
};

impl Act for Run {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let site = site::site()?;
        let keys = self.detach_keys.clone().unwrap_or_default();
        let request = self.request(site.level)?;
        let outside = session::begin(&site, Purpose::Start)?;
        let detach = if request.tty && request.interactive && std::io::stdin().is_terminal() {
            session::detachable(&site, keys, outside)?
        } else {
            session::hold(outside);
            Detach::Unavailable
        };
        let engine = site::enter(site)?;
        image::admit_embedded(&engine, &request.image)?;
        let ended = engine.run(request, foreground(detach)?, &mut Bar::new())?;
        if ended == Ended::OutOfMemory {
            context
                .warn("the kernel ended the container: it had used all its memory (`--memory` allows more)");
        }
        Ok(ended.exit_code())
    }
}

/// Our own standard descriptors, for as long as the container runs.
fn foreground(detach: Detach) -> Result<Foreground, Failure> {
    let owned =
        |stream: &dyn AsFd| stream.as_fd().try_clone_to_owned().map_err(|error| Failure::output(&error));
    Ok(Foreground {
        stdin: owned(&std::io::stdin())?,
        stdout: owned(&std::io::stdout())?,
        stderr: owned(&std::io::stderr())?,
        detach,
    })
}
