//! Keys of those who publish advisories: the public half as text, the private half in a file.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use engine::EngineError;
use engine::advice::{Publisher, PublisherKey, publisher};

use super::ValueError;
use crate::errors::Failure;

/// The most that a file with a key may be long, in bytes.
const MOST: u64 = 64 << 10;

/// The Base64 of a public key.
pub(crate) fn parse(text: &str) -> Result<PublisherKey, ValueError> {
    PublisherKey::parse(text).map_err(|_| {
        ValueError::new("it is no public key", "44 characters, as coffer advisories export --key says them")
    })
}

/// Whoever holds the private key in a file.
pub(crate) fn holder(path: &Path) -> Result<Publisher<'static>, Failure> {
    let read = |error| Failure::file("read", path, &error);
    let mut pem = String::new();
    File::open(path).map_err(read)?.take(MOST).read_to_string(&mut pem).map_err(read)?;
    Ok(publisher(&pem).map_err(EngineError::from)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_base64_of_a_point_and_nothing_else() {
        let key = "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=";
        assert_eq!(parse(key).unwrap().to_string(), key);
        for wrong in ["", "PUAX", "advisories.key", "-----BEGIN PUBLIC KEY-----"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
