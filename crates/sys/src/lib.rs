//! The only crate that: see Cargo.toml.
