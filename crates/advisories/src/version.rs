//! The orders of versions, one for each ecosystem.
