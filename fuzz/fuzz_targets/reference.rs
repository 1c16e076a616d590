//! What a person types to name an image: whatever parses is shown in a form that parses to the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::reference::Reference;

fuzz_target!(|text: &str| {
    if let Ok(reference) = text.parse::<Reference>() {
        assert_eq!(reference.to_string().parse(), Ok(reference));
    }
});
