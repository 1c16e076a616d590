//! A server and a client of one connection, for tests of a container's network.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
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
