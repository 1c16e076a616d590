//! Moving network devices of the host into a container's network namespace.

use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::Errno;
use sys::clone::flag;

use crate::error::LaunchError;
use sys::netlink::{Request, Socket, attributes, number};

/// RTM_NEWLINK, RTM_GETLINK, RTM_NEWADDR, RTM_GETADDR of linux/rtnetlink.h.
mod kind {
    pub(super) const NEW_LINK: u16 = 16;
    pub(super) const GET_LINK: u16 = 18;
    pub(super) const NEW_ADDRESS: u16 = 20;
    pub(super) const GET_ADDRESS: u16 = 22;
}

/// Attributes of linux/if_link.h and linux/if_addr.h.
mod attribute {
    pub(super) const LINK_NAME: u16 = 3;
    pub(super) const LINK_NAMESPACE: u16 = 28;
    /// The peer's address on a point-to-point link, and otherwise the address itself.
    pub(super) const ADDRESS: u16 = 1;
    pub(super) const LOCAL: u16 = 2;
    pub(super) const BROADCAST: u16 = 4;
    pub(super) const FLAGS: u16 = 8;
}

const UP: u32 = 0x1;
/// `IFA_F_PERMANENT`: it was set by somebody, and does not expire.
const PERMANENT: u32 = 0x80;
/// `RT_SCOPE_UNIVERSE`.
const GLOBAL: u8 = 0;

/// Moves each of `devices` (its name here, its name there) into the network namespace of the process `pid`.
///
/// # Errors
/// [`LaunchError::Host`] with the device's name.
pub(crate) fn move_to(pid: i32, devices: &[(String, String)]) -> Result<(), LaunchError> {
    if devices.is_empty() {
        return Ok(());
    }
    let path = format!("/proc/{pid}/ns/net");
    let namespace = openat(CWD, &path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
        .map_err(LaunchError::host("open the network namespace", path))?;
    move_into(namespace.as_fd(), devices)
}

/// The same for a network namespace that is at hand.
///
/// # Errors
/// As [`move_to`].
pub(crate) fn move_into(namespace: BorrowedFd<'_>, devices: &[(String, String)]) -> Result<(), LaunchError> {
    let conversation = LaunchError::host("talk to the kernel about", "network devices");
    let (mut here, mut there) = sockets(namespace).map_err(conversation)?;
    for (name, inside) in devices {
        move_one(&mut here, &mut there, namespace, name, inside)?;
    }
    Ok(())
}

/// One socket here and one there. This thread is there only as long as it takes to make it.
fn sockets(namespace: BorrowedFd<'_>) -> Result<(Socket, Socket), Errno> {
    let here = Socket::open()?;
    let home: OwnedFd =
        openat(CWD, c"/proc/thread-self/ns/net", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    sys::namespace::setns(namespace, flag::NEWNET)?;
    let there = Socket::open();
    sys::namespace::setns(home.as_fd(), flag::NEWNET)?;
    Ok((here, there?))
}

/// The kernel takes a device down and its addresses away when it leaves, so they are looked up before.
fn move_one(
    here: &mut Socket,
    there: &mut Socket,
    namespace: BorrowedFd<'_>,
    name: &str,
    inside: &str,
) -> Result<(), LaunchError> {
    let index = find(here, name).map_err(LaunchError::host("find the network device", name))?;
    let addresses = addresses(here, index)
        .map_err(LaunchError::host("list the addresses of the network device", name))?;
    let leave = Request::change(kind::NEW_LINK, &link(index, 0, 0))
        .name(attribute::LINK_NAME, inside)
        .attribute(attribute::LINK_NAMESPACE, &namespace.as_raw_fd().to_ne_bytes());
    let as_what = if name == inside { name.to_owned() } else { format!("{name} as {inside}") };
    is_free(there, inside)
        .and_then(|()| here.tell(&leave))
        .map_err(LaunchError::host("move the network device", as_what))?;
    let index = find(there, inside).map_err(LaunchError::host("find the network device", inside))?;
    for address in &addresses {
        there
            .tell(&address.request(index))
            .map_err(LaunchError::host("keep the address of the network device", inside))?;
    }
    there
        .tell(&Request::change(kind::NEW_LINK, &link(index, UP, UP)))
        .map_err(LaunchError::host("bring up the network device", inside))
}

/// struct ifinfomsg.
fn link(index: u32, flags: u32, change: u32) -> [u8; 16] {
    let mut fixed = [0; 16];
    let fields = [0, index, flags, change].map(u32::to_ne_bytes);
    fixed.iter_mut().zip(fields.as_flattened()).for_each(|(place, byte)| *place = *byte);
    fixed
}

fn find(socket: &mut Socket, name: &str) -> Result<u32, Errno> {
    let request = Request::get(kind::GET_LINK, &link(0, 0, 0)).name(attribute::LINK_NAME, name);
    let mut index = None;
    socket.ask(&request, |_, body| index = number(body, 4))?;
    index.ok_or(Errno::BADMSG)
}

/// The kernel moves first and renames then: a device whose name is taken would be gone all the same.
fn is_free(socket: &mut Socket, name: &str) -> Result<(), Errno> {
    match find(socket, name) {
        Ok(_) => Err(Errno::EXIST),
        Err(Errno::NODEV) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// An address, as it was given to a device.
#[derive(Debug, PartialEq, Eq)]
struct Address {
    family: u8,
    prefix: u8,
    attributes: Vec<(u16, Vec<u8>)>,
}

impl Address {
    /// Out of what RTM_NEWADDR says (struct ifaddrmsg and attributes), if it is one of the device `index`
    /// that goes along: those that are permanent and of global scope. Others came from the network that
    /// the device leaves, or come by themselves.
    fn parse(body: &[u8], index: u32) -> Option<Self> {
        let [family, prefix, flags, scope, ..] = *body else { return None };
        if number(body, 4)? != index || scope != GLOBAL {
            return None;
        }
        let mut flags = u32::from(flags);
        let mut kept = Vec::new();
        for (kind, value) in attributes(body.get(8..)?) {
            match kind {
                attribute::FLAGS => flags = number(value, 0)?,
                attribute::ADDRESS | attribute::LOCAL | attribute::BROADCAST => {
                    kept.push((kind, value.to_vec()));
                }
                _ => {}
            }
        }
        (flags & PERMANENT != 0).then_some(Self { family, prefix, attributes: kept })
    }

    fn request(&self, index: u32) -> Request {
        let [a, b, c, d] = index.to_ne_bytes();
        let fixed = [self.family, self.prefix, 0, GLOBAL, a, b, c, d];
        let request = Request::create(kind::NEW_ADDRESS, &fixed);
        self.attributes.iter().fold(request, |request, (kind, value)| request.attribute(*kind, value))
    }
}

fn addresses(socket: &mut Socket, index: u32) -> Result<Vec<Address>, Errno> {
    let mut found = Vec::new();
    socket.ask(&Request::dump(kind::GET_ADDRESS, &[0; 8]), |_, body| {
        found.extend(Address::parse(body, index));
    })?;
    Ok(found)
}

#[cfg(test)]
mod tests;
