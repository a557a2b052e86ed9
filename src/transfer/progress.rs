//! How far a command is, drawn on a terminal only.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar for items, the number of which is learned as they come.
pub(crate) fn items(what: &str) -> ProgressBar {
    bar(0, &format!("{what} {{wide_bar}} {{pos}}/{{len}}, {{eta}} left"))
}

/// A bar for the bytes of a file; of an unknown size when it is a stream.
pub(crate) fn bytes(what: &str, size: Option<u64>) -> ProgressBar {
    match size {
        Some(size) => {
            bar(size, &format!("{what} {{wide_bar}} {{bytes}}/{{total_bytes}}, {{eta}} left"))
        }
        None => ProgressBar::no_length().with_style(ProgressStyle::default_spinner()),
    }
}

fn bar(length: u64, template: &str) -> ProgressBar {
    let bar = ProgressBar::new(length);
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
