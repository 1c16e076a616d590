//! What is in the image: its layers, licences and packages.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use model::finding::Severity;
use model::inventory::PackageKind;

use super::chart::{Paint, Part, bar};
use super::markup::Markup;
use super::table::{head, rows, section};
use crate::subject::{Counts, Scan};
use crate::view::licences as used;

/// What each layer brought.
pub(super) fn layers(page: &mut Markup, scan: &Scan<'_>) {
    if scan.target.layers.is_empty() {
        return;
    }
    let mut packages: BTreeMap<u32, usize> = BTreeMap::new();
    scan.inventory.packages.iter().for_each(|package| *packages.entry(package.layer).or_default() += 1);
    let mut found: BTreeMap<u32, Vec<Severity>> = BTreeMap::new();
    scan.open().for_each(|(of, package)| found.entry(package.layer).or_default().push(of.severity));
    let counts: BTreeMap<u32, Counts> =
        found.into_iter().map(|(layer, all)| (layer, Counts::of(all))).collect();
    let most = counts.values().map(Counts::total).max().unwrap_or_default();
    section(page, "layers", "Layers", scan.target.layers.len());
    let columns = [("Layer", ""), ("Made by", ""), ("Packages", ""), ("Vulnerabilities", "")];
    head(page, "layers", &columns);
    rows(page, (0..).zip(&scan.target.layers), |page, (number, layer)| {
        let count = counts.get(&number).copied().unwrap_or_default();
        page.raw("<tr><td>").number(number).raw("</td><td class=\"place\">").text(&layer.made_by);
        page.raw("<small>").text(&layer.digest).raw("</small></td><td>");
        page.number(packages.get(&number).copied().unwrap_or_default()).raw("</td><td>");
        let parts = count.rows().map(|(severity, amount)| Part { paint: Paint::Severity(severity), amount });
        bar(page, &parts, most);
        page.number(count.total()).raw("</td></tr>\n");
    });
    page.raw("</section>\n");
}

/// What the packages declare, the most frequent first.
pub(super) fn licences(page: &mut Markup, scan: &Scan<'_>) {
    let mut all: Vec<_> = used(scan).into_iter().filter(|(words, _)| !words.is_empty()).collect();
    if all.is_empty() {
        return;
    }
    all.sort_by_key(|(_, of)| Reverse(of.packages));
    section(page, "licences", "Licences", all.len());
    head(
        page,
        "licences",
        &[("Declared", "words"), ("Means", "words"), ("Kind", "words"), ("Packages", "number")],
    );
    rows(page, all, |page, (words, of)| {
        page.raw("<tr><td>").text(words).raw("</td><td>").text(of.expression.unwrap_or("not understood"));
        page.raw("</td><td>").text(of.category).raw("</td><td>").number(of.packages).raw("</td></tr>\n");
    });
    page.raw("</section>\n");
}

/// All packages, folded away.
pub(super) fn packages(page: &mut Markup, scan: &Scan<'_>) {
    section(page, "packages", "Packages", scan.inventory.packages.len());
    if scan.inventory.packages.is_empty() {
        page.raw("<p class=\"note\">None was found.</p>\n</section>\n");
        return;
    }
    page.raw("<details>\n<summary>Show all</summary>\n<form class=\"controls\" hidden>\n");
    page.raw(
        "<input type=\"search\" aria-label=\"Search\" placeholder=\"Search\">\n<output></output>\n</form>\n",
    );
    let columns = [
        ("Kind", "words"),
        ("Name", "words"),
        ("Version", "words"),
        ("Licences", "words"),
        ("Where", "words"),
    ];
    head(page, "packages", &columns);
    rows(page, &scan.inventory.packages, |page, package| {
        page.raw("<tr><td>").raw(kind(package.kind)).raw("</td><td>").text(&package.name);
        page.raw("</td><td class=\"version\">").text(&package.version).raw("</td><td>");
        page.text(&package.licences.join(", ")).raw("</td><td class=\"place\">").text(&package.location);
        page.raw(" · layer ").number(package.layer).raw("</td></tr>\n");
    });
    page.raw("</details>\n</section>\n");
}

/// As people know it.
fn kind(kind: PackageKind) -> &'static str {
    match kind {
        PackageKind::Dpkg => "dpkg",
        PackageKind::Apk => "apk",
        PackageKind::Rpm => "rpm",
        PackageKind::PyPi => "Python",
        PackageKind::Npm => "npm",
        PackageKind::RubyGems => "Ruby",
        PackageKind::Maven => "Java",
        PackageKind::Go => "Go",
        PackageKind::Cargo => "Rust",
        PackageKind::Packagist => "PHP",
        PackageKind::NuGet => ".NET",
        PackageKind::Generic => "software",
    }
}
