//! All catalogers, in one place.

use crate::catalog::Cataloger;
use crate::{binary, rpm, system};

/// Every module's.
pub(crate) const ALL: &[&[Cataloger]] = &[system::CATALOGERS, rpm::CATALOGERS, binary::CATALOGERS];
