//! What clients put into addresses, where it would name a file: digests, tags and names of uploads.
#![cfg_attr(fuzzing, no_main)]

use std::path::{Component, Path};

use driver::fuzz_target;
use registry::server::shelf::{ContentDigest, Key, UploadId};

fuzz_target!(|text: &str| {
    if let Ok(key) = Key::new(&["repositories", text]) {
        let path = Path::new(key.as_str());
        assert!(path.components().all(|part| matches!(part, Component::Normal(_))));
        assert_eq!(path.to_str(), Some(key.as_str()));
    }
    if let Ok(digest) = text.parse::<ContentDigest>() {
        assert_eq!(digest.to_string(), text);
        assert!(Key::new(&[digest.algorithm().name(), digest.hex()]).is_ok());
    }
    if let Ok(id) = text.parse::<UploadId>() {
        assert_eq!(id.to_string(), text);
    }
});
