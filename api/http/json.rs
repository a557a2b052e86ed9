//! JSON bodies. What is no JSON is refused in the words of Python's decoder, which clients of DRF
//! know, with the place at which it is broken.

use serde_json::Value;

use crate::error::ApiError;

/// Deepest nesting that is explained; deeper texts are refused before anyway.
const DEPTH: usize = 128;

const VALUE: &str = "Expecting value";
const NAME: &str = "Expecting property name enclosed in double quotes";
const COLON: &str = "Expecting ':' delimiter";
const COMMA: &str = "Expecting ',' delimiter";
const EXTRA: &str = "Extra data";
const UNTERMINATED: &str = "Unterminated string starting at";
const CONTROL: &str = "Invalid control character at";
const ESCAPE: &str = "Invalid \\escape";
const UNICODE: &str = "Invalid \\uXXXX escape";
const MARK: &str = "Unexpected UTF-8 BOM (decode using utf-8-sig)";

/// Why a text is no JSON.
enum Fault {
    /// Something else is expected at this byte.
    At(&'static str, usize),
    /// It has a number that is none.
    Constant(&'static str),
    /// Python would take it.
    Unnamed,
}

/// The byte behind what was read.
type Scan = Result<usize, Fault>;

/// The value that a body is.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, ApiError> {
    serde_json::from_slice(bytes).map_err(|error| {
        let why = explain(bytes).unwrap_or_else(|| error.to_string());
        ApiError::Malformed(format!("JSON parse error - {why}"))
    })
}

fn explain(bytes: &[u8]) -> Option<String> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return bytes.get(error.valid_up_to()).map(|byte| undecodable(*byte, error)),
    };
    match Scanner(bytes).whole() {
        _ if text.starts_with('\u{feff}') => Some(with_place(MARK, text, 0)),
        Err(Fault::At(what, at)) => Some(with_place(what, text, at)),
        Err(Fault::Constant(name)) => {
            Some(format!("Out of range float values are not JSON compliant: '{name}'"))
        }
        Ok(_) | Err(Fault::Unnamed) => None,
    }
}

fn undecodable(byte: u8, error: std::str::Utf8Error) -> String {
    let why = match (error.error_len(), byte) {
        (None, _) => "unexpected end of data",
        (Some(_), 0xc2..=0xf4) => "invalid continuation byte",
        (Some(_), _) => "invalid start byte",
    };
    let at = error.valid_up_to();
    format!("'utf-8' codec can't decode byte 0x{byte:02x} in position {at}: {why}")
}

/// Python counts lines and columns from one, and characters from zero.
fn with_place(what: &str, text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|letter| *letter != '\n').count() + 1;
    format!("{what}: line {line} column {column} (char {})", before.chars().count())
}

/// Goes through a text in the steps of Python's scanner.
struct Scanner<'text>(&'text [u8]);

