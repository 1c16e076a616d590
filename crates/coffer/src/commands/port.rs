//! `port`

use model::publish::{ContainerPort, Publish};

use super::{Act, Entry, Life, act, options};
use crate::args::port::Port;
use crate::context::Context;
use crate::errors::{ExitCodes, Failure};
use crate::render::container::PortJson;
use crate::site;

pub(super) const PORT: Entry = Entry {
    words: &["port"],
    aliases: &[&["container", "port"]],
    life: Life::Run,
    about: "Show where on this host a container's ports are published",
    examples: [("coffer port web", "all of them"), ("coffer port web 80", "where port 80 is reached")],
    notes: "`coffer run -p 8080:80` publishes a port on loopback. A container that has ended has none.",
    codes: ExitCodes::Ordinary,
    options: options::<Port>,
    act: act::<Port>,
};

impl Act for Port {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let container = site::open()?.container(&self.container)?;
        let asked = |port: &&Publish| {
            self.port.is_none_or(|asked| (asked.port, asked.protocol) == (port.port, port.protocol))
        };
        let ports: Vec<&Publish> = container.open_ports().iter().filter(asked).collect();
        if let (Some(asked), true) = (self.port, ports.is_empty()) {
            return Err(Failure::failed(
                "E-network-unpublished",
                format!("port {asked} of `{}` is not published", container.name),
                format!(
                    "`coffer port {}` lists those that are; `coffer run -p` publishes one",
                    container.name
                ),
            ));
        }
        let line = |port: &&Publish| match self.port {
            Some(_) => format!("{}\n", port.host()),
            None => {
                let inside = ContainerPort { port: port.port, protocol: port.protocol };
                format!("{inside} -> {}\n", port.host())
            }
        };
        context.show(
            || ports.iter().map(|port| PortJson::new(port)).collect::<Vec<_>>(),
            || ports.iter().map(line).collect(),
        )?;
        Ok(0)
    }
}
