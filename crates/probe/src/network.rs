//! Servers and clients of few words, for tests of a container's network.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::Duration;

use crate::tools::number;
use crate::{Ended, Failure, print};

/// What the server says to a client.
const GREETING: &[u8] = b"coffer-probe\n";

/// `listen PORT`: says `listening`, greets one client, and ends. Port 0 is for the kernel to choose.
pub(crate) fn listen(arguments: &[String]) -> Ended {
    let [port] = arguments else { return Err(Failure::Usage("listen needs a port".to_owned())) };
    let listener =
        TcpListener::bind((Ipv4Addr::UNSPECIFIED, number(port)?)).map_err(Failure::io("listening"))?;
    let address = listener.local_addr().map_err(Failure::io("listening"))?;
    print(&format!("listening {}\n", address.port()))?;
    greet(&listener).map_err(Failure::io("a client"))?;
    Ok(0)
}

fn greet(listener: &TcpListener) -> io::Result<()> {
    let (mut client, _) = listener.accept()?;
    client.write_all(GREETING)
}

/// `serve PORT [udp]`: says `serving`, and sends everybody back what they send, until it is ended.
pub(crate) fn serve(arguments: &[String]) -> Ended {
    let (port, datagrams) = match arguments {
        [port] => (port, false),
        [port, protocol] if protocol == "udp" => (port, true),
        _ => return Err(Failure::Usage("serve needs a port, and may have `udp`".to_owned())),
    };
    let port = number(port)?;
    // Of both families, or of the one that there is.
    let addresses: [SocketAddr; 2] =
        [(Ipv6Addr::UNSPECIFIED, port).into(), (Ipv4Addr::UNSPECIFIED, port).into()];
    if datagrams {
        let socket = UdpSocket::bind(addresses.as_slice()).map_err(Failure::io("listening"))?;
        print("serving\n")?;
        return return_datagrams(&socket).map_err(Failure::io("a datagram"));
    }
    let listener = TcpListener::bind(addresses.as_slice()).map_err(Failure::io("listening"))?;
    print("serving\n")?;
    for client in listener.incoming() {
        let client = client.map_err(Failure::io("a client"))?;
        // A client that goes away is no reason to end.
        thread::spawn(move || io::copy(&mut &client, &mut &client).is_ok());
    }
    Ok(0)
}

fn return_datagrams(socket: &UdpSocket) -> io::Result<u8> {
    let mut datagram = vec![0; 65_536];
    loop {
        let (length, from) = socket.recv_from(&mut datagram)?;
        socket.send_to(datagram.get(..length).unwrap_or_default(), from)?;
    }
}

/// `connect PORT [IP]`: prints what the server says; loopback where no address is given.
pub(crate) fn connect(arguments: &[String]) -> Ended {
    let (port, address) = match arguments {
        [port] => (port, IpAddr::V4(Ipv4Addr::LOCALHOST)),
        [port, address] => (port, number(address)?),
        _ => return Err(Failure::Usage("connect needs a port".to_owned())),
    };
    let said = ask(SocketAddr::new(address, number(port)?)).map_err(Failure::io("connecting"))?;
    print(&String::from_utf8_lossy(&said))
}

/// At most 4 KiB, within five seconds.
fn ask(address: SocketAddr) -> io::Result<Vec<u8>> {
    let patience = Duration::from_secs(5);
    let stream = TcpStream::connect_timeout(&address, patience)?;
    stream.set_read_timeout(Some(patience))?;
    let mut said = Vec::new();
    stream.take(4096).read_to_end(&mut said)?;
    Ok(said)
}

/// `exchange PORT IP BYTES [COUNT|udp]`: sends so many bytes over each of so many connections at once, one if
/// none are said, ends its direction, and prints `same` if all of it came back. With `udp` it is one datagram.
pub(crate) fn exchange(arguments: &[String]) -> Ended {
    let [port, address, bytes, rest @ ..] = arguments else {
        return Err(Failure::Usage("exchange needs a port, an address and a number of bytes".to_owned()));
    };
    let target = SocketAddr::new(number(address)?, number(port)?);
    let bytes: Vec<u8> = (0..number::<u64>(bytes)?).map(|place| (place % 251) as u8).collect();
    let done = match rest {
        [] => return_bytes(target, &bytes, 1),
        [protocol] if protocol == "udp" => return_datagram(target, &bytes),
        [count] => return_bytes(target, &bytes, number(count)?),
        _ => return Err(Failure::Usage("exchange takes a number of connections or `udp`".to_owned())),
    };
    done.map_err(Failure::io("exchanging"))?;
    print("same\n")
}

/// All connections are open before the first byte is sent.
fn return_bytes(target: SocketAddr, bytes: &[u8], count: usize) -> io::Result<()> {
    let connect = |_| TcpStream::connect_timeout(&target, Duration::from_secs(20));
    let streams = (0..count).map(connect).collect::<io::Result<Vec<_>>>()?;
    let results = thread::scope(|scope| {
        let threads: Vec<_> =
            streams.iter().map(|stream| scope.spawn(|| return_stream(stream, bytes))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err(different())))
            .collect::<Vec<_>>()
    });
    results.into_iter().collect()
}

fn return_stream(stream: &TcpStream, bytes: &[u8]) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut heard = Vec::with_capacity(bytes.len());
    thread::scope(|scope| {
        let sender = scope.spawn(|| {
            (&*stream).write_all(bytes)?;
            stream.shutdown(Shutdown::Write)
        });
        (&*stream).read_to_end(&mut heard)?;
        sender.join().unwrap_or_else(|_| Err(different()))
    })?;
    if heard == bytes { Ok(()) } else { Err(different()) }
}

fn return_datagram(target: SocketAddr, bytes: &[u8]) -> io::Result<()> {
    let any = if target.is_ipv4() { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0))?;
    socket.set_read_timeout(Some(Duration::from_secs(5)))?;
    socket.connect(target)?;
    socket.send(bytes)?;
    let mut heard = vec![0; 65_536];
    let length = socket.recv(&mut heard)?;
    if heard.get(..length) == Some(bytes) { Ok(()) } else { Err(different()) }
}

/// What came back is not what was sent.
fn different() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_hears_the_greeting() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || greet(&listener));
        assert_eq!(ask(address).unwrap(), GREETING);
        server.join().unwrap().unwrap();
    }

    #[test]
    fn a_port_is_needed() {
        assert!(matches!(listen(&[]), Err(Failure::Usage(_))));
        assert!(matches!(connect(&["port".to_owned()]), Err(Failure::Usage(_))));
    }
    #[test]
    fn what_comes_back_is_compared() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            for client in listener.incoming().take(3) {
                let mut client = client.unwrap();
                let mut heard = Vec::new();
                client.read_to_end(&mut heard).unwrap();
                heard.iter_mut().filter(|byte| **byte == 9).for_each(|byte| *byte = 8);
                client.write_all(&heard).unwrap();
            }
        });
        return_bytes(address, b"all the same", 2).unwrap();
        assert_eq!(return_bytes(address, &[9], 1).unwrap_err().kind(), io::ErrorKind::InvalidData);
        server.join().unwrap();
    }
}
