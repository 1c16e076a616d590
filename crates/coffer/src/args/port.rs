//! `coffer port`

use clap::Args;
use model::publish::{ContainerPort, PortSyntax};

use crate::value::ValueError;

/// `port`
#[derive(Debug, Args)]
pub(crate) struct Port {
    /// Name, id or the beginning of an id
    #[arg(value_name = "CONTAINER")]
    pub(crate) container: String,
    /// Only this port of the container: 80, 53/udp
    #[arg(value_name = "PORT[/PROTOCOL]", value_parser = port)]
    pub(crate) port: Option<ContainerPort>,
}

fn port(text: &str) -> Result<ContainerPort, ValueError> {
    text.parse()
        .map_err(|_: PortSyntax| ValueError::new("it is no port", "a number and a protocol, such as 53/udp"))
}
