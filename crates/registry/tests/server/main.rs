//! A whole registry over a directory, asked over real connections: what clients do, and what nobody should.

mod running;
mod http;

mod pushing;
mod pulling;
mod listing;
mod refusing;
mod hostile;
mod generated;
mod crashing;
mod many;
