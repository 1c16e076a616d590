//! A registry over a directory, for trying: `serve DIRECTORY [ADDRESS]`. It prints where it listens. A user `test` with the password `test` may
//! do everything; everybody may pull.

use std::collections::BTreeSet;
use std::error::Error;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher as _, SaltString};
use coffer_registry::server::access::{Access, Role, User};
use coffer_registry::server::depot::{Anything, Depot};
use coffer_registry::server::http::{Limits, Server, Service};
use coffer_registry::server::journal::Silence;
use coffer_registry::server::scribe::Scribe;
use coffer_registry::server::settings::{AccessSettings, Anonymous};
use coffer_registry::server::shelf::Shelf;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let root = arguments.first().ok_or("usage: serve DIRECTORY [ADDRESS]")?;
    let listen: SocketAddr = arguments.get(1).map_or("127.0.0.1:5000", String::as_str).parse()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(serve(Path::new(root), listen))
}

async fn serve(root: &Path, listen: SocketAddr) -> Result<(), Box<dyn Error>> {
    let shelf = Shelf::disk(root)?;
    let settings = AccessSettings {
        anonymous: Anonymous::Pull,
        requests_per_address: u32::MAX,
        requests_per_identity: u32::MAX,
        ..AccessSettings::default()
    };
    let access = Access::new(&shelf, &settings)?;
    // On a second run the user is there.
    let _ = access.accounts().add_user("test", &somebody()?).await;
    let depot = Depot::new(shelf, Arc::new(Anything));
    let scribe = Scribe::start(Arc::new(Silence))?;
    let service = Service::new(depot, Arc::new(access), scribe, clock, None, 1 << 40);
    let server = Server::bind(listen, service, None, Limits::default()).await?;
    writeln!(std::io::stdout(), "{}", server.address()?)?;
    server.run(std::future::pending(), Duration::ZERO).await;
    Ok(())
}

fn somebody() -> Result<User, Box<dyn Error>> {
    let salt = SaltString::encode_b64(b"nobody's secret").map_err(|error| error.to_string())?;
    let hash = Argon2::default().hash_password(b"test", &salt).map_err(|error| error.to_string())?;
    let password = hash.to_string();
    Ok(User { password, role: Role::Admin, grants: Vec::new(), teams: BTreeSet::new(), made: clock() })
}

fn clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs())
}
