//! How much the values of one plan may come to: a variable can be made of itself, and each step has them all.

use std::cell::Cell;

use super::error::Problem;
use super::options::Options;

/// Bytes that are left; none once there were too few.
pub(super) struct Budget {
    left: Cell<Option<usize>>,
    most: usize,
}

impl Budget {
    pub(super) fn of(options: &Options) -> Self {
        let most = options.limits.plan_bytes;
        Self { left: Cell::new(Some(most)), most }
    }

    /// Takes what is looked at or made.
    pub(super) fn charge(&self, bytes: usize) -> Result<(), Problem> {
        self.left.set(self.left.get().and_then(|left| left.checked_sub(bytes)));
        self.left.get().map(drop).ok_or(Problem::Size(self.most))
    }
}
