//! The container's network device: made and set up by a process that goes there and sends it back.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::net::IpAddr;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use rustix::process::{WaitId, WaitIdOptions, waitid};
use sys::clone::{Cloned, clone3, flag};
use sys::netlink::{Request, Socket, number};

use super::outside::{CONTAINER, CONTAINER_6, GATEWAY, GATEWAY_6, PREFIX, PREFIX_6, Six};
use crate::error::NetworkError;

/// What programs expect it to be called.
const NAME: &str = "eth0";

/// Largest packet, in bytes: what IPv4 can say. Nothing between the container and us has a smaller limit, and
/// the fewer packets, the faster.
pub(super) const MTU: u16 = u16::MAX;

/// Messages of linux/rtnetlink.h.
mod kind {
    pub(super) const NEW_LINK: u16 = 16;
    pub(super) const GET_LINK: u16 = 18;
    pub(super) const NEW_ADDRESS: u16 = 20;
    pub(super) const NEW_ROUTE: u16 = 24;
}

/// Attributes of linux/if_link.h, linux/if_addr.h and linux/rtnetlink.h.
mod attribute {
    pub(super) const LINK_NAME: u16 = 3;
    pub(super) const LINK_MTU: u16 = 4;
    pub(super) const ADDRESS: u16 = 1;
    pub(super) const LOCAL: u16 = 2;
    pub(super) const ROUTE_DEVICE: u16 = 4;
    pub(super) const ROUTE_GATEWAY: u16 = 5;
}

/// `IFF_UP`.
const UP: u32 = 1;
/// `IFA_F_NODAD`: nobody else is there who could have the address.
const NO_DETECTION: u8 = 2;

/// Makes the device in the network namespace of `container` (a pidfd).
///
/// The caller must have a single thread, and be root over the namespace.
pub(super) fn make(container: BorrowedFd<'_>, six: Six) -> Result<OwnedFd, NetworkError> {
    made(container, six).map_err(|errno| NetworkError::Device(errno.into()))
}

/// Whoever has gone into a namespace cannot always come back, so another process goes.
fn made(container: BorrowedFd<'_>, six: Six) -> Result<OwnedFd, Errno> {
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
    match clone3(0, None)? {
        Cloned::Child => {
            let sent = send(&theirs, set_up(container, six));
            sys::exec::exit(i32::from(sent.is_err()))
        }
        Cloned::Parent { pidfd, .. } => {
            drop(theirs);
            let device = receive(&ours);
            let wait = || waitid(WaitId::PidFd(pidfd.as_fd()), WaitIdOptions::EXITED);
            while matches!(wait(), Err(Errno::INTR)) {}
            device
        }
    }
}

fn set_up(container: BorrowedFd<'_>, six: Six) -> Result<OwnedFd, Errno> {
    sys::namespace::setns(container, flag::NEWNET)?;
    let device = sys::tun::make(NAME)?;
    let mut kernel = Socket::open()?;
    let mut index = None;
    let find = Request::get(kind::GET_LINK, &link(0, 0)).name(attribute::LINK_NAME, NAME);
    kernel.ask(&find, |_, body| index = number(body, 4))?;
    let index = index.ok_or(Errno::BADMSG)?;
    let up = Request::change(kind::NEW_LINK, &link(index, UP));
    kernel.tell(&up.attribute(attribute::LINK_MTU, &u32::from(MTU).to_ne_bytes()))?;
    address(&mut kernel, index, CONTAINER.into(), PREFIX, GATEWAY.into())?;
    if six == Six::Spoken {
        match address(&mut kernel, index, CONTAINER_6.into(), PREFIX_6, GATEWAY_6.into()) {
            // A setting of the container says that it wants none.
            Err(Errno::ACCESS) => {}
            done => done?,
        }
    }
    Ok(device)
}

/// struct ifinfomsg: the flags are also those that change.
fn link(index: u32, flags: u32) -> [u8; 16] {
    let mut fixed = [0; 16];
    let fields = [0, index, flags, flags].map(u32::to_ne_bytes);
    fixed.iter_mut().zip(fields.as_flattened()).for_each(|(place, byte)| *place = *byte);
    fixed
}

/// Gives the device an address, and the way to everywhere.
fn address(
    kernel: &mut Socket,
    index: u32,
    address: IpAddr,
    prefix: u8,
    gateway: IpAddr,
) -> Result<(), Errno> {
    let family = family(address);
    let [a, b, c, d] = index.to_ne_bytes();
    let (address, gateway) = (octets(address), octets(gateway));
    let new = Request::create(kind::NEW_ADDRESS, &[family, prefix, NO_DETECTION, 0, a, b, c, d]);
    kernel.tell(&new.attribute(attribute::LOCAL, &address).attribute(attribute::ADDRESS, &address))?;
    // struct rtmsg: of the main table (254), by whoever starts the machine (3), everywhere (0), to one (1).
    let new = Request::create(kind::NEW_ROUTE, &[family, 0, 0, 0, 254, 3, 0, 1, 0, 0, 0, 0]);
    let via = new.attribute(attribute::ROUTE_GATEWAY, &gateway);
    kernel.tell(&via.attribute(attribute::ROUTE_DEVICE, &index.to_ne_bytes()))
}

/// The kernel's number of its family.
pub(super) fn family(address: IpAddr) -> u8 {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    u8::try_from(family.as_raw()).unwrap_or_default()
}

/// As it is in a packet.
pub(super) fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// An errno, zero with the descriptor.
fn send(to: &OwnedFd, made: Result<OwnedFd, Errno>) -> Result<(), Errno> {
    let (errno, device) = match made {
        Ok(device) => (0, Some(device)),
        Err(errno) => (errno.raw_os_error(), None),
    };
    let descriptors: Vec<BorrowedFd<'_>> = device.iter().map(|device| device.as_fd()).collect();
    let mut space = [MaybeUninit::<u8>::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(&descriptors)) {
        return Err(Errno::TOOBIG);
    }
    sendmsg(to, &[IoSlice::new(&errno.to_ne_bytes())], &mut control, SendFlags::NOSIGNAL).map(drop)
}

fn receive(from: &OwnedFd) -> Result<OwnedFd, Errno> {
    let mut errno = [0; 4];
    let mut space = [MaybeUninit::<u8>::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = loop {
        match recvmsg(from, &mut [IoSliceMut::new(&mut errno)], &mut control, RecvFlags::CMSG_CLOEXEC) {
            Err(Errno::INTR) => {}
            other => break other?,
        }
    };
    let device = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    match (received.bytes, i32::from_ne_bytes(errno), device) {
        (4, 0, Some(device)) => Ok(device),
        (4, errno @ 1.., None) => Err(Errno::from_raw_os_error(errno)),
        _ => Err(Errno::PIPE),
    }
}
