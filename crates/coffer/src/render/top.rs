//! The processes of a container.

use engine::resources::TopLine;
use serde::Serialize;

use super::style::Style;
use super::table::{Column, Table};
use super::{text, units};
use crate::commands::Truncate;

/// `--format json` of `coffer top`: one process.
#[derive(Debug, Serialize)]
pub(crate) struct ProcessJson<'a> {
    pid: i32,
    inside: Option<i32>,
    user: Option<u32>,
    cpu_percent: f64,
    memory: u64,
    elapsed: u64,
    command: &'a [String],
}

impl<'a> ProcessJson<'a> {
    /// All of it.
    pub(crate) fn new(line: &'a TopLine) -> Self {
        let TopLine { pid, inside, user, cpu, memory, elapsed, ref command } = *line;
        Self { pid, inside, user, cpu_percent: units::percent(cpu), memory, elapsed, command }
    }
}

/// The table.
pub(crate) fn table(lines: &[TopLine], truncate: Truncate, style: Style, width: usize) -> String {
    let mut table = Table::new([
        Column::whole("PID"),
        Column::whole("USER"),
        Column::whole("CPU"),
        Column::whole("MEMORY"),
        Column::whole("ELAPSED"),
        Column::gives_way("COMMAND"),
    ]);
    for line in lines {
        table.row([
            line.pid.to_string().into(),
            line.user.map_or_else(|| "-".to_owned(), |user| user.to_string()).into(),
            units::percent_text(line.cpu).into(),
            units::bytes(line.memory).into(),
            units::duration(i64::try_from(line.elapsed).unwrap_or(i64::MAX)).into(),
            text::command(&line.command).into(),
        ]);
    }
    table.render(style, if truncate == Truncate::Whole { usize::MAX } else { width })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_process_calls_itself_does_not_move_the_cursor() {
        let command = vec!["sh".to_owned(), "\x1b[2J".to_owned()];
        let line =
            TopLine { pid: 7, inside: Some(1), user: None, cpu: 1234, memory: 0, elapsed: 61, command };
        let expected = "PID  USER  CPU     MEMORY  ELAPSED  COMMAND\n7    -     123.4%  0 B     1 min    sh '\\u{1b}[2J'\n";
        assert_eq!(table(&[line], Truncate::Short, Style::Plain, 80), expected);
    }
}
