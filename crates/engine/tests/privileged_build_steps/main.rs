//! Steps of builds: containers whose writes become layers, with mounts that nobody else has.
//!
//! The image holds this very test program, which is static: as a step's program it is called as `inside_step`,
//! and does what the variable `DO` says, a line each.
#![cfg(test)]

#[path = "../own/mod.rs"]
mod own;
mod scene;

mod binds;
mod caches;
mod ends;
mod layers;
mod secrets;
