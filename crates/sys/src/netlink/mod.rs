//! rtnetlink(7): as much of it as moves, sets up and looks up network devices and routes, with a writer and a
//! reader of our own. It allocates.

mod request;
mod answer;
mod socket;

pub use answer::{Answer, Message, attributes, messages, number};
pub use request::Request;
pub use socket::Socket;
