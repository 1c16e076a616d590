//! Published ports: whether they can be had at all. Who may reach them is an ask.

use model::publish::Publish;
use model::request::{Network, RunRequest};

use super::ConfineError;

/// No port is the host's own already, and none is given away twice. What the kernel is to choose cannot
/// collide.
pub(super) fn check(request: &RunRequest) -> Result<(), ConfineError> {
    if request.network == Network::Host && (request.publish_all || !request.publish.is_empty()) {
        let option = request.publish.first().map_or_else(|| "-P".to_owned(), |port| port.option());
        return Err(ConfineError::PortOnHostNetwork { option });
    }
    let chosen = |port: &&Publish| port.host_port != 0;
    for (index, port) in request.publish.iter().enumerate().filter(|(_, port)| chosen(port)) {
        let earlier = request.publish.iter().take(index);
        let same = |other: &&Publish| (other.host(), other.protocol) == (port.host(), port.protocol);
        if let Some(first) = earlier.filter(chosen).find(same) {
            let (host, first, second) = (port.host().to_string(), first.option(), port.option());
            return Err(ConfineError::PortTwice { host, first, second });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use model::publish::{LOOPBACK, Protocol};

    use super::*;

    fn request(publish: Vec<Publish>) -> RunRequest {
        RunRequest { publish, ..RunRequest::default() }
    }

    fn port(host_port: u16, port: u16) -> Publish {
        Publish { address: LOOPBACK, host_port, port, protocol: Protocol::Tcp }
    }

    #[test]
    fn the_host_s_network_needs_no_ports() {
        let all = RunRequest { publish_all: true, network: Network::Host, ..RunRequest::default() };
        let one = RunRequest { network: Network::Host, ..request(vec![port(8080, 80)]) };
        assert_eq!(
            check(&one).unwrap_err().to_string(),
            "`-p 127.0.0.1:8080:80` has no effect with `--network host`: its ports are the host's already"
        );
        assert!(check(&all).is_err());
        assert!(check(&RunRequest { network: Network::None, ..one }).is_ok());
    }

    #[test]
    fn a_port_of_the_host_leads_to_one_place() {
        let udp = Publish { protocol: Protocol::Udp, ..port(8080, 80) };
        assert!(check(&request(vec![port(8080, 80), udp, port(8081, 80)])).is_ok());
        assert!(check(&request(vec![port(0, 80), port(0, 81)])).is_ok());
        let error = check(&request(vec![port(8080, 80), port(8080, 81)])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "127.0.0.1:8080 is published twice, by `-p 127.0.0.1:8080:80` and by `-p 127.0.0.1:8080:81`"
        );
    }
}
