//! `exec`

use std::io::IsTerminal as _;

use engine::Detach;
use engine::session::Purpose;

use super::run::foreground;
use super::{Act, Entry, Life, act, options};
use crate::args::exec::Exec;
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};
use crate::{session, site};

pub(super) const EXEC: Entry = Entry {
    words: &["exec"],
    aliases: &[&["container", "exec"]],
    life: Life::Run,
    about: "Execute a command in a container that runs, confined as the container is",
    examples: [
        ("coffer exec -it web sh", "a shell inside"),
        ("coffer exec -u 1000 -w /srv web ls -l", "as another user, in another directory"),
    ],
    notes: "\
The command gets what the container has and nothing more: its namespaces, its limits, its system call
filter, the capabilities that its options give to the command's user. It is decided and recorded by itself:
`coffer ledger show --filter kind=exec-permit`.

Exit code: the command's own; 128 and the signal's number if a signal ended it; 126 if it cannot be
executed, 127 if it does not exist, 125 if the line was not understood, 1 if coffer failed or refused.",
    codes: ExitCodes::OfExec,
    options: options::<Exec>,
    act: act::<Exec>,
};

impl Act for Exec {
    fn act(self, _context: &mut Context) -> Result<u8, Failure> {
        let site = site::site()?;
        let keys = self.detach_keys.clone().unwrap_or_default();
        let (container, request) = self.request()?;
        let outside = session::begin(&site, Purpose::Look)?;
        let can_be_left = request.tty && request.interactive && std::io::stdin().is_terminal();
        let detach = if request.detached || can_be_left {
            session::detachable(&site, keys, outside)?
        } else {
            session::hold(outside);
            Detach::Unavailable
        };
        let ended = site::enter(site)?.exec(&container, request, foreground(detach)?)?;
        Ok(ended.exit_code())
    }
}
