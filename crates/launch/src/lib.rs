//! The only crate that holds run privilege: an OCI runtime specification goes in, a confined process
//! comes out.
pub mod seccomp;
