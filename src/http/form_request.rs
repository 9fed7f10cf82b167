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
        recorder.url_params(params.iter());
    }
}

/// Reads the bytes of a form: rows 1 to 4, in order.
pub(super) async fn read(
    parts: &Parts,
    mut body: Body,
    monitor: &LimitMonitor,
    recorder: &RequestRecorder,
) -> Result<Bytes, Refusal> {
    check_method(parts)?; //                                     row 1
    check_query(parts)?; //                                      row 2
    let charset = check_content_headers(&parts.headers)?; //     row 3
    let bytes = read_body(&mut body, monitor).await?; //            row 4
    check_charset(charset, &bytes, recorder)?; //                row 3, as far as the body decides it

    Ok(bytes)
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

/// The charset that the Content-Type of a form declares. Of several, the later one in this order counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FormCharset {
    Utf8,
    /// Another extension of ASCII. It makes no difference while the body is ASCII.
    AsciiExtension,
}

/// Row 3: the headers that describe the body are those of a form.
pub(super) fn check_content_headers(headers: &HeaderMap) -> Result<FormCharset, Refusal> {
    let charset = check_content_type(headers)?;
    if let Some(coding) = body::content_coding(headers) {
        return refuse(
            Row::ContentType,
            format!("The Content-Encoding {coding} is not supported; send the body without one."),
        );
    }

    Ok(charset)
}

fn check_content_type(headers: &HeaderMap) -> Result<FormCharset, Refusal> {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    if let (Some(value), None) = (values.next(), values.next())
        && let Some(charset) = value.to_str().ok().and_then(form_charset)
    {
        return Ok(charset);
    }

    refuse(
        Row::ContentType,
        "The Content-Type must be application/x-www-form-urlencoded; a charset, if it has one, must \
         be utf-8.",
    )
}

/// Row 3, too: a body in another charset than UTF-8 has nothing that depends on it.
pub(super) fn check_charset(
    charset: FormCharset,
    body: &[u8],
    recorder: &RequestRecorder,
) -> Result<(), Refusal> {
    if charset == FormCharset::Utf8 {
        return Ok(());
    }

    recorder.other_charset();
    if body.is_ascii() {
        return Ok(());
    }
    refuse(
        Row::ContentType,
        "The charset of the Content-Type must be utf-8, because the body is not ASCII.",
    )
}

/// Returns the charset of a Content-Type; `None` if it is not that of a form.
fn form_charset(content_type: &str) -> Option<FormCharset> {
    let mut parts = content_type.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return None;
    }

    // Parameters of other names mean nothing, and neither does an empty one.
    let charsets = parts
        .filter_map(|parameter| parameter.split_once('='))
        .filter(|(name, _)| name.trim_end().eq_ignore_ascii_case("charset"));
    charsets
        .map(|(_, value)| named_charset(value))
        .try_fold(FormCharset::Utf8, |declared, charset| Some(declared.max(charset?)))
}

/// Returns the charset of this name; `None` if it does not extend ASCII, or is not known to.
fn named_charset(value: &str) -> Option<FormCharset> {
    /// The beginnings of the names of charsets in which the bytes of ASCII are ASCII.
    const ASCII_EXTENSIONS: &str = "us-ascii ascii iso-8859- iso8859- iso_8859- latin1 windows- cp125 \
                                    koi8- macintosh euc- gb big5";

    let value = value.trim_start().to_ascii_lowercase();
    let name = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(&value);
    if matches!(name, "utf-8" | "utf8") {
        return Some(FormCharset::Utf8);
    }

    ASCII_EXTENSIONS
        .split(' ')
        .any(|extension| name.starts_with(extension))
        .then_some(FormCharset::AsciiExtension)
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
    fn the_content_type_of_a_form_is_recognized() {
        const UTF_8: Option<FormCharset> = Some(FormCharset::Utf8);
        const OTHER: Option<FormCharset> = Some(FormCharset::AsciiExtension);

        for (value, expected) in [
            ("application/x-www-form-urlencoded", UTF_8),
            ("Application/X-WWW-Form-Urlencoded", UTF_8),
            ("application/x-www-form-urlencoded;charset=UTF-8", UTF_8),
            ("application/x-www-form-urlencoded ; charset=\"utf-8\"", UTF_8),
            ("application/x-www-form-urlencoded;", UTF_8),
            ("application/x-www-form-urlencoded; ; charset=utf-8;", UTF_8),
            ("application/x-www-form-urlencoded; boundary=x", UTF_8),
            ("application/x-www-form-urlencoded; charset=utf-8; a=b", UTF_8),
            ("application/x-www-form-urlencoded; charset=ISO-8859-1", OTHER),
            ("application/x-www-form-urlencoded; a=b; Charset=\"Windows-1252\"", OTHER),
            ("application/x-www-form-urlencoded; charset=us-ascii", OTHER),
            ("application/x-www-form-urlencoded; charset=utf-8; charset=latin1", OTHER),
            ("application/x-www-form-urlencoded; charset=\"utf-8", None),
            ("application/x-www-form-urlencoded; charset=utf-16", None),
            ("application/x-www-form-urlencoded; charset=utf-8; charset=utf-16", None),
            ("application/x-www-form-urlencoded; charset=", None),
            ("application/x-www-form-urlencoded2", None),
            ("application/json", None),
            ("", None),
        ] {
            assert_eq!(form_charset(value), expected, "{value}");
        }
    }
}
