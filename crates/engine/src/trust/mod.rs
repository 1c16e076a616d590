//! Trust in publishers: who is pinned for which place, what they say, and where that comes from.
//!
//! `<state>/trust/pins.json` says whom to believe about what; a directory for each publisher has their signed files,
//! the versions below which nothing is believed any more, and a catalogue, which is all that a start reads. What is
//! read of a publisher's files, from wherever, is as foreign as its carrier until the crate `trust` has verified it.

mod error;

mod place;
mod pins;

mod files;
mod carriage;
mod directory;
mod archive;
mod harbour;
mod source;

mod shelf;
mod news;
mod errand;
mod pinning;

mod vouch;
mod built;
mod asking;
mod admission;

mod publish;
mod stamping;
mod freight;
mod along;

pub mod keyring;
pub mod token;
mod publishing;

pub use along::Along;
pub(crate) use along::unload_trust;
pub use error::{TrustError, UnvouchedError};
pub use files::Files;
pub(crate) use freight::{Freight, SUFFIX};
pub use news::Heard;
pub use pinning::{Exported, Standing};
pub use pins::Pin;
pub use place::{Place, target};
pub use publish::{Carrier, Edition, Published, Revision};
pub use publishing::{
    Beginning, Begun, Desk, First, Guard, KeyStanding, Known, Made, NamedKey, Of, Outcome, PublishingError,
    ReleaseStanding, RoleStanding, RoleWish, Sealing, StageWish, State, Usage, Waiting, Whose,
};
pub use stamping::{Deed, Duty};
pub use sys::environment::take as take_variable;
pub use trust::client::Refreshed;
pub use trust::key::KeyId;
pub use trust::publisher::{Change, Event, Keys, Missing, Requirement, RoleName, StageName, Validity};
