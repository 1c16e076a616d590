//! All catalogers, in one place.

use crate::catalog::Cataloger;
use crate::system;

/// Every module's.
pub(crate) const ALL: &[&[Cataloger]] = &[system::CATALOGERS];
