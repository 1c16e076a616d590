//! What nobody is shown: the values of secrets, wherever a step prints them.

use std::borrow::Cow;
use std::ops::Range;

use zeroize::Zeroizing;

/// What stands where a secret was.
const MASK: &[u8] = b"***";
/// Bytes that a value has at least: less is in any text by chance.
const SHORTEST: usize = 6;

/// Values of secrets. Of one with several lines each line counts by itself, since that is how it is printed.
pub(super) struct Masks {
    /// Sorted, each once.
    values: Vec<Zeroizing<Vec<u8>>>,
    longest: usize,
    /// Bytes that one of them begins with.
    first: [bool; 256],
}

/// What one step prints, and is not shown yet.
#[derive(Default)]
pub(super) struct Screen {
    /// May be the beginning of a secret.
    held: Vec<u8>,
    /// How much of that belongs to a secret whose mask was shown.
    masked: usize,
}

/// Secrets in a text.
struct Seen {
    /// Apart from each other, in order.
    places: Vec<Range<usize>>,
    /// Where something begins that may become a secret with what comes next.
    open: usize,
}

/// Whether more of a text may come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Open,
    Final,
}

impl Default for Masks {
    fn default() -> Self {
        Self { values: Vec::new(), longest: 0, first: [false; 256] }
    }
}

impl Masks {
    pub(super) fn add(&mut self, secret: &[u8]) {
        for line in secret.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii) {
            if line.len() < SHORTEST {
                continue;
            }
            if let Err(place) = self.values.binary_search_by(|value| value.as_slice().cmp(line)) {
                self.values.insert(place, Zeroizing::new(line.to_vec()));
            }
            self.longest = self.longest.max(line.len());
            if let Some(first) = line.first().and_then(|byte| self.first.get_mut(usize::from(*byte))) {
                *first = true;
            }
        }
    }

    /// A text without them.
    pub(super) fn text(&self, text: &str) -> String {
        let mut screen = Screen::default();
        let mut shown = screen.shown(self, text.as_bytes()).into_owned();
        shown.extend(screen.rest(self));
        String::from_utf8_lossy(&shown).into_owned()
    }

    fn seen(&self, text: &[u8], end: End) -> Seen {
        let mut seen = Seen { places: Vec::new(), open: text.len() };
        for (at, byte) in text.iter().enumerate() {
            if !self.first.get(usize::from(*byte)).is_some_and(|first| *first) {
                continue;
            }
            let rest = text.get(at..).unwrap_or_default();
            if end == End::Open && self.may_begin(rest) {
                seen.open = at;
                break;
            }
            if let Some(length) = self.begins(rest) {
                seen.add(at..at + length);
            }
        }
        seen
    }

    /// The longest value that a text begins with.
    fn begins(&self, text: &[u8]) -> Option<usize> {
        let start = text.get(..SHORTEST)?;
        let near = self.from(start).take_while(|value| value.starts_with(start));
        near.filter(|value| text.starts_with(value)).map(|value| value.len()).max()
    }

    /// Whether a text is the beginning of a value, and not all of it.
    fn may_begin(&self, text: &[u8]) -> bool {
        if text.len() >= self.longest {
            return false;
        }
        let mut near = self.from(text).take_while(|value| value.starts_with(text));
        near.any(|value| value.len() > text.len())
    }

    /// Values in order, from where one that begins so would be.
    fn from(&self, start: &[u8]) -> impl Iterator<Item = &[u8]> {
        let before = self.values.partition_point(|value| value.as_slice() < start);
        self.values.get(before..).unwrap_or_default().iter().map(|value| value.as_slice())
    }
}

impl Seen {
    /// Places come in the order of where they begin; those that meet are one.
    fn add(&mut self, place: Range<usize>) {
        match self.places.last_mut() {
            Some(last) if place.start <= last.end => last.end = last.end.max(place.end),
            _ => self.places.push(place),
        }
    }
}

impl Screen {
    /// What may be shown now that these bytes have come.
    pub(super) fn shown<'b>(&mut self, masks: &Masks, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        if masks.values.is_empty() {
            return Cow::Borrowed(bytes);
        }
        self.held.extend_from_slice(bytes);
        Cow::Owned(self.advance(masks, End::Open))
    }

    /// The rest, once nothing more comes.
    pub(super) fn rest(&mut self, masks: &Masks) -> Vec<u8> {
        self.advance(masks, End::Final)
    }

    fn advance(&mut self, masks: &Masks, end: End) -> Vec<u8> {
        let Seen { places, open } = masks.seen(&self.held, end);
        let (mut shown, mut at, mut has_mask) = (Vec::new(), self.masked.min(open), self.masked > 0);
        let part = |from: usize, to: usize| self.held.get(from..to).unwrap_or_default();
        for place in places {
            if place.start > at || !has_mask {
                shown.extend_from_slice(part(at, place.start));
                shown.extend_from_slice(MASK);
            }
            (at, has_mask) = (at.max(place.end), true);
        }
        shown.extend_from_slice(part(at, open));
        self.masked = at.max(self.masked).saturating_sub(open);
        self.held.drain(..open);
        shown
    }
}

#[cfg(test)]
mod tests;
