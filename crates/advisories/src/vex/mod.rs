//! VEX: what somebody who knows a product says of vulnerabilities in it, in the forms of OpenVEX, CSAF and CycloneDX.

mod purl;
mod statement;
mod openvex;
mod csaf;
mod cyclonedx;
mod document;

pub use document::{Document, VexError};
pub use statement::{Component, Statement, Verdict};
