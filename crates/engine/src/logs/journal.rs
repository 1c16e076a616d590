//! systemd's journal by its native protocol: one datagram for each entry, fields by name.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;

use rustix::fs::{MemfdFlags, SealFlags};
use rustix::io::{Errno, IoSlice};
use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketAddrUnix, SocketFlags,
    SocketType,
};

use super::Stream;
use super::piece::{End, Piece};

/// Where the journal listens.
pub(super) const SOCKET: &str = "/run/systemd/journal/socket";

/// Which container it is, for whoever reads the entries later.
#[derive(Debug, Clone, Copy)]
pub struct Tag<'a> {
    /// The whole id.
    pub id: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The image, as it was asked for.
    pub image: &'a str,
}

/// A connection, which never waits.
#[derive(Debug)]
pub(super) struct Journal {
    socket: OwnedFd,
    address: SocketAddrUnix,
    /// The container's fields, which every entry has.
    fields: Vec<u8>,
    /// Used again for each entry.
    entry: Vec<u8>,
}

impl Journal {
    /// Finds out whether anybody listens.
    pub(super) fn open(path: &Path, tag: Tag<'_>) -> io::Result<Self> {
        let address = SocketAddrUnix::new(path)?;
        rustix::net::connect(socket()?, &address)?;
        let short = tag.id.get(..12).unwrap_or(tag.id);
        let mut fields = Vec::new();
        for (name, value) in [
            ("CONTAINER_ID", short),
            ("CONTAINER_ID_FULL", tag.id),
            ("CONTAINER_NAME", tag.name),
            ("CONTAINER_TAG", short),
            ("SYSLOG_IDENTIFIER", short),
            ("IMAGE_NAME", tag.image),
        ] {
            add(&mut fields, name, value.as_bytes());
        }
        // Not connected: a journal that was started anew is found again.
        Ok(Self { socket: socket()?, address, fields, entry: Vec::new() })
    }

    /// Sends an entry; without a stream it is a remark of ours, a warning. The text is the container's, bytes
    /// as they are.
    pub(super) fn send(&mut self, stream: Option<Stream>, piece: &Piece<'_>) -> io::Result<()> {
        let priority: &[u8] = match stream {
            Some(Stream::Output) => b"6",
            Some(Stream::Errors) => b"3",
            None => b"4",
        };
        self.entry.clear();
        add(&mut self.entry, "MESSAGE", piece.text);
        add(&mut self.entry, "PRIORITY", priority);
        if piece.end == End::Open {
            add(&mut self.entry, "CONTAINER_PARTIAL_MESSAGE", b"true");
        }
        self.entry.extend_from_slice(&self.fields);
        match rustix::net::sendto(&self.socket, &self.entry, flags(), &self.address) {
            Err(Errno::MSGSIZE | Errno::NOBUFS) => self.send_file(),
            sent => Ok(sent.map(drop)?),
        }
    }

    /// What is too large for a datagram goes in a file of memory that nobody can change any more.
    fn send_file(&self) -> io::Result<()> {
        let file = rustix::fs::memfd_create("coffer-log", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        let mut rest = self.entry.as_slice();
        while !rest.is_empty() {
            let written = rustix::io::write(&file, rest)?;
            rest = rest.get(written..).unwrap_or_default();
        }
        let all = SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE | SealFlags::SEAL;
        rustix::fs::fcntl_add_seals(&file, all)?;
        let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        let descriptors = [file.as_fd()];
        ancillary.push(SendAncillaryMessage::ScmRights(&descriptors));
        let nothing = [IoSlice::new(&[])];
        rustix::net::sendmsg_addr(&self.socket, &self.address, &nothing, &mut ancillary, flags())?;
        Ok(())
    }
}

fn flags() -> SendFlags {
    SendFlags::DONTWAIT | SendFlags::NOSIGNAL
}

fn socket() -> rustix::io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    rustix::net::socket_with(AddressFamily::UNIX, SocketType::DGRAM, flags, None)
}

