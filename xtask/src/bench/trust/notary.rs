//! Debian's notary with a server of its own, which keeps everything in memory and its keys beside it.

use crate::bench::scratch::Scratch;
use crate::server::{self, Server};
use crate::shell::{self, Outcome};

/// The server that says what is signed; killed when dropped.
pub(crate) struct Notary {
    server: Server,
    version: String,
}

impl Notary {
    pub(crate) fn start(scratch: &Scratch) -> Outcome<Self> {
        let port = server::free_port()?;
        let file = scratch.path().join("notary.json");
        let config = serde_json::json!({
            "server": { "http_addr": format!("127.0.0.1:{port}") },
            "trust_service": { "type": "local" },
            "storage": { "backend": "memory" },
            "logging": { "level": "error" },
        });
        std::fs::write(&file, config.to_string()).map_err(|error| format!("{}: {error}", file.display()))?;
        let mut command = shell::program("notary-server", ["-config"]);
        let server = Server::start("notary-server", command.arg(&file), port)?;
        let version = shell::capture(&mut shell::program("dpkg-query", ["-W", "-f", "${Version}", "notary"]));
        Ok(Self { server, version: version.unwrap_or_else(|_| "unknown".to_owned()) })
    }

    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }
}
