//! The figures, each beside its bound.

use std::fmt::Write;

use crate::client::CONNECTIONS;

#[derive(Default)]
pub struct Table {
    text: String,
}

impl Table {
    pub fn title(&mut self, title: &str) {
        let _ = writeln!(self.text, "\n## {title}\n\n| figure | measured | bound |\n|---|---|---|");
    }

    pub fn row(&mut self, figure: &str, measured: f64, bound: Option<f64>, unit: &str) {
        let shown = |value: f64| match value {
            1000.0.. => format!("{value:.0} {unit}"),
            _ => format!("{value:.2} {unit}"),
        };
        let bound = match bound {
            Some(bound) if measured > bound => format!("{}, **over**", shown(bound).trim_end()),
            Some(bound) => shown(bound).trim_end().to_owned(),
            None => "-".to_owned(),
        };
        let _ = writeln!(self.text, "| {figure} | {} | {bound} |", shown(measured).trim_end());
    }

    /// Rows that somebody else has made.
    pub fn rows<'r>(&mut self, rows: impl Iterator<Item = &'r str>) {
        rows.for_each(|row| {
            let _ = writeln!(self.text, "{row}");
        });
    }

    /// Whether a figure is over its bound.
    pub fn is_over(&self) -> bool {
        self.text.contains("**over**")
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The page, which says how and where it was measured.
    pub fn page(&self) -> String {
        let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpu.lines().find(|line| line.starts_with("model name"));
        let model = model.and_then(|line| line.split(": ").nth(1)).unwrap_or("unknown");
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        format!(
            "# Performance\n\n\
             Written by `cargo run --release --example report`. It starts the real binary with its \
             usual settings and lets h2load drive it over loopback, {CONNECTIONS} connections kept \
             alive. Costs are CPU time of the server, by getrusage, against that of the signatures \
             that cannot be avoided, measured on either side of it. Latencies are of an evenly \
             paced client, each from when its request was due. Half of the many requests before \
             which memory is read are exchanges, half refreshes.\n\n\
             Machine: {model}, {cores} cores, which the clients share. Only ratios, sizes and \
             memory mean much elsewhere.\n{}",
            self.text
        )
    }
}
