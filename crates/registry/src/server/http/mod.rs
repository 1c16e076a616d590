//! The OCI distribution specification 1.1 over HTTP: what a request asks, whether it may, and the answer.

mod answer;
mod failure;
mod percent;
mod query;
mod route;
mod range;
mod paced;
mod watch;
mod pulls;
mod service;
mod blobs;
mod uploads;
mod manifests;
mod lists;
mod token;
mod connections;
mod listener;

pub mod fuzz;

pub use answer::{Answer, AnswerBody};
pub use connections::Limits;
pub use listener::Server;
pub use paced::Trickle;
pub use service::{Caller, Clock, Service};
pub use watch::{Shown, Watch, show};
