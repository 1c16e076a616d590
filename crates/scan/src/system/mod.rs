//! What a distribution says of itself: its release, and the databases of dpkg and apk.

mod release;
mod control;
mod copyright;
pub(crate) mod documents;
mod dpkg;
mod apk;

pub(crate) use release::{
    PLACES as RELEASES, REPOSITORIES, complete as complete_release, read as read_release,
    wants as wants_release,
};

use crate::catalog::Cataloger;

/// Those of this module.
pub(crate) const CATALOGERS: &[Cataloger] =
    &[dpkg::STATUS, dpkg::SINGLE, dpkg::LIST, dpkg::SUMS, copyright::COPYRIGHT, apk::INSTALLED];

#[cfg(test)]
mod tests;
