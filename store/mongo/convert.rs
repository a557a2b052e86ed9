//! JSON as BSON and back: integers are 64-bit, floats stay floats.

use bson::{Bson, Document as BsonDocument};
use serde_json::{Number, Value};

use super::fault::failed;
use crate::{document::Document, error::StoreError};

/// A value as MongoDB has it.
pub(super) fn to_bson(value: &Value) -> Bson {
    match value {
        Value::Null => Bson::Null,
        Value::Bool(value) => Bson::Boolean(*value),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => Bson::Int64(integer),
            None => Bson::Double(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => Bson::String(text.clone()),
        Value::Array(items) => Bson::Array(items.iter().map(to_bson).collect()),
        Value::Object(map) => Bson::Document(to_document(map)),
    }
}

/// A document as MongoDB has it.
pub(super) fn to_document(document: &Document) -> BsonDocument {
    document.iter().map(|(key, value)| (key.clone(), to_bson(value))).collect()
}

/// A value of MongoDB's.
///
/// # Errors
/// [`StoreError::Failed`] for what JSON has no word for: it was not written by this program.
pub(super) fn from_bson(value: Bson) -> Result<Value, StoreError> {
    Ok(match value {
        Bson::Null => Value::Null,
        Bson::Boolean(value) => Value::Bool(value),
        Bson::Int32(integer) => Value::from(integer),
        Bson::Int64(integer) => Value::from(integer),
        Bson::Double(float) => Number::from_f64(float)
            .map(Value::Number)
            .ok_or_else(|| failed("a stored number is not finite"))?,
        Bson::String(text) => Value::String(text),
        Bson::Array(items) => {
            Value::Array(items.into_iter().map(from_bson).collect::<Result<_, _>>()?)
        }
        Bson::Document(document) => Value::Object(from_document(document)?),
        other => {
            let reason = format!("a stored value is of type {:?}", other.element_type());
            return Err(failed(reason));
        }
    })
}

/// A document of MongoDB's.
///
/// # Errors
/// As [`from_bson`].
pub(super) fn from_document(document: BsonDocument) -> Result<Document, StoreError> {
    document.into_iter().map(|(key, value)| Ok((key, from_bson(value)?))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::arbitrary;

    proptest! {
        #[test]
        fn a_document_comes_back_as_it_was(document in arbitrary::document()) {
            let back = from_document(to_document(&document)).unwrap();
            let text = |document: &Document| serde_json::to_string(document).unwrap();
            prop_assert_eq!(text(&back), text(&document));
        }
    }
}
