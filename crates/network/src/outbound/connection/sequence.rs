//! Numbers of TCP's bytes, which begin again after the highest.

/// A place in a direction of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sequence(pub(super) u32);

impl Sequence {
    /// The place so many bytes on.
    pub(super) fn after(self, bytes: usize) -> Self {
        Self(self.0.wrapping_add(u32::try_from(bytes).unwrap_or_default()))
    }

    /// The place before it.
    pub(super) fn before(self) -> Self {
        Self(self.0.wrapping_sub(1))
    }

    /// How many bytes it lies after `earlier`; `None` if it lies before that.
    pub(super) fn since(self, earlier: Self) -> Option<usize> {
        let distance = self.0.wrapping_sub(earlier.0).cast_signed();
        usize::try_from(distance).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_after_the_highest_number_is_later() {
        let last = Sequence(u32::MAX);
        assert_eq!(last.after(3), Sequence(2));
        assert_eq!((last.after(3).since(last), last.since(last.after(3))), (Some(3), None));
        assert_eq!((Sequence(0).before(), last.since(last)), (last, Some(0)));
    }
}
