//! What each command understands: one file for each group of commands, nothing that acts.

pub(crate) mod ask;
pub(crate) mod attest;
pub(crate) mod build;
pub(crate) mod container;
pub(crate) mod exec;
pub(crate) mod lifecycle;
pub(crate) mod files;
pub(crate) mod global;
pub(crate) mod image;
pub(crate) mod logs;
pub(crate) mod login;
pub(crate) mod other;
pub(crate) mod port;
pub(crate) mod registry;
pub(crate) mod resources;
pub(crate) mod run;
pub(crate) mod scan;
pub(crate) mod ship;
pub(crate) mod system;
pub(crate) mod trust;
pub(crate) mod volume;
