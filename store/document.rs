//! Documents: JSON objects with a string `_id`.

use serde_json::{Map, Value};

/// A stored document. Field `_id` is its identity within the collection, a non-empty string.
///
/// Values are JSON, and keys keep their order (to MongoDB `_id` is always the first). Integers fit `i64`; times are strings in the form of [`crate::Timestamp`], so
/// that they sort by time. A field that is filtered or sorted by has one type in all documents of
/// a collection, or is null or missing, which are the same thing to a filter.
pub type Document = Map<String, Value>;

/// The largest document that both backends take: MongoDB's 16 MiB less room for its envelope.
pub const MAX_DOCUMENT_BYTES: usize = 15 * 1024 * 1024;

/// A top-level field that no document has: MongoDB's backend keeps what it searches by there.
pub(crate) const SEARCH: &str = "_search";

/// How deep documents nest at most; MongoDB refuses more than 100.
const MAX_DEPTH: usize = 64;

/// Why a document is refused before any backend sees it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDocument {
    /// `_id` is missing, empty or not a string.
    #[error("the document has no _id")]
    NoId,
    /// A key is empty, starts with `$`, or has a `.` or NUL in it: operators and paths to MongoDB.
    /// Or it is `_search` at the top, which is the backends' own.
    #[error("the key {0:?} is not allowed")]
    Key(String),
    /// A string has a NUL, at which SQLite's JSON functions end a text.
    #[error("a text holds a NUL character")]
    Nul,
    /// An integer does not fit `i64`.
    #[error("the number {0} is out of range")]
    Number(String),
    /// The document is nested too deeply.
    #[error("the document is nested more than {MAX_DEPTH} deep")]
    Depth,
    /// A change adds to what is no integer (or leaves the range of `i64`), or includes in or
    /// excludes from what is no list.
    #[error("the field {0:?} cannot be changed in this way")]
    Field(String),
    /// The document is larger than [`MAX_DOCUMENT_BYTES`].
    #[error("the document is larger than {MAX_DOCUMENT_BYTES} bytes")]
    Size,
}

/// The `_id` of a document.
///
/// # Errors
/// [`InvalidDocument::NoId`] when it is missing, empty or not a string.
pub fn id_of(document: &Document) -> Result<&str, InvalidDocument> {
    match document.get("_id").and_then(Value::as_str) {
        Some(id) if !id.is_empty() => Ok(id),
        _ => Err(InvalidDocument::NoId),
    }
}

/// The text in a field; empty when there is none.
#[must_use]
pub fn text<'document>(document: &'document Document, field: &str) -> &'document str {
    document.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// Checks a whole document before it is inserted.
///
/// # Errors
/// The first rule of [`InvalidDocument`] that it breaks.
pub fn check(document: &Document) -> Result<(), InvalidDocument> {
    id_of(document)?;
    check_fields(document)
}

/// Checks the fields of a document or of a change to one.
///
/// # Errors
/// The first rule of [`InvalidDocument`] that they break, `_id` aside.
pub fn check_fields(fields: &Document) -> Result<(), InvalidDocument> {
    if fields.contains_key(SEARCH) {
        return Err(InvalidDocument::Key(SEARCH.to_owned()));
    }
    let mut bytes = 0;
    check_map(fields, 1, &mut bytes)?;
    if bytes > MAX_DOCUMENT_BYTES { Err(InvalidDocument::Size) } else { Ok(()) }
}

fn check_map(map: &Document, depth: usize, bytes: &mut usize) -> Result<(), InvalidDocument> {
    for (key, value) in map {
        if key.is_empty() || key.starts_with('$') || key.contains(['.', '\0']) {
            return Err(InvalidDocument::Key(key.clone()));
        }
        *bytes += key.len() + 8;
        check_value(value, depth, bytes)?;
    }
    Ok(())
}

fn check_value(value: &Value, depth: usize, bytes: &mut usize) -> Result<(), InvalidDocument> {
    if depth > MAX_DEPTH {
        return Err(InvalidDocument::Depth);
    }
    *bytes += 8;
    match value {
        Value::Number(number) if number.is_u64() && number.as_i64().is_none() => {
            Err(InvalidDocument::Number(number.to_string()))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
        Value::String(text) if text.contains('\0') => Err(InvalidDocument::Nul),
        Value::String(text) => {
            *bytes += text.len();
            Ok(())
        }
        Value::Array(items) => {
            items.iter().try_for_each(|item| check_value(item, depth + 1, bytes))
        }
        Value::Object(map) => check_map(map, depth + 1, bytes),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(value: Value) -> Document {
        match value {
            Value::Object(map) => map,
            _ => Document::new(),
        }
    }

    #[test]
    fn keys_that_are_operators_or_paths_are_refused_at_any_depth() {
        for key in ["$set", "a.b", "", "a\0"] {
            let nested = document(json!({"_id": "1", "list": [{ key: 1 }]}));
            assert_eq!(check(&nested), Err(InvalidDocument::Key(key.to_owned())));
        }
    }

    #[test]
    fn a_document_needs_an_id() {
        assert_eq!(check(&document(json!({"a": 1}))), Err(InvalidDocument::NoId));
        assert_eq!(check(&document(json!({"_id": ""}))), Err(InvalidDocument::NoId));
        assert_eq!(check(&document(json!({"_id": "x"}))), Ok(()));
    }

    #[test]
    fn size_and_depth_are_bounded() {
        let large = "x".repeat(MAX_DOCUMENT_BYTES);
        assert_eq!(check(&document(json!({"_id": "1", "a": large}))), Err(InvalidDocument::Size));
        let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
        assert_eq!(check(&document(json!({"_id": "1", "a": deep}))), Err(InvalidDocument::Depth));
    }
}