impl Scanner<'_> {
    fn whole(&self) -> Scan {
        let end = self.skip_blanks(self.value(self.skip_blanks(0), 0)?);
        if end == self.0.len() { Ok(end) } else { Err(Fault::At(EXTRA, end)) }
    }

    fn value(&self, at: usize, depth: usize) -> Scan {
        match self.0.get(at) {
            _ if depth > DEPTH => Err(Fault::Unnamed),
            Some(b'"') => self.text(at + 1),
            Some(b'{') => self.object(at + 1, depth),
            Some(b'[') => self.array(at + 1, depth),
            _ => self.word(at),
        }
    }

    fn word(&self, at: usize) -> Scan {
        let rest = self.0.get(at..).unwrap_or_default();
        for constant in ["NaN", "Infinity", "-Infinity"] {
            if rest.starts_with(constant.as_bytes()) {
                return Err(Fault::Constant(constant));
            }
        }
        let word = ["null", "true", "false"].iter().find(|word| rest.starts_with(word.as_bytes()));
        word.map_or_else(|| self.number(at), |word| Ok(at + word.len()))
    }

    fn number(&self, start: usize) -> Scan {
        let first = start + usize::from(self.is(start, b'-'));
        let whole = match self.0.get(first) {
            Some(b'0') => first + 1,
            Some(b'1'..=b'9') => self.skip_digits(first),
            _ => return Err(Fault::At(VALUE, start)),
        };
        let fraction = self.skip_digits(whole + 1);
        let end = if self.is(whole, b'.') && fraction > whole + 1 { fraction } else { whole };
        if !self.is(end, b'e') && !self.is(end, b'E') {
            return Ok(end);
        }
        let sign = usize::from(self.is(end + 1, b'+') || self.is(end + 1, b'-'));
        let exponent = self.skip_digits(end + 1 + sign);
        Ok(if exponent > end + 1 + sign { exponent } else { end })
    }

    /// From behind its first quote.
    fn text(&self, begin: usize) -> Scan {
        let mut at = begin;
        loop {
            at = match self.0.get(at) {
                None => return Err(Fault::At(UNTERMINATED, begin - 1)),
                Some(b'"') => return Ok(at + 1),
                Some(b'\\') => self.escape(at, begin)?,
                Some(0..=0x1f) => return Err(Fault::At(CONTROL, at)),
                Some(_) => at + 1,
            };
        }
    }

    fn escape(&self, at: usize, begin: usize) -> Scan {
        match self.0.get(at + 1) {
            None => Err(Fault::At(UNTERMINATED, begin - 1)),
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
            Some(b'u') => {
                let digits = self.0.get(at + 2..at + 6).unwrap_or_default();
                let sound = digits.len() == 4 && digits.iter().all(u8::is_ascii_hexdigit);
                if sound { Ok(at + 6) } else { Err(Fault::At(UNICODE, at + 1)) }
            }
            Some(_) => Err(Fault::At(ESCAPE, at)),
        }
    }

    /// From behind its bracket.
    fn array(&self, begin: usize, depth: usize) -> Scan {
        let mut at = self.skip_blanks(begin);
        if self.is(at, b']') {
            return Ok(at + 1);
        }
        loop {
            at = self.skip_blanks(self.value(at, depth + 1)?);
            match self.0.get(at) {
                Some(b']') => return Ok(at + 1),
                Some(b',') => at = self.skip_blanks(at + 1),
                _ => return Err(Fault::At(COMMA, at)),
            }
        }
    }

    /// From behind its brace.
    fn object(&self, begin: usize, depth: usize) -> Scan {
        let mut at = self.skip_blanks(begin);
        if self.is(at, b'}') {
            return Ok(at + 1);
        }
        loop {
            if !self.is(at, b'"') {
                return Err(Fault::At(NAME, at));
            }
            at = self.skip_blanks(self.text(at + 1)?);
            if !self.is(at, b':') {
                return Err(Fault::At(COLON, at));
            }
            at = self.skip_blanks(self.value(self.skip_blanks(at + 1), depth + 1)?);
            match self.0.get(at) {
                Some(b'}') => return Ok(at + 1),
                Some(b',') => at = self.skip_blanks(at + 1),
                _ => return Err(Fault::At(COMMA, at)),
            }
        }
    }

    fn is(&self, at: usize, byte: u8) -> bool {
        self.0.get(at) == Some(&byte)
    }

    fn skip_blanks(&self, at: usize) -> usize {
        self.skip(at, |byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
    }

    fn skip_digits(&self, at: usize) -> usize {
        self.skip(at, u8::is_ascii_digit)
    }

    fn skip(&self, at: usize, passes: impl Fn(&u8) -> bool) -> usize {
        let rest = self.0.get(at..).unwrap_or_default();
        at + rest.iter().take_while(|byte| passes(byte)).count()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_json_is_refused_in_the_words_of_python() {
        for (text, said) in [
            ("", "Expecting value: line 1 column 1 (char 0)"),
            (" ", "Expecting value: line 1 column 2 (char 1)"),
            ("nope", "Expecting value: line 1 column 1 (char 0)"),
            ("[1,]", "Expecting value: line 1 column 4 (char 3)"),
            ("{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
            (
                "{\"é\":1,\n}",
                "Expecting property name enclosed in double quotes: line 2 column 1 (char 8)",
            ),
            ("{\"a\"}", "Expecting ':' delimiter: line 1 column 5 (char 4)"),
            ("{\"a\":}", "Expecting value: line 1 column 6 (char 5)"),
            ("{\"a\":01}", "Expecting ',' delimiter: line 1 column 7 (char 6)"),
            ("{\"a\":1.}", "Expecting ',' delimiter: line 1 column 7 (char 6)"),
            ("{} x", "Extra data: line 1 column 4 (char 3)"),
            ("{\"a\":\"b", "Unterminated string starting at: line 1 column 6 (char 5)"),
            ("[\"a\tb\"]", "Invalid control character at: line 1 column 4 (char 3)"),
            ("[\"\\x\"]", "Invalid \\escape: line 1 column 3 (char 2)"),
            ("[\"\\u12\"]", "Invalid \\uXXXX escape: line 1 column 4 (char 3)"),
            ("{\"a\":-Infinity}", "Out of range float values are not JSON compliant: '-Infinity'"),
            (
                "\u{feff}{}",
                "Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)",
            ),
        ] {
            let error = parse(text.as_bytes()).err().map(|error| error.to_string());
            assert_eq!(error, Some(format!("JSON parse error - {said}")), "{text}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_named() {
        let said = |bytes: &[u8]| parse(bytes).err().map(|error| error.to_string());
        let message = "JSON parse error - 'utf-8' codec can't decode byte 0xff in position 2: \
             invalid start byte";
        assert_eq!(said(b"[\"\xff\"]").as_deref(), Some(message));
    }

    #[test]
    fn what_python_would_take_is_refused_all_the_same() {
        let deep = "[".repeat(100_000);
        for text in ["[\"\\ud800\"]", "1e999", &deep] {
            let error = parse(text.as_bytes()).err().map(|error| error.to_string());
            assert!(error.is_some_and(|error| error.starts_with("JSON parse error - ")));
        }
    }

    proptest! {
        #[test]
        fn what_is_json_needs_no_explanation(text in "[\\[\\]{},:\"\\\\a0.eE+u \n-]{0,24}") {
            if parse(text.as_bytes()).is_ok() {
                prop_assert_eq!(explain(text.as_bytes()), None);
            }
        }
    }
}
