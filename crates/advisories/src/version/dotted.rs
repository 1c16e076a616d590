//! Orders in which a version is numbers and nothing else, and of two that begin alike the longer is the newer.

use super::is_digits;
use super::key::Key;

const END: u8 = 0;
const NUMBER: u8 = 1;

pub(super) fn write(version: &str, separators: &[char], key: &mut Key<'_>) -> Result<(), &'static str> {
    for part in version.split(separators) {
        if !is_digits(part) {
            return Err("there is something other than numbers in it");
        }
        key.mark(NUMBER);
        key.number(part);
    }
    key.mark(END);
    Ok(())
}
