//! From values to text for people and data for programs; nothing here writes anything.

pub(crate) mod changes;
pub(crate) mod cleared;
pub(crate) mod container;
pub(crate) mod event;
pub(crate) mod explain;
pub(crate) mod history;
pub(crate) mod host;
pub(crate) mod info;
pub(crate) mod image;
pub(crate) mod ledger;
pub(crate) mod logs;
pub(crate) mod login;
pub(crate) mod registry;
pub(crate) mod ship;
pub(crate) mod stats;
pub(crate) mod style;
pub(crate) mod table;
pub(crate) mod tags;
pub(crate) mod text;
pub(crate) mod time;
pub(crate) mod top;
pub(crate) mod units;
pub(crate) mod usage;
pub(crate) mod verdict;
pub(crate) mod volume;
