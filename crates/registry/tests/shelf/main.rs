//! One suite over every kind of shelf, and what is particular to each.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and a child tells its parent what it has done"
)]

mod body;
mod bucket;
mod disk;
mod faults;
#[path = "../s3/mod.rs"]
#[allow(dead_code, reason = "requests are held and overtake one another for the depot's tests")]
mod s3;
mod suite;

use std::path::Path;

use coffer_registry::server::shelf::Shelf;

/// Somewhere that several servers can open.
trait Place {
    fn open(&self) -> Shelf;
}

/// A directory that goes with the test.
struct Directory(tempfile::TempDir);

impl Directory {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> std::path::PathBuf {
        self.0.path().join("shelf")
    }
}

impl Place for Directory {
    fn open(&self) -> Shelf {
        open(&self.path())
    }
}

fn open(path: &Path) -> Shelf {
    Shelf::disk(path).unwrap()
}

/// The tests in a module of their own; the place is made from a test's name.
macro_rules! on {
    ($module:ident, $place:expr, $($name:ident),* $(,)?) => {
        mod $module {
            use super::*;

            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    let place = ($place)(stringify!($name));
                    suite::$name(&place).await;
                }
            )*
        }
    };
}

macro_rules! everywhere {
    ($($name:ident),* $(,)?) => {
        on!(on_a_directory, |_| Directory::new(), $($name),*);
        on!(in_a_bucket, bucket::Real::new, $($name),*);
    };
}

everywhere!(
    a_record_is_read_as_it_was_written,
    a_record_is_written_on_condition,
    of_many_who_write_first_one_does,
    of_many_who_change_a_record_none_is_lost,
    records_are_written_and_removed_together,
    names_come_in_order_and_page_by_page,
    nothing_is_left_of_what_was_removed,
    a_blob_is_stored_once_and_read_in_parts,
    an_upload_becomes_a_blob,
    an_upload_goes_on_with_another_server,
    an_upload_in_tiny_pieces_is_the_same_upload,
    an_upload_goes_on_where_it_is_and_nowhere_else,
    a_body_that_breaks_off_keeps_what_arrived,
    a_caller_who_goes_away_leaves_what_arrived,
    wrong_bytes_become_nothing,
    two_cannot_add_to_an_upload_at_once,
    an_upload_has_a_limit,
    an_upload_can_be_given_up,
    uploads_that_nobody_goes_on_with_are_found,
    one_upload_is_finished_once,
    many_uploads_of_one_blob_all_succeed,
    a_blob_in_the_trash_comes_back,
    a_blob_in_the_trash_is_destroyed,
    what_was_uploaded_again_is_not_destroyed,
    of_many_who_trash_a_blob_one_does,
    collectors_lose_no_blob_that_has_an_edge,
);
