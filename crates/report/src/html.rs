//! A static page for people: one file, without network, that explains a scan to whoever has to decide.
//!
//! Nothing on it needs the script. What there is of it filters and sorts the rows that are there already.

mod markup;
mod head;
mod table;
mod chart;
mod age;
mod overview;
mod figures;
mod vulnerabilities;
mod problems;
mod contents;
mod origin;

use crate::subject::Scan;
use crate::view::Summary;
use markup::Markup;

/// The page. The same scan gives the same bytes.
#[must_use]
pub fn html(scan: &Scan<'_>) -> String {
    let summary = Summary::of(scan);
    let mut page = Markup::default();
    head::head(&mut page, scan);
    page.raw("<body>\n<main>\n");
    overview::overview(&mut page, scan, &summary);
    figures::figures(&mut page, scan, &summary);
    vulnerabilities::open(&mut page, scan, &summary);
    problems::malware(&mut page, scan);
    problems::secrets(&mut page, scan);
    problems::misconfigurations(&mut page, scan);
    vulnerabilities::dismissed(&mut page, scan, &summary);
    contents::layers(&mut page, scan);
    contents::licences(&mut page, scan);
    contents::packages(&mut page, scan);
    origin::gaps(&mut page, scan);
    origin::sources(&mut page, scan);
    page.raw("</main>\n<script>").raw(head::SCRIPT).raw("</script>\n</body>\n</html>\n");
    page.finish()
}
