//! The names of tlog-tiles resources, relative to the served directory.

use crate::tree::TILE_WIDTH;

/// The signed checkpoint.
pub(crate) const CHECKPOINT: &str = "checkpoint";

/// What a tile path names: hashes of a level, or entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tile {
    /// A bundle of entries.
    Entries,
    /// Hashes of this level.
    Level(u8),
}

/// `tile/<L>/<N>` of the full tile.
pub(crate) fn full(tile: Tile, index: u64) -> String {
    match tile {
        Tile::Entries => format!("tile/entries/{}", elements(index)),
        Tile::Level(level) => format!("tile/{level}/{}", elements(index)),
    }
}

/// `tile/<L>/<N>.p/<W>`, for a `width` of 1 to 255.
pub(crate) fn partial(tile: Tile, index: u64, width: usize) -> String {
    format!("{}.p/{width}", full(tile, index))
}

/// The partial tiles of a tree of `size` leaves: level, index and width (tlog-tiles, "Partial Tiles":
/// `floor(s / 256**l) mod 256`).
pub(crate) fn partials(size: u64) -> impl Iterator<Item = (u8, u64, usize)> {
    const W: u64 = TILE_WIDTH as u64;
    (0u8..8)
        .map_while(move |level| size.checked_shr(8 * u32::from(level)).map(|hashes| (level, hashes)))
        .filter_map(|(level, hashes)| match hashes % W {
            0 => None,
            width => Some((level, hashes / W, usize::try_from(width).ok()?)),
        })
}

/// 1234067 is `x001/x234/067`.
fn elements(index: u64) -> String {
    let mut path = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        assert_eq!(full(Tile::Level(0), 1_234_067), "tile/0/x001/x234/067");
        assert_eq!(full(Tile::Entries, 0), "tile/entries/000");
        assert_eq!(full(Tile::Level(3), 1000), "tile/3/x001/000");
        assert_eq!(partial(Tile::Entries, 67, 255), "tile/entries/067.p/255");
    }

    #[test]
    fn the_example_of_70_000_entries_has_the_partial_tiles_of_the_specification() {
        assert_eq!(partials(70_000).collect::<Vec<_>>(), [(0, 273, 112), (1, 1, 17), (2, 0, 1)]);
        assert_eq!(partials(256).collect::<Vec<_>>(), [(1, 0, 1)]);
        assert_eq!(partials(0).count(), 0);
    }
}
