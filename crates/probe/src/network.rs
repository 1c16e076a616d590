//! Servers and clients of few words, for tests of a container's network.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
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
    let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, number(port)?));
    if datagrams {
        let socket = UdpSocket::bind(address).map_err(Failure::io("listening"))?;
        print("serving\n")?;
        return return_datagrams(&socket).map_err(Failure::io("a datagram"));
    }
    let listener = TcpListener::bind(address).map_err(Failure::io("listening"))?;
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
}
