//! Vulnerabilities: those that count, and those that somebody dismissed.

use model::finding::{Fix, Reach, Severity, Vulnerability};
use model::inventory::Package;

use super::markup::Markup;
use super::table::{head, rows, section};
use crate::rating::word;
use crate::subject::Scan;
use crate::view::Summary;

/// Those that count, most urgent first.
pub(super) fn open(page: &mut Markup, scan: &Scan<'_>, summary: &Summary) {
    let total = summary.vulnerabilities.total();
    section(page, "vulnerabilities", "Vulnerabilities", total as usize);
    if total == 0 {
        page.raw("<p class=\"note\">None that counts is known.</p>\n</section>\n");
        return;
    }
    controls(page);
    let columns = [
        ("Urgency", "number"),
        ("Severity", "number"),
        ("Vulnerability", "words"),
        ("Package", "words"),
        ("Mended in", "words"),
        ("Exploitation", "number"),
        ("Published", "words"),
    ];
    head(page, "vulnerabilities", &columns);
    rows(page, scan.open(), |page, (found, package)| row(page, found, package));
    page.raw("</section>\n");
}

/// What the script makes work, and shows.
fn controls(page: &mut Markup) {
    page.raw("<form class=\"controls\" hidden>\n<input type=\"search\" aria-label=\"Search\" ");
    page.raw("placeholder=\"Search: a name, a package, a path\">\n<span class=\"choices\">");
    for severity in [Severity::Critical, Severity::High, Severity::Medium, Severity::Low] {
        choice(page, "severity", word(severity));
    }
    page.raw("</span>\n<span class=\"choices\">");
    choice(page, "is", "mended");
    choice(page, "is", "exploited");
    page.raw("</span>\n<output></output>\n</form>\n");
}

fn choice(page: &mut Markup, name: &'static str, value: &'static str) {
    page.raw("<label class=\"choice ").raw(value).raw("\"><input type=\"checkbox\" name=\"").raw(name);
    page.raw("\" value=\"").raw(value).raw("\">").raw(value).raw("</label>");
}

fn row(page: &mut Markup, found: &Vulnerability, package: &Package) {
    page.raw("<tr data-severity=\"").raw(word(found.severity)).raw("\" data-is=\"");
    page.raw(if matches!(found.fix, Fix::In(_)) { "mended " } else { "" });
    page.raw(if found.exploited.is_some() { "exploited" } else { "" });
    page.raw("\"><td class=\"urgency\">").number(found.priority).raw("</td>");
    severity(page, found);
    page.raw("<td>");
    named(page, found);
    page.raw("</td><td>").text(&package.name).raw(" <span class=\"version\">").text(&package.version);
    page.raw("</span><small>").text(&package.location).raw(" · layer ").number(package.layer);
    page.raw("</small></td>");
    fix(page, &found.fix);
    exploitation(page, found);
    page.raw("<td class=\"day\">").text(&found.published).raw("</td></tr>\n");
}

fn severity(page: &mut Markup, found: &Vulnerability) {
    page.raw("<td data-value=\"").number(found.severity as u8).raw("\"><span class=\"severity ");
    page.raw(word(found.severity)).raw("\">").raw(word(found.severity)).raw("</span>");
    if !found.severity_source.is_empty() {
        page.raw("<small>says ").text(&found.severity_source).raw("</small>");
    }
    page.raw("</td>");
}

fn named(page: &mut Markup, found: &Vulnerability) {
    page.vulnerability(&found.id);
    if found.reach == Reach::Absent {
        page.raw(" <span class=\"tag\">its functions are not there</span>");
    }
    if !found.summary.is_empty() {
        page.raw("<small>").text(&found.summary).raw("</small>");
    }
}

fn fix(page: &mut Markup, fix: &Fix) {
    match fix {
        Fix::In(version) => page.raw("<td class=\"version\">").text(version).raw("</td>"),
        Fix::None => page.raw("<td class=\"no\">not yet</td>"),
        Fix::Never => page.raw("<td class=\"no\">never in this release</td>"),
    };
}

/// Sorted by its chance; what is known to be exploited needs none.
fn exploitation(page: &mut Markup, found: &Vulnerability) {
    let chance = found.epss.filter(|epss| epss.is_finite()).map(|epss| epss.clamp(0.0, 1.0) * 100.0);
    let known = found.exploited.as_ref();
    page.raw("<td data-value=\"").tenths(known.map_or(0.0, |_| 1000.0) + chance.unwrap_or(-1.0)).raw("\">");
    if let Some(chance) = chance {
        page.tenths(chance).raw(" % likely");
    }
    if let Some(exploited) = known {
        page.raw("<span class=\"tag exploited\">");
        page.raw(if exploited.ransomware { "exploited by ransomware" } else { "exploited" });
        page.raw("</span><small>since ").text(&exploited.since).raw("</small>");
    }
    page.raw("</td>");
}

/// Those that do not count, and who said so.
pub(super) fn dismissed(page: &mut Markup, scan: &Scan<'_>, summary: &Summary) {
    if summary.dismissed == 0 {
        return;
    }
    section(page, "dismissed", "Dismissed", summary.dismissed as usize);
    page.raw("<p class=\"note\">Vulnerabilities that somebody looked at and answers for.</p>\n");
    let columns = [("Vulnerability", ""), ("Severity", ""), ("Package", ""), ("Reason", ""), ("Until", "")];
    head(page, "dismissed", &columns);
    let all = scan.vulnerabilities.iter();
    rows(page, all.filter_map(|found| Some((found, found.dismissed.as_ref()?))), |page, (found, why)| {
        page.raw("<tr><td>").vulnerability(&found.id).raw("</td>");
        severity(page, found);
        page.raw("<td>").text(scan.package(found.package).map_or("", |package| package.name.as_str()));
        page.raw("</td><td>").text(&why.reason).raw("<small>").text(&why.source).raw("</small></td><td>");
        page.text(why.until.as_deref().unwrap_or("for good")).raw("</td></tr>\n");
    });
    page.raw("</section>\n");
}
