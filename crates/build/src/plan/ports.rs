//! `EXPOSE`: ports and ranges of them.

use std::collections::BTreeSet;

use super::error::{Problem, shown};

/// Three protocols have so many.
const MOST: usize = 3 * 65_536;

/// The ports that an image names, as they are added to.
pub(super) struct Ports {
    all: BTreeSet<String>,
    /// How many may still be written out, those that are there already included.
    left: usize,
}

impl Ports {
    pub(super) fn of(exposed: &[String]) -> Self {
        Self { all: exposed.iter().cloned().collect(), left: MOST }
    }

    /// `80`, `53/udp`, `8000-8010/tcp`; what stands before it for the host is checked, and without effect.
    /// Gives back what was added, as history names it.
    pub(super) fn add(&mut self, written: &str) -> Result<Vec<String>, Problem> {
        let wrong = || Problem::Port(shown(written));
        let (address, host, inside) = split(written);
        let (range, protocol) = inside.split_once('/').unwrap_or((inside, "tcp"));
        let protocol = if protocol.is_empty() { "tcp".to_owned() } else { protocol.to_ascii_lowercase() };
        if !matches!(protocol.as_str(), "tcp" | "udp" | "sctp") || !is_address(address) {
            return Err(wrong());
        }
        let (first, last) = ports(range).ok_or_else(wrong)?;
        if !host.is_empty() {
            let (low, high) = ports(host).ok_or_else(wrong)?;
            let is_one = first == last;
            if !is_one && high - low != last - first {
                return Err(wrong());
            }
        }
        let count = usize::from(last - first) + 1;
        self.left = self.left.checked_sub(count).ok_or(Problem::Ports)?;
        let added: Vec<String> = (first..=last).map(|port| format!("{port}/{protocol}")).collect();
        self.all.extend(added.iter().cloned());
        Ok(added)
    }

    pub(super) fn finish(self) -> Vec<String> {
        self.all.into_iter().collect()
    }
}

/// `[address:[host:]]inside`, of which the first may have colons.
fn split(written: &str) -> (&str, &str, &str) {
    let Some((before, inside)) = written.rsplit_once(':') else { return ("", "", written) };
    let (address, host) = before.rsplit_once(':').unwrap_or(("", before));
    (address, host, inside)
}

fn is_address(address: &str) -> bool {
    let bare = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(address);
    bare.is_empty() || bare.parse::<std::net::IpAddr>().is_ok()
}

fn ports(range: &str) -> Option<(u16, u16)> {
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let (first, last) = (port(first)?, port(last)?);
    (first <= last).then_some((first, last))
}

fn port(digits: &str) -> Option<u16> {
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exposed(written: &[&str]) -> Result<Vec<String>, Problem> {
        let mut ports = Ports::of(&["22/tcp".to_owned()]);
        for written in written {
            ports.add(written)?;
        }
        Ok(ports.finish())
    }

    #[test]
    fn ports_are_written_out_once_each() {
        assert_eq!(exposed(&["80", "80/TCP", "53/udp"]).unwrap(), ["22/tcp", "53/udp", "80/tcp"]);
        assert_eq!(exposed(&["8000-8002/sctp"]).unwrap(), ["22/tcp", "8000/sctp", "8001/sctp", "8002/sctp"]);
        for host in ["127.0.0.1:8080:80", "[::1]:8080:80", "::1:8080:80", "8080-8090:80", "8080:80"] {
            assert_eq!(exposed(&[host]).unwrap(), ["22/tcp", "80/tcp"], "{host}");
        }
    }

    #[test]
    fn what_is_no_port_is_refused() {
        for wrong in [
            "",
            "/tcp",
            "http",
            "80/icmp",
            "70000",
            "90-80",
            "80-",
            "-1",
            "x:80",
            "host:80:80",
            "1-3:80-81",
            "+80",
        ] {
            assert!(matches!(exposed(&[wrong]), Err(Problem::Port(_))), "{wrong}");
        }
    }

    #[test]
    fn ranges_again_and_again_come_to_an_end() {
        let error = exposed(&["0-65535"; 4]).unwrap_err();
        assert!(matches!(error, Problem::Ports));
    }
}
