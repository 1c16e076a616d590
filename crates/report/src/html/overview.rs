//! The beginning of the page: what was scanned, and what whoever reads no further should know.

use super::markup::Markup;
use crate::subject::{Scan, TargetKind};
use crate::view::Summary;

pub(super) fn overview(page: &mut Markup, scan: &Scan<'_>, summary: &Summary) {
    page.raw("<header>\n<p class=\"kind\">").raw(match scan.target.kind {
        TargetKind::Image => "Scan of an image",
        TargetKind::Directory => "Scan of a directory",
        TargetKind::Sbom => "Scan of a bill of material",
    });
    page.raw("</p>\n<h1>").text(&scan.target.name).raw("</h1>\n");
    facts(page, scan);
    page.raw("</header>\n<p class=\"verdict\">");
    verdict(page, scan, summary);
    page.raw("</p>\n<ul class=\"tiles\">\n");
    tiles(page, summary);
    page.raw("</ul>\n");
}

fn facts(page: &mut Markup, scan: &Scan<'_>) {
    page.raw("<dl class=\"facts\">\n");
    let mut fact = |name: &'static str, value: &str| {
        if !value.is_empty() {
            page.raw("<div><dt>").raw(name).raw("</dt><dd>").text(value).raw("</dd></div>\n");
        }
    };
    let distribution = scan.inventory.distribution.as_ref();
    fact("Distribution", distribution.map_or("", |of| if of.name.is_empty() { &of.id } else { &of.name }));
    fact("Architecture", &scan.target.architecture);
    fact("Scanned", &instant(scan.time));
    fact("Advisories of", scan.database.map_or("", |database| day(&database.time)));
    fact("Digest", &scan.target.digest);
    page.raw("</dl>\n");
}

/// `2026-11-26 05:00 UTC` for `2026-11-26T05:00:00Z`.
fn instant(time: &str) -> String {
    match (time.split_once('T'), time.ends_with('Z')) {
        (Some((day, clock)), true) => format!("{day} {} UTC", clock.get(..5).unwrap_or(clock)),
        _ => time.to_owned(),
    }
}

/// The day of a point in time.
pub(super) fn day(time: &str) -> &str {
    time.split_once('T').map_or(time, |(day, _)| day)
}

/// A few sentences, the worst first.
fn verdict(page: &mut Markup, scan: &Scan<'_>, summary: &Summary) {
    let found = &summary.vulnerabilities;
    let total = found.total();
    if summary.malware > 0 {
        page.raw("<strong>It contains ").count(summary.malware as usize, "malicious file", "malicious files");
        page.raw(" and should not run anywhere.</strong> ");
    }
    match (scan.database, total) {
        (None, _) => _ = page.raw("It was not compared with any advisories. "),
        (Some(_), 0) => _ = page.raw("No vulnerability that counts is known in it. "),
        (Some(_), _) => {
            page.raw("It has ").count(total as usize, "known vulnerability", "known vulnerabilities");
            page.raw(", ").number(found.critical).raw(" of them critical. ");
        }
    }
    if summary.exploited > 0 {
        page.raw("<strong>").number(summary.exploited).raw(match summary.exploited {
            1 => " is known to be exploited by attackers.</strong> ",
            _ => " are known to be exploited by attackers.</strong> ",
        });
    }
    if total > 0 {
        page.raw("Updates that exist today mend ").number(summary.fixable).raw(" of them. ");
    }
    if summary.secrets.total() > 0 {
        page.count(summary.secrets.total() as usize, "secret travels", "secrets travel").raw(" with it. ");
    }
    if summary.gaps > 0 {
        page.count(summary.gaps as usize, "thing", "things");
        page.raw(" could not be read or judged: <a href=\"#gaps\">see which</a>.");
    }
}

fn tiles(page: &mut Markup, summary: &Summary) {
    let found = &summary.vulnerabilities;
    let tiles = [
        ("#vulnerabilities", "critical", "Critical", found.critical),
        ("#vulnerabilities", "high", "High", found.high),
        ("#vulnerabilities", "exploited", "Exploited", summary.exploited),
        ("#vulnerabilities", "mended", "Mended by an update", summary.fixable),
        ("#malware", "critical", "Malicious files", summary.malware),
        ("#secrets", "critical", "Secrets", summary.secrets.total()),
        ("#misconfigurations", "medium", "Misconfigurations", summary.misconfigurations.total()),
        ("#packages", "", "Packages", summary.packages),
    ];
    for (link, class, title, count) in tiles {
        if count == 0 {
            page.raw("<li class=\"none\"><p><b>0</b> <span>").raw(title).raw("</span></p></li>\n");
            continue;
        }
        page.raw("<li class=\"").raw(class).raw("\"><a href=\"").raw(link).raw("\"><b>").number(count);
        page.raw("</b> <span>").raw(title).raw("</span></a></li>\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_for_people() {
        assert_eq!(instant("2026-11-26T05:00:00Z"), "2026-11-26 05:00 UTC");
        assert_eq!(day("2026-11-26T05:00:00Z"), "2026-11-26");
        for odd in ["", "yesterday", "2026-11-26"] {
            assert_eq!((instant(odd).as_str(), day(odd)), (odd, odd));
        }
        assert_eq!(instant("aTéZ"), "a éZ UTC");
    }
}
