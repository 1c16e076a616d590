//! Aligned columns without borders; as wide as they need to be, or as the terminal allows.

use super::style::{Style, Tone};
use super::text;

/// Spaces between columns.
const GAP: usize = 2;

/// A column that gives way is not made narrower than the first of these; than the second only where that
/// is not enough.
const NARROWEST: [usize; 2] = [12, 5];

/// What a column is called and whether it may be cut.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    title: &'static str,
    fit: Fit,
}

/// What happens to a column when the terminal is narrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    Whole,
    GivesWay,
}

impl Column {
    /// Always shown whole: ids, sizes, names.
    pub(crate) const fn whole(title: &'static str) -> Self {
        Self { title, fit: Fit::Whole }
    }

    /// Cut where the line would be too long: commands, details.
    pub(crate) const fn gives_way(title: &'static str) -> Self {
        Self { title, fit: Fit::GivesWay }
    }
}

/// One field of a row.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text: text::plain(&text), tone: Tone::Plain }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl Cell {
    /// A field in a tone.
    pub(crate) fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: text::plain(&text.into()), tone }
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

/// Rows below titles.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table without rows.
    pub(crate) fn new(columns: impl Into<Vec<Column>>) -> Self {
        Self { columns: columns.into(), rows: Vec::new() }
    }

    /// Adds a row, one field for each column.
    pub(crate) fn row(&mut self, cells: impl Into<Vec<Cell>>) {
        self.rows.push(cells.into());
    }

    /// The text, at most `width` columns wide where the columns that give way allow it.
    pub(crate) fn render(&self, style: Style, width: usize) -> String {
        let widths = self.widths(width);
        let titles: Vec<Cell> =
            self.columns.iter().map(|column| Cell::toned(column.title, Tone::Strong)).collect();
        std::iter::once(&titles).chain(&self.rows).map(|row| line(row, &widths, style)).collect()
    }

    fn widths(&self, width: usize) -> Vec<usize> {
        let mut widths: Vec<usize> = (0..self.columns.len()).map(|index| self.needed(index)).collect();
        let total = widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
        let mut excess = total.saturating_sub(width);
        for narrowest in NARROWEST {
            for (column, needed) in self.columns.iter().zip(&mut widths).rev() {
                if column.fit == Fit::GivesWay {
                    let given = excess.min(needed.saturating_sub(narrowest));
                    *needed -= given;
                    excess -= given;
                }
            }
        }
        widths
    }

    fn needed(&self, index: usize) -> usize {
        let title = self.columns.get(index).map_or(0, |column| column.title.chars().count());
        self.rows.iter().filter_map(|row| row.get(index)).map(Cell::width).fold(title, usize::max)
    }
}

fn line(cells: &[Cell], widths: &[usize], style: Style) -> String {
    let mut line = String::new();
    let mut gap = 0;
    for (cell, width) in cells.iter().zip(widths) {
        let shown = text::cut(&cell.text, *width);
        let length = shown.chars().count();
        if !shown.is_empty() {
            line.extend(std::iter::repeat_n(' ', gap));
            line.push_str(&style.paint(cell.tone, &shown));
            gap = 0;
        }
        gap += width.saturating_sub(length) + GAP;
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table =
            Table::new([Column::whole("ID"), Column::gives_way("COMMAND"), Column::whole("NAMES")]);
        table.row(["1".into(), "sh -c sleep 1000000".into(), "web".into()]);
        table.row(["23".into(), "true".into(), "".into()]);
        table
    }

    #[test]
    fn columns_are_aligned_and_lines_end_without_spaces() {
        let expected = "ID  COMMAND              NAMES\n1   sh -c sleep 1000000  web\n23  true\n";
        assert_eq!(table().render(Style::Plain, usize::MAX), expected);
    }

    #[test]
    fn only_columns_that_give_way_are_cut() {
        let expected = "ID  COMMAND        NAMES\n1   sh -c sleep …  web\n23  true\n";
        assert_eq!(table().render(Style::Plain, 24), expected);
        assert!(table().render(Style::Plain, 1).contains("sh -…  web"));
    }

    #[test]
    fn colour_does_not_move_columns() {
        let mut table = Table::new([Column::whole("A"), Column::whole("B")]);
        table.row([Cell::toned("x", Tone::Good), "y".into()]);
        assert!(table.render(Style::Coloured, 80).ends_with("\x1b[32mx\x1b[0m  y\n"));
    }
}
