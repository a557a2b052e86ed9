//! Filters, orders and changes as MongoDB has them. Pure: documents out, nothing else touched.

use bson::{Bson, Document as BsonDocument, doc};
use mongodb::options::UpdateModifications;
use serde_json::Value;

use super::{
    convert::to_bson,
    fault::failed,
    shadow::{self, folded_path, grams_path},
};
use crate::{
    document::Document,
    error::StoreError,
    filter::Filter,
    fold::fold,
    query::{Direction, Sort},
    write::Change,
};

/// Every type that a present field can have.
const TYPES: [&str; 7] = ["double", "string", "object", "array", "bool", "int", "long"];

/// A filter.
///
/// # Errors
/// [`StoreError::Failed`] when it searches a field that is not among `searched`.
pub(super) fn filter(filter: &Filter, searched: &[&str]) -> Result<BsonDocument, StoreError> {
    let all = |filters: &[Filter]| -> Result<Vec<BsonDocument>, StoreError> {
        filters.iter().map(|part| self::filter(part, searched)).collect()
    };
    Ok(match filter {
        Filter::All(filters) => joined("$and", all(filters)?).unwrap_or_default(),
        Filter::Any(filters) => joined("$or", all(filters)?).unwrap_or_else(never),
        Filter::Eq(field, value) => equal(field, value),
        Filter::In(field, values) => one_of(field, values),
        Filter::Gt(field, bound) => range(field, "$gt", bound),
        Filter::Gte(field, bound) => range(field, "$gte", bound),
        Filter::Lt(field, bound) => range(field, "$lt", bound),
        Filter::Lte(field, bound) => range(field, "$lte", bound),
        Filter::Present(field) => present(field),
        Filter::Has(field, item) => has(field, item),
        Filter::Contains(field, needle) if searched.contains(field) => {
            contains(field, &fold(needle))
        }
        Filter::Contains(field, _) => return Err(failed(format!("{field} is not searched"))),
    })
}

/// The condition of a partial index, in the same words as [`filter`], which is how MongoDB finds
/// out that the index serves it.
pub(super) fn index_filter(filter: &Filter) -> Vec<BsonDocument> {
    match filter {
        Filter::All(filters) => filters.iter().flat_map(index_filter).collect(),
        Filter::Eq(field, value) => vec![equal(field, value)],
        Filter::Present(field) => vec![present(field)],
        _ => Vec::new(),
    }
}

/// The field is neither null nor missing.
pub(super) fn present(field: &str) -> BsonDocument {
    doc! { field: {"$type": TYPES.to_vec()} }
}

/// All of these conditions; `None` without any.
pub(super) fn joined(word: &str, mut conditions: Vec<BsonDocument>) -> Option<BsonDocument> {
    match conditions.len() {
        0 | 1 => conditions.pop(),
        _ => Some(doc! { word: conditions }),
    }
}

/// An order.
pub(super) fn order(keys: &[Sort]) -> BsonDocument {
    let direction = |key: &Sort| match key.direction {
        Direction::Ascending => 1,
        Direction::Descending => -1,
    };
    keys.iter().map(|key| (key.field.to_owned(), Bson::Int32(direction(key)))).collect()
}

fn never() -> BsonDocument {
    doc! {"_id": {"$in": Bson::Array(Vec::new())}}
}

fn equal(field: &str, value: &Value) -> BsonDocument {
    match value {
        // A list with a null in it would match, too.
        Value::Null => doc! { field: {"$eq": Bson::Null, "$not": {"$type": "array"}} },
        Value::Array(_) | Value::Object(_) => never(),
        _ => doc! { field: {"$eq": to_bson(value)} },
    }
}

fn one_of(field: &str, values: &[Value]) -> BsonDocument {
    let is_plain = |value: &&Value| !value.is_null() && !value.is_array() && !value.is_object();
    let plain: Vec<Bson> = values.iter().filter(is_plain).map(to_bson).collect();
    let plain = doc! { field: {"$in": plain} };
    if values.contains(&Value::Null) {
        doc! {"$or": [plain, equal(field, &Value::Null)]}
    } else {
        plain
    }
}

fn range(field: &str, word: &str, bound: &Value) -> BsonDocument {
    match bound {
        Value::Bool(_) | Value::Number(_) | Value::String(_) => doc! {
            field: { word: to_bson(bound) }
        },
        Value::Null | Value::Array(_) | Value::Object(_) => never(),
    }
}

