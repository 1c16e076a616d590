//! The image that the binary carries: the probe, a program that looks around from inside and attacks.

pub(crate) mod image;
pub(crate) mod report;
pub(crate) mod page;
pub(crate) mod tour;
