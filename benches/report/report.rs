//! The report: tables of figures, each beside its bound.

use std::fmt::Write;

use crate::client::CONNECTIONS;

#[derive(Default)]
pub struct Report {
    text: String,
}

impl Report {
    /// Starts a table.
    pub fn heading(&mut self, title: &str) {
        let _ = writeln!(self.text, "\n## {title}\n\n| figure | measured | bound |\n|---|---|---|");
    }

    pub fn row(&mut self, figure: &str, measured: f64, bound: Option<f64>, unit: &str) {
        let bound = match bound {
            Some(bound) if measured > bound => format!("{}, **over**", with_unit(bound, unit)),
            Some(bound) => with_unit(bound, unit),
            None => "-".to_owned(),
        };
        let _ = writeln!(self.text, "| {figure} | {} | {bound} |", with_unit(measured, unit));
    }

    /// Adds a row that says why a figure is missing.
    pub fn missing(&mut self, figure: &str, reason: &str) {
        let _ = writeln!(self.text, "| {figure} | {reason} | - |");
    }

    /// Appends rows that are formatted already.
    pub fn append_rows<'r>(&mut self, rows: impl Iterator<Item = &'r str>) {
        rows.for_each(|row| {
            let _ = writeln!(self.text, "{row}");
        });
    }

    /// Returns whether a figure is over its bound.
    pub fn has_failures(&self) -> bool {
        self.text.contains("**over**")
    }

    /// Returns the tables.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the whole page, with how and where the figures were measured.
    pub fn page(&self) -> String {
        let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpu.lines().find(|line| line.starts_with("model name"));
        let model = model.and_then(|line| line.split(": ").nth(1)).unwrap_or("unknown");
        let cores = std::thread::available_parallelism().map_or(1, usize::from);

        format!(
            "# Performance\n\n\
             `cargo bench --bench report` writes this file. It starts the real program with its \
             default settings and sends requests over loopback with h2load, over {CONNECTIONS} \
             keep-alive connections. A cost is the server's CPU time (getrusage) divided by the \
             CPU time of the necessary signatures, which is measured before and after. Latencies \
             are measured at a fixed request rate, each from the time at which its request was \
             due. Between the two memory measurements, half of the requests are exchanges and \
             half are refreshes.\n\n\
             Machine: {model}, {cores} cores, shared with the clients. On other machines, compare \
             only ratios, sizes and memory.\n{}",
            self.text
        )
    }
}

fn with_unit(value: f64, unit: &str) -> String {
    let decimals = if value >= 1000.0 { 0 } else { 2 };
    format!("{value:.decimals$} {unit}").trim_end().to_owned()
}