fn has(field: &str, item: &Value) -> BsonDocument {
    match item {
        Value::Array(_) | Value::Object(_) => never(),
        _ => doc! { field: {"$elemMatch": {"$eq": to_bson(item)}} },
    }
}

/// No stored text has a NUL in it, and MongoDB's regular expressions cannot.
fn contains(field: &str, needle: &str) -> BsonDocument {
    if needle.contains('\0') { never() } else { shadow::contains(field, needle) }
}

/// A change. One that only sets is a plain update; the others are computed by the server from
/// what is there, and fail when that is not of the right kind.
pub(super) fn change(change: &Change, searched: &[&'static str]) -> UpdateModifications {
    let (texts, gone) = shadows(&change.set, searched);
    if change.add.is_empty() && change.include.is_empty() && change.exclude.is_empty() {
        return plain(change, texts, gone).into();
    }
    let mut stage = BsonDocument::new();
    for (field, value) in &change.set {
        stage.insert(field, doc! {"$literal": to_bson(value)});
    }
    for (path, value) in texts {
        stage.insert(path, doc! {"$literal": value});
    }
    for (field, amount) in &change.add {
        stage.insert(*field, sum(field, *amount));
    }
    for (field, item) in &change.include {
        stage.insert(*field, with(field, item));
    }
    for (field, item) in &change.exclude {
        stage.insert(*field, without(field, item));
    }
    let mut stages = vec![doc! {"$set": stage}];
    if !gone.is_empty() {
        stages.push(doc! {"$unset": gone});
    }
    stages.into()
}

/// What becomes of the shadows of fields that are set: new values, and those that go.
fn shadows(set: &Document, searched: &[&'static str]) -> (Vec<(String, Bson)>, Vec<String>) {
    let (mut texts, mut gone) = (Vec::new(), Vec::new());
    for field in searched {
        match set.get(*field) {
            Some(Value::String(text)) => {
                let folded = fold(text);
                texts.push((grams_path(field), shadow::grams(&folded).into()));
                texts.push((folded_path(field), folded.into()));
            }
            Some(_) => gone.extend([grams_path(field), folded_path(field)]),
            None => {}
        }
    }
    (texts, gone)
}

fn plain(change: &Change, texts: Vec<(String, Bson)>, gone: Vec<String>) -> BsonDocument {
    let set = change.set.iter().map(|(field, value)| (field.clone(), to_bson(value)));
    let set: BsonDocument = set.chain(texts).collect();
    let unset: BsonDocument = gone.into_iter().map(|path| (path, Bson::from(""))).collect();
    let parts = [("$set", set), ("$unset", unset)];
    parts
        .into_iter()
        .filter(|(_, fields)| !fields.is_empty())
        .map(|(word, fields)| (word.to_owned(), Bson::Document(fields)))
        .collect()
}

/// An integer field's sum. MongoDB would make a float of a sum that leaves the range: then, and
/// when the field was a float, the conversion of a text that is no number fails the update.
fn sum(field: &str, amount: i64) -> BsonDocument {
    let found = doc! {"$ifNull": [format!("${field}"), {"$literal": 0_i64}]};
    let failure = doc! {"$toLong": {"$concat": ["not an integer: ", {"$type": "$$sum"}]}};
    doc! {"$let": {
        "vars": {"sum": {"$add": [found, {"$literal": amount}]}},
        "in": {"$cond": [
            {"$in": [{"$type": "$$sum"}, ["int", "long"]]},
            {"$toLong": "$$sum"},
            failure,
        ]},
    }}
}

fn with(field: &str, item: &Value) -> BsonDocument {
    let item = doc! {"$literal": to_bson(item)};
    doc! {"$let": {
        "vars": {"items": list(field)},
        "in": {"$cond": [
            {"$in": [&item, "$$items"]},
            "$$items",
            {"$concatArrays": ["$$items", [item]]},
        ]},
    }}
}

fn without(field: &str, item: &Value) -> BsonDocument {
    doc! {"$filter": {
        "input": list(field),
        "cond": {"$ne": ["$$this", {"$literal": to_bson(item)}]},
    }}
}

fn list(field: &str) -> BsonDocument {
    doc! {"$ifNull": [format!("${field}"), {"$literal": Bson::Array(Vec::new())}]}
}
