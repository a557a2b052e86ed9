//! Values as Python writes them, since DRF's messages do.

use serde_json::Value;

/// What Python calls the type of a JSON value.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

/// `str(value)`
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => literal(other),
    }
}

/// Python's `strip`, which counts the four separators of ASCII as blanks, too.
pub(crate) fn strip(text: &str) -> &str {
    let blank = |letter: char| letter.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&letter);
    text.trim_matches(blank)
}

/// Decimal digits of the scripts in use here as those of ASCII: Python reads numbers in any.
pub(crate) fn digits(text: &str) -> String {
    text.chars().map(digit).collect()
}

fn digit(letter: char) -> char {
    const ZEROS: [char; 3] = ['\u{660}', '\u{6f0}', '\u{ff10}'];
    let value = |zero: &char| u32::from(letter).checked_sub(u32::from(*zero));
    let found = ZEROS.iter().filter_map(value).find(|value| *value < 10);
    found.and_then(|value| char::from_digit(value, 10)).unwrap_or(letter)
}

/// `repr(value)`
fn literal(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(literal).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) => {
            let pair =
                |(key, value): (&String, &Value)| format!("{}: {}", quoted(key), literal(value));
            let pairs: Vec<String> = map.iter().map(pair).collect();
            format!("{{{}}}", pairs.join(", "))
        }
    }
}

/// In single quotes, or in double ones where that needs no escape.
fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut quoted = String::from(quote);
    for letter in text.chars() {
        match letter {
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            letter if letter == quote => quoted.extend(['\\', letter]),
            letter if letter.is_control() => {
                quoted.extend(["\\x", &hex::encode(&u32::from(letter).to_be_bytes()[3..])]);
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push(quote);
    quoted
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_look_as_in_python() {
        for (value, said) in [
            (json!("x"), "x"),
            (json!(null), "None"),
            (json!(true), "True"),
            (json!(1.5), "1.5"),
            (json!([1, "a", [false]]), "[1, 'a', [False]]"),
            (json!({"a": null, "it's": "\"\n"}), "{'a': None, \"it's\": '\"\\n'}"),
            (json!(["'\"", "\u{1}"]), "['\\'\"', '\\x01']"),
        ] {
            assert_eq!(text(&value), said);
        }
    }

    #[test]
    fn digits_of_other_scripts_are_read() {
        assert_eq!(digits("۷۰٫٥ ٣ １x"), "70٫5 3 1x");
    }

    #[test]
    fn blanks_are_those_of_python() {
        assert_eq!(strip("\u{1c}\u{3000} x\u{1f}\u{a0}"), "x");
        assert_eq!(strip("\u{200b}x"), "\u{200b}x");
    }
}
