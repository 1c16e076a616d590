//! What the page rests on: what could not be read, whose advisories they are, and who wrote it.

use super::markup::Markup;
use super::overview::day;
use super::table::{head, rows, section};
use crate::subject::Scan;

/// What may hide something.
pub(super) fn gaps(page: &mut Markup, scan: &Scan<'_>) {
    let gaps = &scan.inventory.gaps;
    if gaps.is_empty() {
        return;
    }
    section(page, "gaps", "Not read or not judged", gaps.len());
    page.raw("<p class=\"note\">What is here may hide more than this page shows.</p>\n");
    head(page, "gaps", &[("Where", ""), ("Why", "")]);
    rows(page, gaps, |page, gap| {
        page.raw("<tr><td class=\"place\">").text(&gap.location).raw("</td><td>").text(&gap.reason);
        page.raw("</td></tr>\n");
    });
    page.raw("</section>\n");
}

/// Whose advisories it was compared with, and the end of the page.
pub(super) fn sources(page: &mut Markup, scan: &Scan<'_>) {
    if let Some(database) = scan.database.filter(|database| !database.sources.is_empty()) {
        section(page, "sources", "Advisories", database.sources.len());
        head(page, "sources", &[("Source", ""), ("Advisories", ""), ("Published", "")]);
        rows(page, &database.sources, |page, source| {
            page.raw("<tr><td>").text(&source.name).raw("</td><td>").number(source.advisories);
            page.raw("</td><td class=\"day\">").text(day(&source.time)).raw("</td></tr>\n");
        });
        page.raw("</section>\n");
    }
    page.raw("<footer>Made by ").text(scan.tool.name).raw(" ").text(scan.tool.version);
    page.raw(". This file is complete: it loads nothing, and tells nobody that it was opened.</footer>\n");
}
