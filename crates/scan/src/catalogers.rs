//! All catalogers, in one place.

use crate::catalog::Cataloger;
use crate::{binary, language, rpm, system};

/// Every module's.
pub(crate) const ALL: &[&[Cataloger]] =
    &[system::CATALOGERS, rpm::CATALOGERS, language::CATALOGERS, binary::CATALOGERS];

/// What counts only where a source tree is looked at.
pub(crate) const OF_SOURCES: &[&[Cataloger]] = &[language::MANIFESTS];
