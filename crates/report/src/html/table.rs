//! Sections, and tables that are never longer than a page can be.

use super::markup::Markup;

/// The most rows of one table: with more of them a browser is no more pleasant to use.
const MOST_ROWS: usize = 10_000;
/// The most bytes of one table.
const MOST_BYTES: usize = 8 << 20;

/// Opens a section. `id` is what links lead to.
pub(super) fn section(page: &mut Markup, id: &'static str, title: &'static str, count: usize) {
    page.raw("<section id=\"").raw(id).raw("\">\n<h2>").raw(title);
    page.raw(" <span class=\"count\">").number(count).raw("</span></h2>\n");
}

/// The head of a table. A column is its title and how it is sorted: `words` or `number`; without that it is not.
pub(super) fn head(page: &mut Markup, id: &'static str, columns: &[(&'static str, &'static str)]) {
    page.raw("<table id=\"").raw(id).raw("-table\" class=\"list ").raw(id).raw("\">\n<thead><tr>");
    for (title, order) in columns {
        page.raw("<th scope=\"col\"");
        if !order.is_empty() {
            page.raw(" data-order=\"").raw(order).raw("\"");
        }
        page.raw(">").raw(title).raw("</th>");
    }
    page.raw("</tr></thead>\n<tbody>\n");
}

/// A row for each, as long as they fit, and the end of the table; what does not fit is counted below it.
pub(super) fn rows<T>(
    page: &mut Markup,
    items: impl IntoIterator<Item = T>,
    mut row: impl FnMut(&mut Markup, T),
) {
    let start = page.size();
    let mut items = items.into_iter();
    for _ in 0..MOST_ROWS {
        if page.size() - start > MOST_BYTES {
            break;
        }
        let Some(item) = items.next() else { break };
        row(page, item);
    }
    page.raw("</tbody>\n</table>\n");
    let left = items.count();
    if left > 0 {
        page.raw("<p class=\"note\">").number(left);
        page.raw(" more did not fit on this page; <code>--format json</code> has all of them.</p>\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_counted() {
        for (items, text, shown) in
            [(3, "x", 3), (MOST_ROWS + 5, "x", MOST_ROWS), (200, &*"<".repeat(500), 200)]
        {
            let mut page = Markup::default();
            rows(&mut page, 0..items, |page, _| _ = page.raw("<tr>").text(text));
            let page = page.finish();
            assert_eq!(page.matches("<tr>").count(), shown);
            assert_eq!(page.contains(&format!("{} more did not fit", items - shown)), items > shown);
        }
        let mut page = Markup::default();
        let long = "<".repeat(500);
        rows(&mut page, 0..MOST_ROWS, |page, _| _ = (0..10).map(|_| page.text(&long).size()).sum::<usize>());
        assert!(page.size() < MOST_BYTES + 100_000, "{}", page.size());
        assert!(page.finish().contains("more did not fit"));
    }
}
