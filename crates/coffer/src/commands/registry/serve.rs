//! `registry serve`

use std::net::SocketAddr;

use engine::serving::{Authority, Clear, Event, Listening, Notice, Service, TlsMode};

use super::settings;
use crate::args::global::Format;
use crate::args::registry::Serve;
use crate::commands::Act;
use crate::context::{Context, write_error};
use crate::errors::Failure;
use crate::render::{registry, text, time, units};
use crate::{notify, site};

impl Act for Serve {
    fn act(self, context: &mut Context) -> Result<u8, Failure> {
        let settings = settings::of_server(&self)?;
        let engine = site::open()?;
        if engine.registry_accounts(&settings.storage)?.users()?.is_empty() {
            context.warn("nobody has an account here yet: coffer registry user add --admin NAME");
        }
        let clear = if self.insecure_http { Clear::Accepted } else { Clear::Refused };
        let herald = |notice: &Notice<'_>| say(context, notice);
        let log: Option<fn(&Event)> = if self.log { Some(log) } else { None };
        engine.serve_registry(&settings, &Service { clear, clock: time::seconds, herald: &herald, log })?;
        Ok(0)
    }
}

/// A line for each pull, push and deletion.
fn log(event: &Event) {
    write_error(&(registry::event(event) + "\n"));
}

fn say(context: &Context, notice: &Notice<'_>) {
    match notice {
        Notice::Listening(listening) => begun(context, listening),
        Notice::Reloaded => context.warn("the certificate was read again"),
        Notice::NotReloaded(error) => {
            context.warn(&text::plain(&format!("{error}; the certificate stays what it is")));
        }
        Notice::Kept(round) if round.did_something() => {
            let (blobs, bytes) = (round.collected.blobs, units::bytes(round.collected.bytes));
            context.warn(&format!("{blobs} blobs were garbage, {bytes}"));
        }
        Notice::Kept(_) => {}
        Notice::NotKept(error) => context.warn(&text::plain(&format!("garbage was not collected: {error}"))),
        Notice::Ending => context.warn("ends when the requests are done that it has"),
    }
}

/// Where it listens goes to standard output, for whoever waits for it.
fn begun(context: &Context, listening: &Listening) {
    let told = match context.format {
        Format::Json => context.print_json_line(&registry::ListeningJson::new(listening)),
        Format::Table | Format::Document(_) => context.print(&registry::listening(listening)),
    };
    // A server goes on without anybody to tell; who waits for its readiness is told apart.
    let _nobody = told;
    if let Some(authority) = &listening.authority {
        context.warn(&trust(authority, listening.address));
    }
    if listening.tls == TlsMode::Off && !listening.address.ip().is_loopback() {
        context.warn("passwords are sent in the clear, and everybody on the way can read them");
    }
    if let Err(error) = notify::ready() {
        context.warn(&format!("whoever started this cannot be told that it is ready: {error}"));
    }
}

/// How clients come to trust a certificate that was made here: docker, podman and coffer look into the same place.
fn trust(authority: &Authority, address: SocketAddr) -> String {
    let path = text::plain(&authority.path.display().to_string());
    let port = address.port();
    format!(
        "clients have to trust the authority in {path}\n  \
         SHA-256 {}\n  \
         on each of them, for docker, podman and coffer, with HOST as they call this one:\n  \
         mkdir -p /etc/docker/certs.d/HOST:{port} && cp ca.crt /etc/docker/certs.d/HOST:{port}/",
        authority.fingerprint
    )
}
