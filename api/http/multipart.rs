//! The text fields of a `multipart/form-data` body that is in memory already.

use crate::error::ApiError;

/// The pairs of the form, in its order. Files count as their text.
pub(crate) fn parse(content_type: &str, bytes: &[u8]) -> Result<Vec<(String, String)>, ApiError> {
    let boundary = boundary(content_type)?;
    // A delimiter is a line of its own: the same text within a line belongs to a value.
    let delimiter = format!("\r\n--{boundary}");
    let text = format!("\r\n{}", String::from_utf8_lossy(bytes));
    let mut parts = text.split(delimiter.as_str());
    parts.next();
    let mut pairs = Vec::new();
    for part in parts {
        if part.starts_with("--") {
            return Ok(pairs);
        }
        pairs.push(pair(part).ok_or_else(|| fault("a part without a name"))?);
    }
    Err(fault("it ends too early"))
}

fn fault(what: &str) -> ApiError {
    ApiError::Malformed(format!("Multipart form parse error - {what}"))
}

fn boundary(content_type: &str) -> Result<&str, ApiError> {
    match parameter(content_type, "boundary") {
        Some("") => Err(fault("Invalid boundary in multipart: ")),
        Some(boundary) => Ok(boundary),
        None => Err(fault("Invalid boundary in multipart: None")),
    }
}

/// One part: header lines, a blank line and the value.
fn pair(part: &str) -> Option<(String, String)> {
    let part = part.strip_prefix("\r\n")?;
    let (head, value) = part.split_once("\r\n\r\n")?;
    let disposition =
        head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    let name = parameter(disposition, "name")?;
    Some((name.to_owned(), value.to_owned()))
}

/// The value of `name=value` or `name="value"` behind a semicolon.
fn parameter<'text>(header: &'text str, name: &str) -> Option<&'text str> {
    header.split(';').skip(1).find_map(|part| {
        let (key, value) = part.trim().split_once('=')?;
        let matches = key.trim().eq_ignore_ascii_case(name);
        matches.then(|| value.trim().trim_matches('"'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_a_form_are_read_in_order() {
        let body = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x\r\n\
             content-disposition: form-data; name=b\r\nContent-Type: text/plain\r\n\r\n\
             two --x\r\nlines\r\n--x--\r\n";
        let pairs = parse("multipart/form-data; boundary=x", body.as_bytes()).unwrap();
        let own = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(pairs, [own("a", "1"), own("b", "two --x\r\nlines")]);
    }

    #[test]
    fn a_broken_form_says_so() {
        let cases =
            [("multipart/form-data", "--x--"), ("multipart/form-data; boundary=x", "--x\r\n")];
        for (content_type, body) in cases {
            let error = parse(content_type, body.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with("Multipart form parse error - "), "{error}");
        }
    }
}
