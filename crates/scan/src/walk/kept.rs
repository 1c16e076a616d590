//! The first of many, whoever found them: what there is too much of is not kept, so that no tree fills the memory.

use std::cmp::Ordering;

/// Some things in an order of their own, of which the first are enough.
#[derive(Debug)]
pub(super) struct Kept<T> {
    list: Vec<T>,
    most: usize,
    order: fn(&T, &T) -> Ordering,
}

impl<T> Kept<T> {
    /// The first `most` in that order, and one more that tells that there were more.
    pub(super) fn first(most: usize, order: fn(&T, &T) -> Ordering) -> Self {
        Self { list: Vec::new(), most: most.saturating_add(1), order }
    }

    /// Takes one up.
    pub(super) fn push(&mut self, one: T) {
        self.list.push(one);
        if self.list.len() >= self.most.saturating_mul(2) {
            self.list.sort_unstable_by(self.order);
            self.list.truncate(self.most);
        }
    }

    /// All that were kept, in no order.
    pub(super) fn into_list(self) -> Vec<T> {
        self.list
    }
}

impl<T> Extend<T> for Kept<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, many: I) {
        many.into_iter().for_each(|one| self.push(one));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_are_kept_whatever_came_first() {
        for backwards in [false, true] {
            let mut kept = Kept::first(3, u32::cmp);
            kept.extend((0..1000).map(|number| if backwards { 999 - number } else { number }));
            let mut list = kept.into_list();
            assert!(list.len() < 8, "{list:?}");
            list.sort_unstable();
            assert_eq!(list[..4], [0, 1, 2, 3]);
        }
    }
}