/// `NAME`, a newline, the length in 64 bits with the lowest first, the value, a newline: what holds for any
/// value.
fn add(entry: &mut Vec<u8>, name: &str, value: &[u8]) {
    let length = (value.len() as u64).to_le_bytes();
    for part in [name.as_bytes(), b"\n", &length, value, b"\n"] {
        entry.extend_from_slice(part);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;
    use std::os::unix::net::UnixDatagram;

    use super::*;

    pub(in crate::logs) const TAG: Tag<'_> = Tag { id: "0123456789abcdef", name: "web", image: "nginx" };

    /// The fields of an entry, as the journal reads them.
    pub(in crate::logs) fn fields(mut entry: &[u8]) -> BTreeMap<String, Vec<u8>> {
        let mut fields = BTreeMap::new();
        while !entry.is_empty() {
            let (name, rest) = entry.split_at(entry.iter().position(|byte| *byte == b'\n').unwrap());
            let (length, rest) = rest[1..].split_first_chunk::<8>().unwrap();
            let (value, rest) = rest.split_at(usize::try_from(u64::from_le_bytes(*length)).unwrap());
            fields.insert(String::from_utf8(name.to_vec()).unwrap(), value.to_vec());
            entry = rest.strip_prefix(b"\n").unwrap();
        }
        fields
    }

    pub(in crate::logs) fn receive(socket: &UnixDatagram) -> BTreeMap<String, Vec<u8>> {
        let mut entry = vec![0; 1 << 20];
        let length = socket.recv(&mut entry).unwrap();
        fields(&entry[..length])
    }

    #[test]
    fn an_entry_says_of_which_container_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("socket");
        let listener = UnixDatagram::bind(&path).unwrap();
        let mut journal = Journal::open(&path, TAG).unwrap();
        journal.send(Some(Stream::Errors), &Piece::first(b"a=\xff\n").unwrap()).unwrap();
        let entry = receive(&listener);
        assert_eq!(entry["MESSAGE"], b"a=\xff");
        assert_eq!(entry["PRIORITY"], b"3");
        assert_eq!(entry["CONTAINER_ID"], b"0123456789ab");
        assert_eq!(
            (entry["CONTAINER_NAME"].as_slice(), entry["IMAGE_NAME"].as_slice()),
            (&b"web"[..], &b"nginx"[..])
        );
        assert!(!entry.contains_key("CONTAINER_PARTIAL_MESSAGE"));
        journal.send(Some(Stream::Output), &Piece::open(b"prompt> ")).unwrap();
        assert_eq!(receive(&listener)["CONTAINER_PARTIAL_MESSAGE"], b"true");
    }

    #[test]
    fn a_large_entry_comes_as_a_file_that_nobody_can_change() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("socket");
        let listener = UnixDatagram::bind(&path).unwrap();
        let mut journal = Journal::open(&path, TAG).unwrap();
        journal.entry = vec![b'x'; 100_000];
        journal.send_file().unwrap();
        let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = rustix::net::RecvAncillaryBuffer::new(&mut space);
        rustix::net::recvmsg(&listener, &mut [], &mut ancillary, rustix::net::RecvFlags::empty()).unwrap();
        let message = ancillary.drain().next().unwrap();
        let rustix::net::RecvAncillaryMessage::ScmRights(mut descriptors) = message else {
            panic!("no file")
        };
        let file = descriptors.next().unwrap();
        assert_eq!(rustix::fs::fstat(&file).unwrap().st_size, 100_000);
        assert_eq!(rustix::io::pwrite(&file, b"y", 0), Err(Errno::PERM));
    }

    #[test]
    fn without_a_journal_nothing_is_opened_and_a_new_one_is_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("socket");
        assert!(Journal::open(&path, TAG).is_err());
        drop(UnixDatagram::bind(&path).unwrap());
        assert!(Journal::open(&path, TAG).is_err());
        std::fs::remove_file(&path).unwrap();
        let first = UnixDatagram::bind(&path).unwrap();
        let mut journal = Journal::open(&path, TAG).unwrap();
        drop(first);
        std::fs::remove_file(&path).unwrap();
        assert!(journal.send(None, &Piece::open(b"x")).is_err());
        let second = UnixDatagram::bind(&path).unwrap();
        journal.send(None, &Piece::open(b"x")).unwrap();
        assert_eq!(receive(&second)["PRIORITY"], b"4");
    }
}
