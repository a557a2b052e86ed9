//! Numbers, booleans and times, as DRF reads them.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike};
use ihs_store::Timestamp;
use serde_json::{Number, Value};

use super::python;

const BAD_INTEGER: &str = "A valid integer is required.";
const BAD_NUMBER: &str = "A valid number is required.";
const BAD_BOOLEAN: &str = "Must be a valid boolean.";
const BAD_TIME: &str = "Datetime has wrong format. Use one of these formats instead: \
     YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].";
const TOO_LARGE: &str = "String value too large.";

/// Texts that mean yes, whatever their case.
const TRUE: [&str; 6] = ["t", "y", "yes", "true", "on", "1"];

/// Texts that mean no.
const FALSE: [&str; 6] = ["f", "n", "no", "false", "off", "0"];

/// Longest text that is read as a number.
const NUMBER_CHARS: usize = 1_000;

/// A whole number, or a text of one.
pub(crate) fn integer(value: &Value, min: Option<i64>, max: Option<i64>) -> Result<Value, String> {
    let number = whole(value)?;
    if let Some(max) = max.filter(|max| number > i128::from(*max)) {
        return Err(too_much(&max.to_string()));
    }
    if let Some(min) = min.filter(|min| number < i128::from(*min)) {
        return Err(too_little(&min.to_string()));
    }
    i64::try_from(number).map(Value::from).map_err(|_| BAD_INTEGER.to_owned())
}

/// A number, or a text of one; neither infinite nor not a number.
pub(crate) fn float(value: &Value, min: Option<f64>, max: Option<f64>) -> Result<Value, String> {
    let number = real(value)?;
    if let Some(max) = max.filter(|max| number > *max) {
        return Err(too_much(&max.to_string()));
    }
    if let Some(min) = min.filter(|min| number < *min) {
        return Err(too_little(&min.to_string()));
    }
    Number::from_f64(number).map(Value::Number).ok_or_else(|| BAD_NUMBER.to_owned())
}

/// A boolean, or one of the words and digits that DRF takes for one.
pub(crate) fn boolean(value: &Value) -> Result<Value, String> {
    let truth = match value {
        Value::Bool(truth) => Some(*truth),
        Value::Number(number) => match number.as_f64() {
            Some(1.0) => Some(true),
            Some(0.0) => Some(false),
            _ => None,
        },
        Value::String(text) => word(text),
        _ => None,
    };
    truth.map(Value::Bool).ok_or_else(|| BAD_BOOLEAN.to_owned())
}

/// All texts that are read as a boolean, in small letters.
pub(crate) fn words() -> impl Iterator<Item = &'static str> {
    TRUE.into_iter().chain(FALSE)
}

/// A point in time; one without an offset is in UTC.
pub(crate) fn time(value: &Value) -> Result<Value, String> {
    let parsed = value.as_str().and_then(|text| parse_time(text.trim()));
    parsed.map(Value::from).ok_or_else(|| BAD_TIME.to_owned())
}

/// A point in time, or a day, which begins at midnight: what filters take.
pub(crate) fn time_or_day(value: &Value) -> Result<Value, String> {
    let day = value.as_str().and_then(|text| text.trim().parse::<NaiveDate>().ok());
    match day {
        Some(day) => Ok(in_utc(day.and_time(NaiveTime::MIN)).into()),
        None => time(value),
    }
}

fn parse_time(text: &str) -> Option<Timestamp> {
    let text = python::digits(text);
    // In a query string a plus sign that was not encoded arrives as a blank.
    let (date, clock) = text.split_once(['T', 't', ' '])?;
    let clock = clock.replace(' ', "+");
    let (clock, offset) = split_offset(&clock);
    let naive = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(&format!("{date} {clock}"), form).ok())
        .filter(is_known_to_python)?;
    let whole = in_utc(naive).to_string();
    match offset {
        None => Timestamp::parse(&whole),
        Some(offset) => Timestamp::parse(&whole.replace('Z', &with_colon(offset)?)),
    }
}

/// It has the years 1 to 9999, and no leap seconds.
fn is_known_to_python(naive: &NaiveDateTime) -> bool {
    (1..=9999).contains(&naive.year()) && naive.nanosecond() < 1_000_000_000
}

fn in_utc(naive: NaiveDateTime) -> Timestamp {
    Timestamp::from_millis(naive.and_utc().timestamp_millis())
}

/// Parts `15:30+01:00` into the time and its offset; `None` when it has none.
fn split_offset(clock: &str) -> (&str, Option<&str>) {
    match clock.find(['Z', 'z', '+', '-']) {
        Some(at) => (&clock[..at], Some(&clock[at..])),
        None => (clock, None),
    }
}

/// `Z`, `+01:00`, `+0100` or `+01` in the one form of RFC 3339.
fn with_colon(offset: &str) -> Option<String> {
    if offset.eq_ignore_ascii_case("z") {
        return Some("Z".to_owned());
    }
    let (sign, rest) = offset.split_at_checked(1)?;
    let digits: String = rest.chars().filter(|letter| *letter != ':').collect();
    let numeric = digits.bytes().all(|digit| digit.is_ascii_digit());
    match (numeric, digits.len()) {
        (true, 2) => Some(format!("{sign}{digits}:00")),
        (true, 4) => Some(format!("{sign}{}:{}", &digits[..2], &digits[2..])),
        _ => None,
    }
}

