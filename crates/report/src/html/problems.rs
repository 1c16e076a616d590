//! What else is wrong: malicious files, secrets, and mistakes in how the image was made.

use model::finding::{Place, Severity};

use super::markup::Markup;
use super::table::{head, rows, section};
use crate::place::words;
use crate::rating::word;
use crate::subject::{Look, Scan};

/// Nothing of these is nothing to show.
pub(super) fn malware(page: &mut Markup, scan: &Scan<'_>) {
    if scan.malware.is_empty() {
        return;
    }
    section(page, "malware", "Malicious files", scan.malware.len());
    page.raw("<p class=\"note\">Do not run the image, and find out how they came there.</p>\n");
    head(page, "malware", &[("File", ""), ("What it is", ""), ("SHA-256", "")]);
    rows(page, scan.malware, |page, found| {
        page.raw("<tr>");
        place(page, &found.place);
        page.raw("<td>").text(&found.title).raw("<small>").text(&found.rule).raw("</small>");
        for (name, value) in found.meta.iter().filter(|(name, _)| *name != "description") {
            page.raw("<small>").text(name).raw(": ").text(value).raw("</small>");
        }
        page.raw("</td>");
        page.raw("<td class=\"version\">").text(&found.sha256).raw("</td></tr>\n");
    });
    page.raw("</section>\n");
}

pub(super) fn secrets(page: &mut Markup, scan: &Scan<'_>) {
    section(page, "secrets", "Secrets", scan.secrets.len());
    if scan.secrets.is_empty() {
        return none(page, scan, Look::Secrets);
    }
    page.raw("<p class=\"note\">Whoever has the image has these. Revoke them, and give new ones to the ");
    page.raw("container when it starts.</p>\n");
    let columns = [("Severity", "number"), ("Secret", "words"), ("Where", "words"), ("Begins with", "")];
    head(page, "secrets", &columns);
    rows(page, scan.secrets, |page, secret| {
        page.raw("<tr>");
        severity(page, secret.severity);
        page.raw("<td>").text(&secret.title).raw("<small>").text(&secret.rule).raw("</small></td>");
        place(page, &secret.place);
        page.raw("<td class=\"version\">").text(&secret.redacted).raw("</td></tr>\n");
    });
    page.raw("</section>\n");
}

pub(super) fn misconfigurations(page: &mut Markup, scan: &Scan<'_>) {
    section(page, "misconfigurations", "Misconfigurations", scan.misconfigurations.len());
    if scan.misconfigurations.is_empty() {
        return none(page, scan, Look::Misconfigurations);
    }
    let columns =
        [("Severity", "number"), ("What is wrong", "words"), ("Where", "words"), ("What to do", "")];
    head(page, "misconfigurations", &columns);
    rows(page, scan.misconfigurations, |page, wrong| {
        page.raw("<tr>");
        severity(page, wrong.severity);
        page.raw("<td>").text(&wrong.title).raw("<small>").text(&wrong.rule).raw("</small></td>");
        place(page, &wrong.place);
        page.raw("<td>").text(&wrong.advice).raw("</td></tr>\n");
    });
    page.raw("</section>\n");
}

/// What nobody has looked for is not called absent.
fn none(page: &mut Markup, scan: &Scan<'_>, look: Look) {
    let is_known = scan.looks.contains(&look);
    page.raw("<p class=\"note\">");
    page.raw(if is_known { "None was found." } else { "They were not looked for." });
    page.raw("</p>\n</section>\n");
}

fn severity(page: &mut Markup, severity: Severity) {
    page.raw("<td data-value=\"").number(severity as u8).raw("\"><span class=\"severity ");
    page.raw(word(severity)).raw("\">").raw(word(severity)).raw("</span></td>");
}

fn place(page: &mut Markup, place: &Place) {
    page.raw("<td class=\"place\">").text(&words(place)).raw("</td>");
}
