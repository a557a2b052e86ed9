//! What is wrong with a body, by field, in the words of Django REST framework.

use serde_json::{Map, Value};

use crate::fields::Field;

/// Where faults stand that belong to no single field.
pub(crate) const NON_FIELD: &str = "non_field_errors";

/// `This field is required.`
pub(crate) const REQUIRED: &str = "This field is required.";

/// `This field may not be null.`
pub(crate) const NULL: &str = "This field may not be null.";

/// `This field may not be blank.`
pub(crate) const BLANK: &str = "This field may not be blank.";

/// Faults by field.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Faults(Map<String, Value>);

/// A place inside a nested list.
pub(crate) struct RowPlace<'name> {
    /// The field with the list.
    pub(crate) field: &'name str,
    /// How many rows it has.
    pub(crate) rows: usize,
    /// Which of them is meant.
    pub(crate) row: usize,
    /// The field of the row.
    pub(crate) part: &'name str,
}

/// `Unknown parameter: x`
pub(crate) fn unknown_parameter(name: &str) -> String {
    format!("Unknown parameter: {name}")
}

impl Faults {
    /// One message about one field.
    pub(crate) fn one(field: &str, message: impl Into<String>) -> Self {
        let mut faults = Self::default();
        faults.add(field, message);
        faults
    }

    /// A parameter that is not known.
    pub(crate) fn unknown(name: &str) -> Self {
        Self::one(name, unknown_parameter(name))
    }

    /// One message about the body as a whole.
    pub(crate) fn whole(message: impl Into<String>) -> Self {
        Self::one(NON_FIELD, message)
    }

    /// Adds a message about a field.
    pub(crate) fn add(&mut self, field: &str, message: impl Into<String>) {
        let messages = self.0.entry(field).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(messages) = messages {
            messages.push(Value::String(message.into()));
        }
    }

    /// Sets what is wrong inside a nested field.
    pub(crate) fn nest(&mut self, field: &str, inner: Value) {
        self.0.insert(field.to_owned(), inner);
    }

    /// Adds a message about a part of a row, unless something is wrong with that part already. Rows
    /// without faults are empty objects, as DRF answers.
    pub(crate) fn add_in_row(&mut self, place: &RowPlace<'_>, message: impl Into<String>) {
        let empty = || Value::Array(vec![Value::Object(Map::new()); place.rows]);
        let rows = self.0.entry(place.field).or_insert_with(empty);
        if let Some(Value::Object(row)) = rows.get_mut(place.row) {
            let messages = || Value::Array(vec![Value::String(message.into())]);
            row.entry(place.part).or_insert_with(messages);
        }
    }

    /// Whether a field has faults.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }

    /// In the order of these fields, whenever they were found; what belongs to no field comes last.
    pub(crate) fn sorted(mut self, fields: &[Field]) -> Self {
        let mut sorted = Map::new();
        for field in fields {
            if let Some(inner) = self.0.shift_remove(field.name) {
                sorted.insert(field.name.to_owned(), inner);
            }
        }
        sorted.extend(self.0);
        Self(sorted)
    }

    /// All that is wrong with different fields.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As the body of an answer.
    pub(crate) fn into_map(self) -> Map<String, Value> {
        self.0
    }

    /// Nothing, or the faults as an error.
    pub(crate) fn into_result(self) -> Result<(), Self> {
        if self.is_empty() { Ok(()) } else { Err(self) }
    }
}
