//! What a person types to name an image: whatever parses is shown in a form that parses to the same.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;
use model::reference::Reference;

fuzz_target!(|text: &str| {
    if let Ok(reference) = text.parse::<Reference>() {
        assert_eq!(reference.to_string().parse(), Ok(reference));
    }
});
