//! An OCI runtime specification from disk: what is read and written is read the same again, and whatever can
//! be read can be planned or is refused.
#![cfg_attr(fuzzing, no_main)]

use driver::fuzz_target;
use model::spec::Spec;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(spec) = serde_json::from_slice::<Spec>(bytes) {
        let written = serde_json::to_vec(&spec).expect("a specification can be written");
        assert_eq!(serde_json::from_slice::<Spec>(&written).expect("what we wrote can be read"), spec);
        let _planned = launch::fuzz::plan(&spec);
    }
});
