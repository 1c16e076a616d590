//! The tests that hold the house: who may import whom, what may stand in a file, and that the papers
//! say what is. They read the checkout; they build nothing.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot read the checkout must fail")]

mod tree;
mod workspace;
mod star;
mod sources;
mod vouchers;
mod papers;
mod licences;
