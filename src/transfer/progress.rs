//! How far a command is, drawn on a terminal only.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar for items, the number of which is learned as they come.
pub(crate) fn items(what: &str) -> ProgressBar {
    styled(ProgressBar::new(0), &format!("{what} {{wide_bar}} {{pos}}/{{len}}, {{eta}} left"))
}

/// A bar for the bytes of a file; of an unknown size when it is a stream.
pub(crate) fn bytes(what: &str, size: Option<u64>) -> ProgressBar {
    let Some(size) = size else {
        return styled(ProgressBar::no_length(), &format!("{what} {{bytes}}"));
    };
    let template = format!("{what} {{wide_bar}} {{bytes}}/{{total_bytes}}, {{eta}} left");
    styled(ProgressBar::new(size), &template)
}

fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
