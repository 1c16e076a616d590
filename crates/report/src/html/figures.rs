//! Three figures: how bad it is, which packages it comes from, and how long it has been known.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use model::finding::{Fix, Severity};

use super::age::Age;
use super::chart::{Paint, Part, bar, ring};
use super::markup::Markup;
use super::overview::day;
use crate::rating::word;
use crate::subject::{Counts, Scan};
use crate::view::Summary;

/// The most packages that the figure names.
const MOST_PACKAGES: usize = 8;

/// All three; without vulnerabilities there are none.
pub(super) fn figures(page: &mut Markup, scan: &Scan<'_>, summary: &Summary) {
    if summary.vulnerabilities.total() == 0 {
        return;
    }
    page.raw("<div class=\"figures\">\n");
    severity(page, &summary.vulnerabilities);
    packages(page, scan);
    age(page, scan);
    page.raw("</div>\n");
}

fn parts(counts: &Counts) -> [Part; 6] {
    counts.rows().map(|(severity, amount)| Part { paint: Paint::Severity(severity), amount })
}

fn severity(page: &mut Markup, counts: &Counts) {
    page.raw("<figure class=\"severity\">\n<figcaption>By severity</figcaption>\n<div>\n");
    ring(page, &parts(counts));
    page.raw("<table class=\"legend\">\n<tbody>\n");
    for (severity, count) in counts.rows() {
        page.raw("<tr><th scope=\"row\"><span class=\"severity ").raw(word(severity)).raw("\">");
        page.raw(word(severity)).raw("</span></th><td>").number(count).raw("</td></tr>\n");
    }
    page.raw("</tbody>\n</table>\n</div>\n</figure>\n");
}

/// Those that would be looked at first: by their worst, then by how many.
fn packages(page: &mut Markup, scan: &Scan<'_>) {
    let mut by_name: BTreeMap<&str, Vec<Severity>> = BTreeMap::new();
    for (found, package) in scan.open() {
        // Whoever updates one package of a source updates all of it.
        let name = package.source.as_ref().map_or(&package.name, |source| &source.name);
        by_name.entry(name).or_default().push(found.severity);
    }
    let mut counted: Vec<_> = by_name.into_iter().map(|(name, all)| (name, Counts::of(all))).collect();
    counted.sort_by_key(|(_, counts)| Reverse(counts.rows().map(|(_, count)| count)));
    let left = counted.len().saturating_sub(MOST_PACKAGES);
    counted.truncate(MOST_PACKAGES);
    let most = counted.iter().map(|(_, counts)| counts.total()).max().unwrap_or_default();
    page.raw("<figure>\n<figcaption>By package</figcaption>\n<table class=\"bars\">\n<tbody>\n");
    for (name, counts) in &counted {
        page.raw("<tr><th scope=\"row\" title=\"").text(name).raw("\">").text(name).raw("</th><td>");
        bar(page, &parts(counts), most);
        page.raw("</td><td>").number(counts.total()).raw("</td></tr>\n");
    }
    page.raw("</tbody>\n</table>\n");
    if left > 0 {
        page.raw("<p class=\"note\">and ").count(left, "package", "packages").raw(" more</p>\n");
    }
    page.raw("</figure>\n");
}

fn age(page: &mut Markup, scan: &Scan<'_>) {
    let mut groups = Age::ALL.map(|(age, title)| (age, title, 0, 0));
    for (found, _) in scan.open() {
        let of = Age::between(&found.published, day(scan.time));
        for (_, _, mended, open) in groups.iter_mut().filter(|(age, ..)| *age == of) {
            *if matches!(found.fix, Fix::In(_)) { mended } else { open } += 1;
        }
    }
    let most = groups.iter().map(|(_, _, mended, open)| mended + open).max().unwrap_or_default();
    page.raw("<figure>\n<figcaption>Known for, and <span class=\"key mended\">mended</span> by an update ");
    page.raw("or <span class=\"key open\">not</span></figcaption>\n<table class=\"bars\">\n<tbody>\n");
    for (_, title, mended, open) in groups {
        page.raw("<tr><th scope=\"row\">").raw(title).raw("</th><td>");
        let parts = [(Paint::Mended, mended), (Paint::Open, open)];
        bar(page, &parts.map(|(paint, amount)| Part { paint, amount }), most);
        page.raw("</td><td>").number(mended + open).raw("</td></tr>\n");
    }
    page.raw("</tbody>\n</table>\n</figure>\n");
}
