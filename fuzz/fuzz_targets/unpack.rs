//! A layer from a stranger, unpacked into a directory of memory: nothing may appear beside it.
#![cfg_attr(fuzzing, no_main)]

use std::fs::File;
use std::os::fd::OwnedFd;

use driver::fuzz_target;
use store::{Limits, Owner};

fuzz_target!(|bytes: &[u8]| {
    let outer = tempfile::tempdir_in("/dev/shm").expect("memory for a directory");
    let root = outer.path().join("root");
    std::fs::create_dir(&root).expect("a directory");
    let descriptor: OwnedFd = File::open(&root).expect("the directory opens").into();
    let _refused = store::fuzz::layer(bytes, &descriptor, Owner::SingleUser, &Limits::default());
    assert_eq!(std::fs::read_dir(outer.path()).expect("the directory above").count(), 1, "something escaped");
});