fn whole(value: &Value) -> Result<i128, String> {
    match value {
        Value::Number(number) => number
            .as_i128()
            .or_else(|| number.as_f64().and_then(whole_float))
            .ok_or_else(|| BAD_INTEGER.to_owned()),
        Value::String(text) if text.len() > NUMBER_CHARS => Err(TOO_LARGE.to_owned()),
        Value::String(text) => {
            let digits = python::digits(python::strip(text));
            without_zeros(&digits).parse().map_err(|_| BAD_INTEGER.into())
        }
        _ => Err(BAD_INTEGER.to_owned()),
    }
}

/// `3.0` is 3; `3.5` is no whole number, nor is what a float cannot hold exactly.
fn whole_float(number: f64) -> Option<i128> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let exact = number.fract() == 0.0 && number.abs() <= EXACT;
    exact.then(|| format!("{number:.0}").parse().ok()).flatten()
}

/// `3.000` as `3`, as DRF does.
fn without_zeros(text: &str) -> &str {
    match text.split_once('.') {
        Some((head, tail)) if tail.bytes().all(|digit| digit == b'0') => head,
        _ => text,
    }
}

fn real(value: &Value) -> Result<f64, String> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) if text.len() > NUMBER_CHARS => return Err(TOO_LARGE.to_owned()),
        Value::String(text) => python::digits(python::strip(text)).parse().ok(),
        _ => None,
    };
    number.filter(|number: &f64| number.is_finite()).ok_or_else(|| BAD_NUMBER.to_owned())
}

fn word(text: &str) -> Option<bool> {
    let text = text.to_ascii_lowercase();
    let yes = TRUE.contains(&text.as_str());
    (yes || FALSE.contains(&text.as_str())).then_some(yes)
}

fn too_much(max: &str) -> String {
    format!("Ensure this value is less than or equal to {max}.")
}

fn too_little(min: &str) -> String {
    format!("Ensure this value is greater than or equal to {min}.")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn integers_come_as_numbers_or_texts() {
        for good in [json!(3), json!("3"), json!(3.0), json!("3.00"), json!(" 3 ")] {
            assert_eq!(integer(&good, None, None), Ok(json!(3)), "{good}");
        }
        for bad in [json!(3.5), json!("x"), json!(true), json!([]), json!("3.5"), json!(1e300)] {
            assert_eq!(integer(&bad, None, None), Err(BAD_INTEGER.to_owned()), "{bad}");
        }
        assert_eq!(integer(&json!("٣"), None, None), Ok(json!(3)));
        for large in [json!(6), json!(u64::MAX), json!("1".repeat(30))] {
            assert_eq!(integer(&large, Some(1), Some(5)), Err(too_much("5")));
        }
        assert_eq!(integer(&json!(u64::MAX), None, None), Err(BAD_INTEGER.to_owned()));
        assert_eq!(integer(&json!(0), Some(1), Some(5)), Err(too_little("1")));
    }

    #[test]
    fn numbers_are_finite() {
        assert_eq!(float(&json!("1.5"), None, None), Ok(json!(1.5)));
        assert_eq!(float(&json!(" ۷۰.۵ "), None, None), Ok(json!(70.5)));
        for bad in [json!("nan"), json!("inf"), json!("1e999"), json!(true), json!("")] {
            assert_eq!(float(&bad, None, None), Err(BAD_NUMBER.to_owned()), "{bad}");
        }
    }

    #[test]
    fn booleans_come_in_the_words_of_drf() {
        for good in [json!(true), json!("true"), json!("1"), json!(1), json!("oN"), json!("Yes")] {
            assert_eq!(boolean(&good), Ok(json!(true)), "{good}");
        }
        for bad in [json!("maybe"), json!(2), json!([]), json!(""), json!("0.0"), json!(" 1")] {
            assert_eq!(boolean(&bad), Err(BAD_BOOLEAN.to_owned()), "{bad}");
        }
    }

    #[test]
    fn times_come_in_all_forms_of_iso_8601_that_drf_names() {
        let noon = Ok(json!("2026-05-01T12:00:00.000Z"));
        for good in [
            "2026-05-01T12:00",
            "2026-05-01T12:00:00",
            "2026-05-01 12:00:00Z",
            "2026-05-01T14:00:00+02:00",
            "2026-05-01T14:00:00 02:00",
            "2026-05-01T14:00:00.000000+0200",
            "2026-05-01T10:30-01:30",
            "2026-5-1 12:0:0",
            "٢٠٢٦-۰۵-01T12:00",
        ] {
            assert_eq!(time(&json!(good)), noon, "{good}");
        }
        for bad in [
            "2026-05-01",
            "tomorrow",
            "",
            "2026-13-01T00:00",
            "2026-05-01T12:00+x",
            "2026-05-01T24:00",
            "2026-05-01T23:59:60Z",
            "2026-05-01T12:00+24:00",
            "0000-01-01T00:00",
            "10000-01-01T00:00",
            "-2026-05-01T00:00",
            "2026-05-01T-1:00",
        ] {
            assert_eq!(time(&json!(bad)), Err(BAD_TIME.to_owned()), "{bad}");
        }
        assert_eq!(time_or_day(&json!("2026-05-01")), Ok(json!("2026-05-01T00:00:00.000Z")));
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in ".*") {
            let value = json!(text);
            let _ = (integer(&value, None, None), float(&value, None, None));
            let _ = (boolean(&value), time_or_day(&value));
        }
    }
}
