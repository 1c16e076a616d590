//! A manifest and, after the first line's end, a configuration from a registry that means harm.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (manifest, config) = bytes.split_at(end);
    if let Ok(layers) = store::fuzz::incoming(manifest, config, &store::Limits::default()) {
        assert!(layers <= manifest.len(), "each layer takes some of the manifest");
    }
});
