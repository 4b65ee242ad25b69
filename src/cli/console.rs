//! What the program says: lines, tables and progress bars. The only place that prints.
#![expect(clippy::print_stderr, reason = "a program talks to its terminal")]

use std::fmt::Display;
use std::io::{IsTerminal as _, Write as _};

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Prints a line of results. A reader that has gone away (`| head`) is no error.
pub fn say(line: &impl Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Prints a line about the work, out of the way of results.
pub fn note(line: &impl Display) {
    eprintln!("{line}");
}

/// Prints what went wrong.
pub fn complain(line: &impl Display) {
    eprintln!("{line}");
}

/// A table of words in the first column and numbers in the others.
#[must_use]
pub fn table(head: &[&str], rows: &[Vec<String>]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_content_arrangement(ContentArrangement::Disabled).set_header(head);
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// A progress bar on standard error; hidden where that is no terminal.
#[must_use]
pub fn bar(what: &'static str, length: usize) -> ProgressBar {
    let target = if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr_with_hz(8)
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(Some(length as u64), target);
    let style = ProgressStyle::with_template("{prefix:>9} {bar:24} {pos}/{len} {eta:>4} {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.with_prefix(what)
}
