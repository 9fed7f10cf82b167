//! The results of a checkup, as text, JSON, JUnit, HTML and Markdown.

use std::fmt::Write;
use std::time::Duration;

use askama::Template;
use serde::Serialize;
use serde_json::json;

use crate::cli::output::{Color, print};
use crate::report::{Finding, Severity};

/// How the command fared with one provocation.
#[derive(Serialize)]
pub(super) struct Outcome {
    pub(super) provocation: &'static str,
    pub(super) survived: bool,
    /// `None` if a signal ended it.
    pub(super) exit_code: Option<i32>,
    #[serde(skip)]
    pub(super) is_timed_out: bool,
    #[serde(serialize_with = "serialize_seconds")]
    pub(super) seconds: Duration,
    pub(super) findings: Vec<Finding>,
    #[serde(skip)]
    pub(super) advice: &'static str,
}

fn serialize_seconds<S: serde::Serializer>(
    duration: &Duration,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((duration.as_secs_f64() * 1_000.0).round() / 1_000.0)
}

impl Outcome {
    /// Returns how the command ended.
    fn end(&self) -> String {
        match self.exit_code {
            _ if self.is_timed_out => "timed out".to_owned(),
            Some(code) => format!("exit {code}"),
            None => "signal".to_owned(),
        }
    }

    fn result(&self) -> &'static str {
        if self.survived { "survived" } else { "failed" }
    }

    fn seconds(&self) -> String {
        format!("{:.1}", self.seconds.as_secs_f64())
    }

    /// Returns the rules that it broke, but for remarks.
    fn rules(&self) -> String {
        let serious = self.findings.iter().filter(|finding| finding.severity > Severity::Info);
        serious.map(|finding| finding.rule.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// Prints the row of one provocation.
pub(super) fn print_row(outcome: &Outcome) {
    let color = Color::for_stdout();
    let result = format!("{:<8}", outcome.result());
    let result = if outcome.survived { color.green(&result) } else { color.red(&result) };

    let (name, end, seconds) = (outcome.provocation, outcome.end(), outcome.seconds());
    let row = format!("{result}  {name:<22}  {end:<9}  {seconds:>5} s  {}", outcome.rules());
    print(row.trim_end());
    if !outcome.survived {
        print(&color.dim(&format!("          {}", outcome.advice)));
    }
}

/// Prints how many provocations the command survived.
pub(super) fn print_summary(outcomes: &[Outcome]) {
    let color = Color::for_stdout();
    let text = summary(outcomes);
    let is_passed = outcomes.iter().all(|outcome| outcome.survived);
    print(&if is_passed { color.green(&text) } else { color.red(&text) });
}

fn summary(outcomes: &[Outcome]) -> String {
    let survived = outcomes.iter().filter(|outcome| outcome.survived).count();
    format!("{survived} of {} provocations survived", outcomes.len())
}

/// Returns the results as JSON.
pub(super) fn json(outcomes: &[Outcome]) -> String {
    json!({ "provocations": outcomes }).to_string()
}

/// Returns the results as JUnit XML, with a test case for each provocation.
pub(super) fn junit(outcomes: &[Outcome]) -> String {
    let failures = outcomes.iter().filter(|outcome| !outcome.survived).count();
    let counts = format!("tests=\"{}\" failures=\"{failures}\" errors=\"0\"", outcomes.len());
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"smartpay-oauth-mock checkup\" {counts}>\n  \
         <testsuite name=\"smartpay-oauth-mock checkup\" {counts} skipped=\"0\">\n"
    );

    for outcome in outcomes {
        let (name, time) = (outcome.provocation, outcome.seconds.as_secs_f64());
        let _ = write!(
            text,
            "    <testcase classname=\"smartpay-oauth-mock\" name=\"{name}\" time=\"{time:.3}\""
        );
        // Names and advice are constants without characters that XML would need escaped.
        let _ = if outcome.survived {
            writeln!(text, "/>")
        } else {
            let (end, rules, advice) = (outcome.end(), outcome.rules(), outcome.advice);
            writeln!(text, "><failure message=\"{end}\">{rules}\n{advice}</failure></testcase>")
        };
    }
    text + "  </testsuite>\n</testsuites>\n"
}

/// Returns the results as Markdown.
pub(super) fn markdown(outcomes: &[Outcome]) -> String {
    let mut text = format!("## smartpay-oauth-mock checkup\n\n**{}**\n\n", summary(outcomes));
    text.push_str(
        "| provocation | result | end | seconds | findings | advice |\n|---|---|---|---|---|---|\n",
    );
    for outcome in outcomes {
        let advice = if outcome.survived { "" } else { outcome.advice };
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} | {advice} |",
            outcome.provocation,
            outcome.result(),
            outcome.end(),
            outcome.seconds(),
            outcome.rules(),
        );
    }
    text
}

#[derive(Template)]
#[template(path = "checkup.html")]
struct CheckupPage<'a> {
    summary: String,
    outcomes: &'a [Outcome],
}

/// Returns the results as one HTML file.
pub(super) fn html(outcomes: &[Outcome]) -> String {
    CheckupPage { summary: summary(outcomes), outcomes }.render().unwrap_or_default()
}
