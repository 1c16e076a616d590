//! User namespaces that exist only for their maps: mounts that show owners through a map of their own.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use model::spec::IdMapping;
use rustix::process::{WaitId, WaitIdOptions, waitid};
use sys::clone::{Cloned, clone3, flag};

use crate::channel::Channel;
use crate::error::LaunchError;
use crate::idmap;
use crate::start::{kill, user_namespace};

/// Those that one container needs, each made once.
#[derive(Default)]
pub(super) struct Maps(Vec<Map>);

struct Map {
    uids: Vec<IdMapping>,
    gids: Vec<IdMapping>,
    namespace: OwnedFd,
}

impl Maps {
    /// A user namespace with these maps and nobody in it.
    pub(super) fn namespace(
        &mut self,
        uids: &[IdMapping],
        gids: &[IdMapping],
    ) -> Result<BorrowedFd<'_>, LaunchError> {
        let made = self.0.iter().position(|map| map.uids == uids && map.gids == gids);
        let index = match made {
            Some(index) => index,
            None => {
                let namespace = make(uids, gids)?;
                self.0.push(Map { uids: uids.to_vec(), gids: gids.to_vec(), namespace });
                self.0.len() - 1
            }
        };
        let nothing = LaunchError::host("make a user namespace for a mount", "");
        self.0.get(index).map(|map| map.namespace.as_fd()).ok_or_else(|| nothing(rustix::io::Errno::NOENT))
    }
}

/// A helper holds the namespace until it is open here; it ends with us.
fn make(uids: &[IdMapping], gids: &[IdMapping]) -> Result<OwnedFd, LaunchError> {
    let fault = || LaunchError::host("make a user namespace for a mount", "");
    let (ours, theirs) = Channel::pair().map_err(fault())?;
    match clone3(flag::NEWUSER, None).map_err(fault())? {
        Cloned::Child => {
            drop(ours);
            let _end_of_the_other_side = theirs.receive(drop);
            sys::exec::exit(0)
        }
        Cloned::Parent { pid, pidfd } => {
            let namespace = idmap::write(pid, uids, gids).and_then(|()| user_namespace(pid));
            kill(pidfd.as_fd());
            let _status_says_nothing_more = waitid(WaitId::PidFd(pidfd.as_fd()), WaitIdOptions::EXITED);
            namespace
        }
    }
}
