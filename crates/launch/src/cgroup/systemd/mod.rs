//! Groups that systemd makes, asked over D-Bus: scopes around a process, with what systemd has to know of
//! its limits.
//!
//! systemd writes limits again whenever it is reloaded, so it has to know them. All of them go into files as
//! well: it knows only some.

mod wire;
mod value;
mod client;
mod unit;
mod properties;

use client::Client;
pub(super) use properties::properties;
use unit::Bus;
pub use unit::Unit;
pub use value::Value;
pub use wire::BusMessage;

/// A property of a unit and its value.
pub(super) type Property = (String, Value);

fn property(name: &str, value: Value) -> Property {
    (name.to_owned(), value)
}
