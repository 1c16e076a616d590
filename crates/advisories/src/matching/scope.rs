//! An ecosystem or a release, and the shards that have advisories about it.

use crate::database::{Shard, hash};
use crate::version::Order;

/// Where to look a package up.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    pub(super) ecosystem: &'a str,
    pub(super) hash: u64,
    pub(super) order: Order,
    pub(super) shards: Vec<&'a Shard>,
}

/// Every ecosystem of the shards, sorted by name.
pub(super) fn scopes<'a>(shards: &'a [Shard]) -> Result<Vec<Scope<'a>>, crate::database::Damage> {
    let mut scopes: Vec<Scope<'a>> = Vec::new();
    for shard in shards {
        for ecosystem in shard.ecosystems()? {
            match scopes.binary_search_by(|scope| scope.ecosystem.cmp(ecosystem)) {
                Ok(at) => scopes.get_mut(at).into_iter().for_each(|scope| scope.shards.push(shard)),
                Err(at) => {
                    // Shards have no package of an ecosystem without an order.
                    let Some(order) = Order::of_ecosystem(ecosystem) else { continue };
                    let hash = hash(ecosystem.as_bytes());
                    scopes.insert(at, Scope { ecosystem, hash, order, shards: vec![shard] });
                }
            }
        }
    }
    Ok(scopes)
}
