//! Recorded requests and verifications as text.

use std::collections::BTreeMap;

use serde_json::Value;

use super::output::Color;

/// Returns the response of `GET requests` as a table, with the notes below it if they are wanted.
pub(super) fn format_list(response: &Value, with_notes: bool) -> String {
    let color = Color::for_stdout();
    let entries = response["requests"].as_array().map(Vec::as_slice).unwrap_or_default();

    let header = format!(
        "{:>5}  {:<12}  {:<10}  {:<20}  {:<12}  {:<12}  status",
        "#", "time", "endpoint", "what", "client", "merchant"
    );
    let mut lines = vec![color.dim(&header)];
    lines.extend(entries.iter().map(|entry| format_entry(entry, color)));
    if with_notes {
        lines.extend(format_notes(entries).iter().map(|line| color.dim(line)));
    }

    let (shown, total) = (entries.len() as u64, response["total"].as_u64().unwrap_or_default());
    if shown < total {
        lines.push(format!("{shown} of {total} requests"));
    }
    if let Some(dropped) = dropped(response) {
        lines.push(color.yellow(&format!("{dropped} older requests were dropped")));
    }
    lines.join("\n")
}

/// Returns a line for each note, with the requests that it applies to.
fn format_notes(entries: &[Value]) -> Vec<String> {
    let mut ids_by_note: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for entry in entries {
        for note in notes(entry) {
            ids_by_note.entry(note).or_default().push(entry["id"].as_u64().unwrap_or_default());
        }
    }

    ids_by_note
        .into_iter()
        .map(|(note, ids)| match ids.as_slice() {
            [first, .., last] => format!("note ({} from #{first} to #{last}): {note}", ids.len()),
            ids => format!("note (#{}): {note}", ids.first().unwrap_or(&0)),
        })
        .collect()
}

/// Returns a request as one line. Columns are aligned as long as IDs have their usual length.
pub(super) fn format_entry(entry: &Value, color: Color) -> String {
    // An RFC 3339 time without its date and time zone.
    let time = text(entry, "time");
    let time = time.split_once('T').map_or(time, |(_, time)| time.trim_end_matches('Z'));
    let what = match text(entry, "endpoint") {
        "token" => text(entry, "grant_type").to_owned(),
        _ => format!("{} {}", text(entry, "method"), text(entry, "path")),
    };
    let status = match entry["outcome"]["status"].as_u64() {
        Some(status @ ..400) => color.green(&status.to_string()),
        Some(status) => color.red(&status.to_string()),
        None if entry["outcome"].is_null() => color.yellow("waits"),
        None => color.red("none"),
    };

    format!(
        "{:>5}  {time:<12.12}  {:<10}  {what:<20}  {:<12}  {:<12}  {status}  {}",
        entry["id"].as_u64().unwrap_or_default(),
        text(entry, "endpoint"),
        text(entry, "client_id"),
        text(entry, "merchant_id"),
        format_reasons(&entry["outcome"], color),
    )
    .trim_end()
    .to_owned()
}

/// Returns why a request had this outcome: error, row of the decision table, scenario, fault.
fn format_reasons(outcome: &Value, color: Color) -> String {
    let mut reasons = Vec::new();
    reasons.extend(outcome["error"].as_str().map(str::to_owned));
    reasons.extend(outcome["row"].as_u64().map(|row| format!("row {row}")));
    let scenario = outcome["scenario"].as_str();
    reasons.extend(scenario.map(|name| color.yellow(&format!("scenario {name}"))));
    reasons.extend(outcome["fault"].as_str().map(|fault| color.yellow(fault)));
    reasons.join(", ")
}

/// Returns whether an expectation is met, and the closest requests if it is not.
pub(super) fn format_verification(verification: &Value) -> String {
    let color = Color::for_stdout();
    let verdict = if verification["satisfied"] == true {
        color.green("expectation met")
    } else {
        color.red("expectation not met")
    };
    let (matched, overlapped) = (&verification["matched"], &verification["overlapped"]);
    let mut lines = vec![format!("{verdict}: {matched} matched, {overlapped} overlapped in time")];

    if let Some(dropped) = dropped(verification) {
        lines.push(color.yellow(&format!(
            "{dropped} requests were dropped from the journal and not counted; increase \
             --journal-size"
        )));
    }
    for near_miss in verification["closest"].as_array().into_iter().flatten() {
        lines.push(format_entry(&near_miss["request"], color));
        for difference in near_miss["differs"].as_array().into_iter().flatten() {
            lines.push(format!(
                "       {}: expected {}, found {}",
                text(difference, "member"),
                text(difference, "expected"),
                difference["actual"].as_str().unwrap_or("nothing"),
            ));
        }
    }
    lines.join("\n")
}

/// Returns the notes of a request.
pub(super) fn notes(entry: &Value) -> impl Iterator<Item = &str> {
    entry["notes"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// Returns the number of requests that the journal has dropped, if there are any.
fn dropped(response: &Value) -> Option<u64> {
    response["dropped"].as_u64().filter(|dropped| *dropped > 0)
}

fn text<'e>(entry: &'e Value, name: &str) -> &'e str {
    entry[name].as_str().unwrap_or("-")
}
