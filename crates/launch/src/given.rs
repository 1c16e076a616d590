//! What a container is given beyond its specification, because that is written down and read by others.

use std::fmt;

use zeroize::Zeroizing;

use crate::start::Io;

/// Streams, and what nobody is to know.
#[derive(Debug)]
pub struct Given {
    /// Its standard streams.
    pub io: Io,
    /// Contents of the specification's secret files, in its order.
    pub secrets: Vec<Secret>,
    /// Variables whose values are secret, `NAME=value`.
    pub variables: Vec<Secret>,
}

impl From<Io> for Given {
    fn from(io: Io) -> Self {
        Self { io, secrets: Vec::new(), variables: Vec::new() }
    }
}

/// Bytes that are wiped from memory when nobody needs them any more, and that no message shows.
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes them over.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}
