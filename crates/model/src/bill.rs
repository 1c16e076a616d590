//! What our bills of material say of a package beyond what the standards have a place for: `report` writes these
//! names and `scan` reads them again.

/// The file that says that the package is there.
pub const LOCATION: &str = "coffer:location";
/// The layer that brought it, counted from the bottom.
pub const LAYER: &str = "coffer:layer";
/// That layer's digest.
pub const LAYER_DIGEST: &str = "coffer:layer-digest";
/// The distribution's package that its files belong to, by its name within the document.
pub const OWNER: &str = "coffer:owner";
/// A licence in the package's own words, where the standard's place has others.
pub const LICENCE: &str = "coffer:licence";
/// The distribution's release by name: `bookworm`.
pub const CODENAME: &str = "coffer:codename";
/// A distribution that it is like, closest first.
pub const LIKE: &str = "coffer:like";
/// Something that could not be read, so that the document may lack packages.
pub const GAP: &str = "coffer:gap";
