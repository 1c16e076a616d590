//! Several at a time: most of a collection is waiting for a disk or a bucket.

use std::io;

use tokio::task::JoinSet;

use crate::server::depot::Result;
use crate::server::shelf::ShelfError;

/// How many at a time.
const MANY: usize = 16;

/// Does the same with every item, and returns what came of it, in no order, or the first error.
pub(super) async fn together<I, T, W>(
    items: impl IntoIterator<Item = I>,
    mut work: impl FnMut(I) -> W,
) -> Result<Vec<T>>
where
    T: Send + 'static,
    W: Future<Output = Result<T>> + Send + 'static,
{
    let failed = |error| ShelfError::place("work on", "garbage", io::Error::other(error));
    let (mut under_way, mut done) = (JoinSet::new(), Vec::new());
    for item in items {
        if under_way.len() >= MANY
            && let Some(one) = under_way.join_next().await
        {
            done.push(one.map_err(failed)??);
        }
        under_way.spawn(work(item));
    }
    while let Some(one) = under_way.join_next().await {
        done.push(one.map_err(failed)??);
    }
    Ok(done)
}
