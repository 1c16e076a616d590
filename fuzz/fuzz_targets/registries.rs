//! registries.conf: whatever it says, a name is made whole, and the registry itself comes last.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;
use registry::config::fuzz::registries;

fuzz_target!(|pair: (&str, &str)| {
    let (text, name) = pair;
    let Ok(name) = name.parse() else { return };
    if let Ok((full, places, itself)) = registries(text, &name) {
        assert!(full.names_registry());
        assert_eq!(places.last(), Some(&itself));
        assert!(places.iter().all(|place| !place.repository.path.is_empty()));
    }
});
