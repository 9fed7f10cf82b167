//! Rows 1 to 6 of the table: what the bytes of a form request show.

use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};

use super::body::{self, BodyError, BodyKind};
use crate::journal::{ParamPolicy, RequestRecorder};
use crate::limits::LimitMonitor;
use crate::oauth::{Form, Refusal, Row, form, refuse};

/// Records parameters in the URL, where a form request must have none, so that the journal shows
/// them.
pub(super) fn record_query(parts: &Parts, recorder: &RequestRecorder, policy: ParamPolicy) {
    let query = parts.uri.query().unwrap_or_default();
    if let Ok(params) = Form::parse(query.as_bytes()) {
        recorder.parameters(params.iter(), policy);
    }
}

/// Reads the bytes of a form: rows 1 to 4, in order.
pub(super) async fn read(
    parts: &Parts,
    mut body: Body,
    monitor: &LimitMonitor,
) -> Result<Bytes, Refusal> {
    let read = check_and_read(parts, &mut body, monitor).await;

    // A client that waits for permission to send its body does not send it.
    if read.is_err() && !parts.headers.contains_key(header::EXPECT) {
        body::discard(&mut body).await;
    }
    read
}

async fn check_and_read(
    parts: &Parts,
    body: &mut Body,
    monitor: &LimitMonitor,
) -> Result<Bytes, Refusal> {
    check_method(parts)?; //                     row 1
    check_query(parts)?; //                      row 2
    check_content_type(&parts.headers)?; //      row 3
    read_body(body, monitor).await //            row 4
}

/// Parses the parameters of a form: rows 5 and 6.
pub(super) fn parse<'b>(
    body: &'b [u8],
    recorder: &RequestRecorder,
    policy: ParamPolicy,
) -> Result<Form<'b>, Refusal> {
    let form = parse_form(body)?; //             row 5
    recorder.parameters(form.iter(), policy);
    check_duplicates(&form)?; //                 row 6

    Ok(form)
}

fn check_method(parts: &Parts) -> Result<(), Refusal> {
    if parts.method == Method::POST {
        return Ok(());
    }

    refuse(Row::Method, "The method must be POST, with all parameters in the body.")
}

fn check_query(parts: &Parts) -> Result<(), Refusal> {
    let query = parts.uri.query().unwrap_or_default();
    let Some(first) = query.split('&').find(|piece| !piece.is_empty()) else { return Ok(()) };

    let name = first.split('=').next().unwrap_or_default();
    let name = form::displayable_name(name, 1);
    refuse(Row::Query, format!("{name} is in the URL; all parameters must be sent in the body."))
}

pub(super) fn check_content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    if let (Some(value), None) = (values.next(), values.next())
        && value.to_str().is_ok_and(is_form)
    {
        return Ok(());
    }

    refuse(
        Row::ContentType,
        "The Content-Type must be application/x-www-form-urlencoded (a charset of utf-8 may \
         follow).",
    )
}

fn is_form(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();

    media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        && match (parts.next(), parts.next()) {
            (None, None) => true,
            (Some(parameter), None) => is_utf8_charset(parameter),
            _ => false,
        }
}

fn is_utf8_charset(parameter: &str) -> bool {
    parameter.split_once('=').is_some_and(|(name, value)| {
        name.eq_ignore_ascii_case("charset")
            && ["utf-8", "\"utf-8\""].iter().any(|utf8| value.eq_ignore_ascii_case(utf8))
    })
}

async fn read_body(body: &mut Body, monitor: &LimitMonitor) -> Result<Bytes, Refusal> {
    body::read(body, BodyKind::Form, monitor).await.map_err(|error| match error {
        BodyError::TooLarge => Refusal::new(Row::BodySize, "The body is larger than 64 KiB."),
        BodyError::TooSlow => Refusal::new(
            Row::BodyTime,
            format!("The body did not arrive within {:?}.", monitor.limits().body_time),
        ),
        BodyError::Broken => {
            Refusal::new(Row::WellFormed, "The body ended before it was complete.")
        }
    })
}

fn parse_form(body: &[u8]) -> Result<Form<'_>, Refusal> {
    Form::parse(body)
        .map_err(|error| Refusal::new(Row::WellFormed, format!("The body is not a form: {error}.")))
}

fn check_duplicates(form: &Form<'_>) -> Result<(), Refusal> {
    match form.duplicate() {
        None => Ok(()),
        Some(name) => refuse(Row::Duplicate, format!("{name} occurs more than once in the body.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_type_of_a_form_is_recognised() {
        for (value, good) in [
            ("application/x-www-form-urlencoded", true),
            ("Application/X-WWW-Form-Urlencoded", true),
            ("application/x-www-form-urlencoded;charset=UTF-8", true),
            ("application/x-www-form-urlencoded ; charset=\"utf-8\"", true),
            ("application/x-www-form-urlencoded; charset=\"utf-8", false),
            ("application/x-www-form-urlencoded; charset=latin1", false),
            ("application/x-www-form-urlencoded; boundary=x", false),
            ("application/x-www-form-urlencoded; charset=utf-8; a=b", false),
            ("application/x-www-form-urlencoded2", false),
            ("application/json", false),
            ("", false),
        ] {
            assert_eq!(is_form(value), good, "{value}");
        }
    }
}
