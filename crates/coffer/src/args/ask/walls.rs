//! Requests to open a wall; each is judged, recorded, and shown by `coffer explain`.

use clap::{Args, ValueEnum};
use model::publish::Publish;
use model::request::{HostNamespace, Network};

use crate::value::pair::{self, Pair};
use crate::value::{ValueError, capability, publish};

/// What separates it from the host.
#[derive(Debug, Args)]
#[command(next_help_heading = "Walls")]
pub(crate) struct Walls {
    /// none: loopback only; outbound: connections go out, none come in; host: the host's network
    #[arg(long, visible_alias = "net", value_name = "NETWORK", value_parser = network)]
    pub(super) network: Option<Network>,
    /// Publish a port on loopback, or on another address
    #[arg(short, long, value_name = "[ADDRESS:][PORT:]PORT[/udp]", value_parser = publish::parse)]
    pub(super) publish: Vec<Vec<Publish>>,
    /// Publish every port that the image exposes on a free port of loopback
    #[arg(short = 'P', long)]
    pub(super) publish_all: bool,
    /// See the host's processes
    #[arg(long, value_enum, value_name = "private|host", hide_possible_values = true)]
    pid: Option<Namespace>,
    /// Share the host's System V IPC
    #[arg(long, value_enum, value_name = "private|host", hide_possible_values = true)]
    ipc: Option<Namespace>,
    /// Share the host's name
    #[arg(long, value_enum, value_name = "private|host", hide_possible_values = true)]
    uts: Option<Namespace>,
    /// Share the host's users: root inside is root outside
    #[arg(long, value_enum, value_name = "private|host", hide_possible_values = true)]
    userns: Option<Namespace>,
    /// See the host's control groups
    #[arg(long, value_enum, value_name = "private|host", hide_possible_values = true)]
    cgroupns: Option<Namespace>,
    /// Add a capability
    #[arg(long, value_name = "NAME", value_parser = capability::parse)]
    pub(super) cap_add: Vec<String>,
    /// Drop a capability
    #[arg(long, value_name = "NAME", value_parser = capability::parse)]
    pub(super) cap_drop: Vec<String>,
    /// Take every wall away
    #[arg(long)]
    pub(super) privileged: bool,
    /// seccomp=unconfined; no-new-privileges is always in force
    #[arg(long, value_name = "OPTION", value_parser = security_option)]
    pub(super) security_opt: Vec<SecurityOption>,
    /// Set a namespaced kernel parameter
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair::sysctl)]
    pub(super) sysctl: Vec<Pair>,
}

/// Whose namespace it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Namespace {
    /// Its own, as without the option.
    Private,
    /// The host's.
    Host,
}

/// `--security-opt`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SecurityOption {
    /// No system call filter.
    SeccompUnconfined,
    /// no_new_privs, which every container has.
    NoNewPrivileges,
}

impl Walls {
    /// The namespaces that are to be the host's.
    pub(super) fn host_namespaces(&self) -> Vec<HostNamespace> {
        let asked = [
            (self.pid, HostNamespace::Pid),
            (self.ipc, HostNamespace::Ipc),
            (self.uts, HostNamespace::Uts),
            (self.userns, HostNamespace::User),
            (self.cgroupns, HostNamespace::Cgroup),
        ];
        let hosts = asked.into_iter().filter(|(whose, _)| *whose == Some(Namespace::Host));
        hosts.map(|(_, namespace)| namespace).collect()
    }
}

fn network(text: &str) -> Result<Network, ValueError> {
    match text {
        "none" => Ok(Network::None),
        "outbound" => Ok(Network::Outbound),
        "host" => Ok(Network::Host),
        _ => Err(ValueError::new(
            "there are no networks between containers in this version",
            "none, outbound or host",
        )),
    }
}

fn security_option(text: &str) -> Result<SecurityOption, ValueError> {
    match text {
        "seccomp=unconfined" | "seccomp:unconfined" => Ok(SecurityOption::SeccompUnconfined),
        "no-new-privileges" | "no-new-privileges:true" | "no-new-privileges=true" => {
            Ok(SecurityOption::NoNewPrivileges)
        }
        _ => Err(ValueError::new(
            "it is no option that can be granted",
            "seccomp=unconfined; no-new-privileges is accepted, and always in force",
        )),
    }
}
