//! Files with credentials: what is kept is found, whatever else is in the file.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;
use model::reference::Repository;
use registry::config::fuzz::credentials;
use registry::config::{Credentials, Secret};

fuzz_target!(|bytes: &[u8]| {
    let registry = Repository { registry: "reg.example:5000".into(), path: "team".into() };
    let password = Secret::new("p:q".into());
    let Ok([added, _left]) = credentials(bytes, &registry, "user", &password) else { return };
    let login = Credentials::Password { user: "user".into(), password };
    // A helper of the registry's own comes before any entry.
    assert!(added.is_none() || added.as_ref() == Some(&login));
});
