//! What changed from one image to another.

use engine::examine::{Changed, Diff, Line, Side};

use super::severity_cell;
use crate::render::style::{Style, Tone};
use crate::render::table::{Cell, Column, Table};
use crate::render::{text, units};

/// The whole page.
pub(crate) fn page(diff: &Diff<'_>, style: Style, width: usize) -> String {
    let mut page: String =
        [&diff.before, &diff.after].into_iter().map(|side| headline(side, style)).collect();
    for section in [packages(diff, style, width), vulnerabilities(diff, style, width)].into_iter().flatten() {
        page.push_str(&format!("\n{section}"));
    }
    if diff.packages.added.is_empty() && diff.packages.removed.is_empty() && diff.packages.changed.is_empty()
    {
        page.push_str("\n  the same packages\n");
    }
    page
}

/// `app:1  5 vulnerabilities`
fn headline(side: &Side<'_>, style: Style) -> String {
    let count = usize::try_from(side.vulnerabilities.total()).unwrap_or(usize::MAX);
    let count = units::count(count, "vulnerability", "vulnerabilities");
    format!("{}  {count}\n", style.strong(&text::plain(side.name)))
}

fn packages(diff: &Diff<'_>, style: Style, width: usize) -> Option<String> {
    let mut table = Table::new([
        Column::whole(""),
        Column::gives_way("PACKAGE"),
        Column::gives_way("BEFORE"),
        Column::gives_way("AFTER"),
    ]);
    let mut rows = Vec::new();
    for Line { name, version, .. } in &diff.packages.added {
        rows.push([Cell::toned("+", Tone::Good), (*name).into(), "".into(), (*version).into()]);
    }
    for Changed { name, before, after, .. } in &diff.packages.changed {
        rows.push(["~".into(), (*name).into(), (*before).into(), (*after).into()]);
    }
    for Line { name, version, .. } in &diff.packages.removed {
        rows.push([Cell::toned("-", Tone::Bad), (*name).into(), (*version).into(), "".into()]);
    }
    if rows.is_empty() {
        return None;
    }
    rows.into_iter().for_each(|row| table.row(row));
    Some(table.render(style, width))
}

fn vulnerabilities(diff: &Diff<'_>, style: Style, width: usize) -> Option<String> {
    let mut table = Table::new([
        Column::whole(""),
        Column::whole("VULNERABILITY"),
        Column::whole("SEVERITY"),
        Column::gives_way("PACKAGE"),
    ]);
    let mut any = false;
    for (sign, tone, found) in
        [("new", Tone::Bad, &diff.vulnerabilities.new), ("mended", Tone::Good, &diff.vulnerabilities.fixed)]
    {
        for found in found {
            any = true;
            table.row([
                Cell::toned(sign, tone),
                found.id.into(),
                severity_cell(found.severity),
                found.package.name.into(),
            ]);
        }
    }
    let same = diff.vulnerabilities.same.len();
    let same = match same {
        0 => String::new(),
        1 => "  1 is in both\n".to_owned(),
        same => format!("  {same} are in both\n"),
    };
    let shown = if any { table.render(style, width) } else { String::new() };
    (any || !same.is_empty()).then(|| format!("{shown}{same}"))
}
