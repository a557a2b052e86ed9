//! The filter language. Field names are `&'static str`: client text can never become an operator
//! or a column.

use std::cmp::Ordering;

use serde_json::Value;

use crate::{document::Document, fold::fold};

/// Which documents of a collection are meant.
///
/// Null and missing are the same. A comparison with a value matches only fields of that value's
/// type (integers and floats are one type, compared by their exact values). Strings compare by
/// their UTF-8 bytes. A list or an object in a field equals nothing; ranges are not asked of
/// fields that hold them.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Every one of these holds; the empty list matches everything.
    All(Vec<Filter>),
    /// At least one of these holds; the empty list matches nothing.
    Any(Vec<Filter>),
    /// The field equals the value; `Value::Null` matches null and missing.
    Eq(&'static str, Value),
    /// The field equals one of the values.
    In(&'static str, Vec<Value>),
    /// The field is greater than the value.
    Gt(&'static str, Value),
    /// The field is greater than or equal to the value.
    Gte(&'static str, Value),
    /// The field is less than the value.
    Lt(&'static str, Value),
    /// The field is less than or equal to the value.
    Lte(&'static str, Value),
    /// The field is neither null nor missing.
    Present(&'static str),
    /// The list in this field has the value among its items.
    Has(&'static str, Value),
    /// The text in this field has the needle in it, both folded (see [`crate::fold`]). The field
    /// is one of the collection's `searched`. An empty folded needle matches every text.
    Contains(&'static str, String),
}

impl Filter {
    /// Matches every document.
    #[must_use]
    pub const fn everything() -> Self {
        Self::All(Vec::new())
    }

    /// Matches no document.
    #[must_use]
    pub const fn nothing() -> Self {
        Self::Any(Vec::new())
    }

    /// The document with this id.
    #[must_use]
    pub fn id(id: impl Into<String>) -> Self {
        Self::Eq("_id", Value::String(id.into()))
    }

    /// The field equals the value.
    #[must_use]
    pub fn eq(field: &'static str, value: impl Into<Value>) -> Self {
        Self::Eq(field, value.into())
    }

    /// Both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::All(mut left), Self::All(right)) => {
                left.extend(right);
                Self::All(left)
            }
            (Self::All(mut left), right) => {
                left.push(right);
                Self::All(left)
            }
            (left, right) => Self::All(vec![left, right]),
        }
    }

    /// Whether a document matches: what every backend must agree with.
    #[must_use]
    pub fn matches(&self, document: &Document) -> bool {
        let field = |name: &str| document.get(name).unwrap_or(&Value::Null);
        let compares = |name: &str, value: &Value, wanted: fn(Ordering) -> bool| {
            compare(field(name), value).is_some_and(wanted)
        };
        match self {
            Self::All(filters) => filters.iter().all(|filter| filter.matches(document)),
            Self::Any(filters) => filters.iter().any(|filter| filter.matches(document)),
            Self::Eq(name, value) => equals(field(name), value),
            Self::In(name, values) => values.iter().any(|value| equals(field(name), value)),
            Self::Gt(name, value) => compares(name, value, Ordering::is_gt),
            Self::Gte(name, value) => compares(name, value, Ordering::is_ge),
            Self::Lt(name, value) => compares(name, value, Ordering::is_lt),
            Self::Lte(name, value) => compares(name, value, Ordering::is_le),
            Self::Present(name) => !field(name).is_null(),
            Self::Has(name, value) => match field(name) {
                Value::Array(items) => items.iter().any(|item| equals(item, value)),
                _ => false,
            },
            Self::Contains(name, needle) => match field(name) {
                Value::String(text) => fold(text).contains(&fold(needle)),
                _ => false,
            },
        }
    }
}

/// Whether two values are of one comparable type and equal.
pub(crate) fn equals(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Null, Value::Null) => true,
        _ => compare(left, right) == Some(Ordering::Equal),
    }
}

/// Orders two values of one comparable type; `None` for others.
fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::String(left), Value::String(right)) => Some(left.as_bytes().cmp(right.as_bytes())),
        (Value::Number(left), Value::Number(right)) => match (left.as_i64(), right.as_i64()) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            (Some(left), None) => compare_exactly(left, right.as_f64()?),
            (None, Some(right)) => compare_exactly(right, left.as_f64()?).map(Ordering::reverse),
            (None, None) => left.as_f64()?.partial_cmp(&right.as_f64()?),
        },
        _ => None,
    }
}

/// Orders an integer and a float by their values: an integer beyond 2^53 is not rounded first.
fn compare_exactly(integer: i64, float: f64) -> Option<Ordering> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if float.is_nan() {
        None
    } else if float >= LIMIT {
        Some(Ordering::Less)
    } else if float < -LIMIT {
        Some(Ordering::Greater)
    } else {
        let whole = float.trunc();
        #[expect(clippy::cast_possible_truncation, reason = "whole, and within the range of i64")]
        let order = integer.cmp(&(whole as i64));
        Some(order.then(0.0.partial_cmp(&(float - whole))?))
    }
}
