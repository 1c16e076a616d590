//! From text to instructions.

mod error;
mod near;
mod keyword;
mod directives;
mod split;
mod document;
mod node;
mod dump;
mod tree;
mod flags;
mod number;
mod transfer;
mod mount;
mod run;
mod health;
mod statement;
mod file;

pub use error::{Fault, ParseError};
pub use file::{parse, parse_trigger};
pub use mount::MountError;
pub(crate) use near::{differs_once, nearest};
pub(crate) use node::{Arguments, Node};
pub(crate) use statement::{Statement, statement};
pub use tree::Tree;

#[cfg(test)]
mod tests;
