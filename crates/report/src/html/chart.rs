//! Charts as inline SVG: a ring of parts, and bars of parts.

use model::finding::Severity;

use super::markup::Markup;
use crate::rating::word;

/// A part of a bar: how it is painted, and how much of it there is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) paint: Paint,
    pub(super) amount: u32,
}

/// How a part is painted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Paint {
    /// As its severity.
    Severity(Severity),
    /// As what an update mends.
    Mended,
    /// As what nothing mends yet.
    Open,
}

impl Paint {
    fn class(self) -> &'static str {
        match self {
            Self::Severity(severity) => word(severity),
            Self::Mended => "mended",
            Self::Open => "open",
        }
    }
}

/// A ring, and in it how many there are.
pub(super) fn ring(page: &mut Markup, parts: &[Part]) {
    let total: u32 = parts.iter().map(|part| part.amount).sum();
    page.raw("<svg class=\"ring\" viewBox=\"0 0 120 120\" role=\"img\" aria-label=\"By severity\">");
    page.raw("<circle class=\"track\" cx=\"60\" cy=\"60\" r=\"48\" fill=\"none\" stroke-width=\"14\"/>");
    let mut start = 0.0;
    for part in parts.iter().filter(|part| part.amount > 0) {
        let length = share(part.amount, total);
        page.raw("<circle class=\"").raw(part.paint.class()).raw("\" cx=\"60\" cy=\"60\" r=\"48\" ");
        page.raw("fill=\"none\" stroke-width=\"14\" pathLength=\"100\" transform=\"rotate(-90 60 60)\" ");
        page.raw("stroke-dasharray=\"").tenths(length).raw(" 100\" ");
        page.raw("stroke-dashoffset=\"").tenths(-start).raw("\"/>");
        start += length;
    }
    page.raw("<text x=\"60\" y=\"67\" text-anchor=\"middle\">").number(total).raw("</text></svg>\n");
}

/// One bar, of which `most` would fill the whole width.
pub(super) fn bar(page: &mut Markup, parts: &[Part], most: u32) {
    page.raw("<svg class=\"bar\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
    let mut start = 0.0;
    for part in parts.iter().filter(|part| part.amount > 0) {
        let length = share(part.amount, most);
        page.raw("<rect class=\"").raw(part.paint.class()).raw("\" height=\"10\" x=\"").tenths(start);
        page.raw("\" width=\"").tenths(length).raw("\"/>");
        start += length;
    }
    page.raw("</svg>");
}

/// The least that is seen, in hundredths.
const LEAST: f32 = 0.6;

/// In hundredths, and never so little that one among thousands is not seen.
fn share(amount: u32, of: u32) -> f32 {
    ((f64::from(amount) * 100.0 / f64::from(of.max(1))) as f32).max(LEAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_each_other_and_nothing_is_no_part() {
        let parts = [(Paint::Mended, 1), (Paint::Severity(Severity::High), 0), (Paint::Open, 3)];
        let parts = parts.map(|(paint, amount)| Part { paint, amount });
        let mut page = Markup::default();
        bar(&mut page, &parts, 8);
        let bar = page.finish();
        assert!(bar.contains("class=\"mended\" height=\"10\" x=\"0.0\" width=\"12.5\"/>"), "{bar}");
        assert!(bar.contains("class=\"open\" height=\"10\" x=\"12.5\" width=\"37.5\"/></svg>"), "{bar}");
        assert_eq!(bar.matches("<rect").count(), 2);
    }

    #[test]
    fn a_ring_of_nothing_is_empty() {
        let mut page = Markup::default();
        ring(&mut page, &[]);
        let ring = page.finish();
        assert_eq!(ring.matches("<circle").count(), 1);
        assert!(ring.contains(">0</text>"));
    }
}
