//! The same overlay on kernels before 6.15, which refuse layers that are attached nowhere, and before
//! 6.7, which take all layers in one string.
//!
//! A helper process with a mount namespace of its own attaches the idmapped view over the directory
//! it was made from, mounts the overlay by its ordinary paths, and sends back a detached clone.
//! The namespace, and with it the view, is gone when the helper ends.

use std::ffi::CString;
use std::os::fd::{AsFd as _, OwnedFd};

use model::spec::{Overlay, OverlayDurability};
use rustix::fs::CWD;
use rustix::io::Errno;
use rustix::mount::{
    MountFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags, mount, mount_change, move_mount,
    open_tree,
};
use rustix::process::{WaitId, WaitIdOptions, waitid};
use sys::clone::{Cloned, clone3, flag};

use crate::channel::{Channel, Fault, Message};
use crate::idmap::in_initial_user_namespace;
use crate::step::Step;

/// Longest option string that mount(2) takes: a page, less its terminator.
const MAX_OPTIONS: usize = 4095;

/// Everything the helper needs, made before it is cloned.
struct Order {
    /// Where the lower layers' names are looked up, and what the view covers.
    base: CString,
    /// Any directory to mount on, and the directory whose clone is sent back.
    target: CString,
    options: CString,
    flags: MountFlags,
}

/// Mounts `overlay`, whose layers lie below `base`, with `view` attached there; see the module.
pub(super) fn assemble(
    overlay: &Overlay,
    attributes: u64,
    base: &str,
    view: Option<&OwnedFd>,
) -> Result<OwnedFd, Errno> {
    let order = Order::new(overlay, attributes, base)?;
    let (ours, theirs) = Channel::pair()?;
    match clone3(flag::NEWNS, None)? {
        Cloned::Child => {
            let told = match carry_out(&order, view) {
                Ok(tree) => theirs.send(Message::Trees(1), &[tree.as_fd()]),
                Err(errno) => theirs.send(Message::Failed(Fault { step: Step::Root, index: 0, errno }), &[]),
            };
            sys::exec::exit(i32::from(told.is_err()))
        }
        Cloned::Parent { pidfd, .. } => {
            drop(theirs);
            let mut tree = None;
            let answer = ours.receive(|descriptor| tree = Some(descriptor));
            let _status_says_nothing_more = waitid(WaitId::PidFd(pidfd.as_fd()), WaitIdOptions::EXITED);
            match (answer?, tree) {
                (Some(Message::Trees(1)), Some(tree)) => Ok(tree),
                (Some(Message::Failed(fault)), _) => Err(fault.errno),
                _ => Err(Errno::PIPE),
            }
        }
    }
}

impl Order {
    fn new(overlay: &Overlay, attributes: u64, base: &str) -> Result<Self, Errno> {
        let text = |text: &str| CString::new(text).map_err(|_| Errno::INVAL);
        Ok(Self {
            base: text(base)?,
            target: text(if overlay.work.is_empty() { base } else { &overlay.work })?,
            // Names relative to the layers' common directory leave room for sixty layers.
            options: text(&options(overlay, base)?)?,
            flags: mount_flags(attributes),
        })
    }
}

fn options(overlay: &Overlay, base: &str) -> Result<String, Errno> {
    let relative = |path: &String| {
        let below = path.strip_prefix(base).and_then(|rest| rest.strip_prefix('/'));
        below.unwrap_or(path).to_owned()
    };
    let lower: Vec<String> = overlay.lower.iter().map(relative).collect();
    let mut options = format!("lowerdir={}", lower.join(":"));
    if !overlay.upper.is_empty() {
        options.push_str(&format!(",upperdir={},workdir={}", overlay.upper, overlay.work));
        if overlay.durability == OverlayDurability::Volatile {
            options.push_str(",volatile");
        }
    }
    options.push_str(if in_initial_user_namespace() {
        ",redirect_dir=off,metacopy=off"
    } else {
        ",userxattr"
    });
    if options.len() > MAX_OPTIONS { Err(Errno::TOOBIG) } else { Ok(options) }
}

fn mount_flags(attributes: u64) -> MountFlags {
    use sys::mount::attr;
    let pairs = [
        (attr::NOEXEC, MountFlags::NOEXEC),
        (attr::NOSUID, MountFlags::NOSUID),
        (attr::NODEV, MountFlags::NODEV),
    ];
    let set = pairs.into_iter().filter(|(attribute, _)| attributes & attribute != 0);
    set.fold(MountFlags::empty(), |flags, (_, flag)| flags | flag)
}

/// In the helper: no allocation.
fn carry_out(order: &Order, view: Option<&OwnedFd>) -> Result<OwnedFd, Errno> {
    mount_change(c"/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
    if let Some(view) = view {
        move_mount(view, c"", CWD, order.base.as_c_str(), MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)?;
    }
    rustix::process::chdir(order.base.as_c_str())?;
    mount(c"coffer", order.target.as_c_str(), c"overlay", order.flags, order.options.as_c_str())?;
    open_tree(CWD, order.target.as_c_str(), OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_named_relative_to_their_directory() {
        let overlay = Overlay {
            lower: vec!["/s/layers/b".into(), "/s/layers/a".into()],
            upper: "/s/c/upper".into(),
            work: "/s/c/work".into(),
            durability: OverlayDurability::Volatile,
        };
        let options = options(&overlay, "/s/layers").unwrap();
        assert!(
            options.starts_with("lowerdir=b:a,upperdir=/s/c/upper,workdir=/s/c/work,volatile"),
            "{options}"
        );
    }

    #[test]
    fn an_overlay_that_nobody_writes_to_has_no_upper_directory() {
        let lower = vec!["/s/layers/b".into(), "/s/layers/a".into()];
        let overlay = Overlay { lower, durability: OverlayDurability::Volatile, ..Overlay::default() };
        let options = options(&overlay, "/s/layers").unwrap();
        assert!(options.starts_with("lowerdir=b:a,") && !options.contains("volatile"), "{options}");
    }

    #[test]
    fn more_layers_than_an_old_kernel_takes_are_refused() {
        let lower = (0..100).map(|number| format!("/s/layers/{number:064}")).collect();
        let overlay = Overlay { lower, upper: "/u".into(), work: "/w".into(), ..Overlay::default() };
        assert_eq!(options(&overlay, "/s/layers"), Err(Errno::TOOBIG));
    }
}
