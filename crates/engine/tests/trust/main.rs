//! Trust in publishers, against registries over std's sockets: what they say is sent, carried, kept and believed, and
//! what somebody else says in their name is not.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use coffer_engine as engine;

#[path = "../../../coffer/tests/layers/mod.rs"]
mod layers;
#[path = "../../../coffer/tests/shipping/mod.rs"]
mod shipping;

mod place;
mod publisher;
mod scene;

mod attacks;
mod builds;
mod evidence;
mod levels;
mod publishing;
mod stamping;
mod starts;
