//! A copy that comes from a container, extracted into a directory of memory: nothing may appear beside it.
#![cfg_attr(fuzzing, no_main)]

use std::os::unix::ffi::OsStrExt as _;

use driver::fuzz_target;
use store::copy::{Destination, Owners, Rules, Trust, TypedPath, View, extract};

fuzz_target!(|bytes: &[u8]| {
    let outer = tempfile::tempdir_in("/dev/shm").expect("memory for a directory");
    let root = outer.path().join("root");
    std::fs::create_dir(&root).expect("a directory");
    let destination = Destination::Directory(TypedPath::new(root.as_os_str().as_bytes()));
    let rules = Rules { owners: Owners::Maker, trust: Trust::Stranger };
    let _refused = extract(View::Host, &destination, bytes, rules, &mut |_| {});
    assert_eq!(std::fs::read_dir(outer.path()).expect("the directory above").count(), 1, "something escaped");
});
