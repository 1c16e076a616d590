//! Inclusion and consistency proofs, made and checked (RFC 9162 section 2.1.3 and 2.1.4, which
//! restate RFC 6962 section 2.1.1 and 2.1.2). Pure: the hashes come from a [`HashReader`].

use crate::hash::TreeHash;

/// Where proofs find the hashes of a tree.
pub trait HashReader {
    /// Why a hash cannot be had.
    type Error;

    /// The root of the complete subtree over leaves `index << height .. (index + 1) << height`.
    ///
    /// # Errors
    /// Whatever keeps the reader from its hashes.
    fn subtree(&self, height: u32, index: u64) -> Result<TreeHash, Self::Error>;
}

/// The largest power of two smaller than `n`, for `n` of 2 and above.
fn split(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}

/// `MTH(D[start:end])` where `start` is a multiple of the power of two that covers the range.
fn range<R: HashReader>(reader: &R, start: u64, end: u64) -> Result<TreeHash, R::Error> {
    let width = end - start;
    if width == 0 {
        return Ok(TreeHash::of_nothing());
    }
    if width.is_power_of_two() {
        let height = width.ilog2();
        return reader.subtree(height, start >> height);
    }
    let middle = start + split(width);
    Ok(TreeHash::of_node(range(reader, start, middle)?, range(reader, middle, end)?))
}

/// The root of the first `size` leaves.
///
/// # Errors
/// The reader's.
pub fn root<R: HashReader>(reader: &R, size: u64) -> Result<TreeHash, R::Error> {
    range(reader, 0, size)
}

/// `PATH(index, D[0:size])`, RFC 9162 section 2.1.3.1: the siblings from the leaf to the root.
/// Empty if `index` is not below `size`.
///
/// # Errors
/// The reader's.
pub fn inclusion<R: HashReader>(reader: &R, index: u64, size: u64) -> Result<Vec<TreeHash>, R::Error> {
    let mut path = Vec::new();
    let (mut start, mut end) = (0, size);
    while index < end && end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            path.push(range(reader, middle, end)?);
            end = middle;
        } else {
            path.push(range(reader, start, middle)?);
            start = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// `PROOF(old, D[0:new])`, RFC 9162 section 2.1.4.1. Empty if `old` is 0, `new` or beyond.
///
/// # Errors
/// The reader's.
pub fn consistency<R: HashReader>(reader: &R, old: u64, new: u64) -> Result<Vec<TreeHash>, R::Error> {
    let mut path = Vec::new();
    let (mut start, mut end) = (0, new);
    if old == 0 || old >= new {
        return Ok(path);
    }
    while old != end {
        let middle = start + split(end - start);
        if old <= middle {
            path.push(range(reader, middle, end)?);
            end = middle;
        } else {
            path.push(range(reader, start, middle)?);
            start = middle;
        }
    }
    // The verifier knows the old root, so only a subtree that is not the whole old tree is named.
    if start != 0 {
        path.push(range(reader, start, end)?);
    }
    path.reverse();
    Ok(path)
}

/// Checks an inclusion proof, RFC 9162 section 2.1.3.2.
#[must_use]
pub fn verify_inclusion(leaf: TreeHash, index: u64, size: u64, path: &[TreeHash], root: TreeHash) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = TreeHash::of_node(*sibling, hash);
            (node, last) = climb_to_left_child(node, last);
        } else {
            hash = TreeHash::of_node(hash, *sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    last == 0 && hash == root
}

/// Where a node is the last of its level and has no sibling, it stands for its ancestors up to the
/// first that is a right child.
fn climb_to_left_child(node: u64, last: u64) -> (u64, u64) {
    if node == 0 {
        return (0, last);
    }
    let levels = node.trailing_zeros();
    (node >> levels, last >> levels)
}

/// Checks a consistency proof between the tree of `old` leaves with `old_root` and the tree of
/// `new` leaves with `new_root`, RFC 9162 section 2.1.4.2.
#[must_use]
pub fn verify_consistency(
    old: u64,
    old_root: TreeHash,
    new: u64,
    new_root: TreeHash,
    path: &[TreeHash],
) -> bool {
    if old == new {
        return path.is_empty() && old_root == new_root;
    }
    if old == 0 {
        return path.is_empty() && old_root == TreeHash::of_nothing();
    }
    if old > new {
        return false;
    }
    let (seed, rest) = match path.split_first() {
        _ if old.is_power_of_two() => (old_root, path),
        Some((first, rest)) => (*first, rest),
        None => return false,
    };
    let shift = (old - 1).trailing_ones();
    let (mut node, mut last) = ((old - 1) >> shift, (new - 1) >> shift);
    let (mut from, mut to) = (seed, seed);
    for sibling in rest {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            from = TreeHash::of_node(*sibling, from);
            to = TreeHash::of_node(*sibling, to);
            (node, last) = climb_to_left_child(node, last);
        } else {
            to = TreeHash::of_node(to, *sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    last == 0 && from == old_root && to == new_root
}

#[cfg(test)]
#[path = "proof_tests.rs"]
mod tests;
