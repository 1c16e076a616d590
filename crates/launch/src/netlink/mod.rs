//! rtnetlink(7): as much of it as moves a network device, with a writer and a reader of our own.

mod request;
mod answer;
mod socket;

pub(crate) use answer::number;
pub use answer::{Answer, Message, attributes, messages};
pub(crate) use request::Request;
pub(crate) use socket::Socket;
