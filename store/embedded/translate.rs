//! Filters and orders as SQL. Pure: text and parameters out, nothing else touched.
//!
//! A field's value is `doc->>'$."field"'`, which is NULL for null and missing, a number for true
//! and false, and JSON text for lists and objects. Where a comparison could take one for the
//! other, the field's JSON type is asked for, too.

use std::fmt::Write as _;

use rusqlite::types::Value as SqlValue;
use serde_json::{Number, Value};

use super::{
    needles,
    schema::{Table, path, search_column, value},
};
use crate::{
    error::StoreError,
    filter::Filter,
    fold::fold,
    query::{Direction, Sort},
};

/// How a condition finds out whether a text has a needle in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looking {
    /// In all texts at once: best when few have it, and nothing else narrows the search.
    Everywhere,
    /// In the text of each document that comes up otherwise.
    Here,
}

/// An SQL condition and its parameters, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Sql {
    /// The text.
    pub(super) text: String,
    /// What stands for its question marks.
    pub(super) params: Vec<SqlValue>,
}

/// Where a filter is asked, and how.
type At<'a> = (&'a Table, Looking);

/// A comparison's operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    Above,
    AtLeast,
    Below,
    AtMost,
}

impl Comparison {
    const fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Above => ">",
            Self::AtLeast => ">=",
            Self::Below => "<",
            Self::AtMost => "<=",
        }
    }

    fn admits(self, number: f64, bound: f64) -> bool {
        match self {
            Self::Equal => (number - bound).abs() < f64::EPSILON,
            Self::Above => number > bound,
            Self::AtLeast => number >= bound,
            Self::Below => number < bound,
            Self::AtMost => number <= bound,
        }
    }
}

/// The condition of a filter.
///
/// # Errors
/// [`StoreError::Failed`] when it searches a field that is not declared as searched.
pub(super) fn condition(
    filter: &Filter,
    table: &Table,
    looking: Looking,
) -> Result<Sql, StoreError> {
    let mut sql = Sql::default();
    sql.filter(filter, (table, looking))?;
    Ok(sql)
}

/// The condition of a partial index: like [`condition`], with its values spelt out.
pub(super) fn index_condition(filter: &Filter) -> String {
    let mut sql = Sql::default();
    match filter {
        Filter::All(filters) if !filters.is_empty() => {
            let parts: Vec<String> = filters.iter().map(index_condition).collect();
            return parts.join(" AND ");
        }
        Filter::Eq(field, wanted) => sql.compare(field, Comparison::Equal, wanted),
        Filter::Present(field) => sql.present(field),
        _ => sql.text.push('1'),
    }
    spelt_out(&sql)
}

/// `ORDER BY` without the words.
pub(super) fn order(keys: &[Sort]) -> String {
    let key = |key: &Sort| match key.direction {
        Direction::Ascending => value(key.field),
        Direction::Descending => format!("{} DESC", value(key.field)),
    };
    keys.iter().map(key).collect::<Vec<_>>().join(", ")
}

impl Sql {
    /// Both hold.
    pub(super) fn and(&mut self, other: Self) {
        self.text.push_str(" AND ");
        self.text.push_str(&other.text);
        self.params.extend(other.params);
    }

    fn filter(&mut self, filter: &Filter, at: At<'_>) -> Result<(), StoreError> {
        let (table, _) = at;
        if table.literals.contains(filter) {
            self.text.push_str(&index_condition(filter));
            return Ok(());
        }
        match filter {
            Filter::All(filters) => self.join(filters, " AND ", "1", at)?,
            Filter::Any(filters) => self.join(filters, " OR ", "0", at)?,
            Filter::Eq(field, wanted) => self.compare(field, Comparison::Equal, wanted),
            Filter::In(field, wanted) => self.one_of(field, wanted),
            Filter::Gt(field, bound) => self.compare(field, Comparison::Above, bound),
            Filter::Gte(field, bound) => self.compare(field, Comparison::AtLeast, bound),
            Filter::Lt(field, bound) => self.compare(field, Comparison::Below, bound),
            Filter::Lte(field, bound) => self.compare(field, Comparison::AtMost, bound),
            Filter::Present(field) => self.present(field),
            Filter::Has(field, item) => self.has(field, item, table),
            Filter::Contains(field, needle) => self.contains(field, needle, at)?,
        }
        Ok(())
    }

    fn join(
        &mut self,
        filters: &[Filter],
        word: &str,
        empty: &str,
        at: At<'_>,
    ) -> Result<(), StoreError> {
        self.text.push('(');
        for (position, filter) in filters.iter().enumerate() {
            if position > 0 {
                self.text.push_str(word);
            }
            self.filter(filter, at)?;
        }
        if filters.is_empty() {
            self.text.push_str(empty);
        }
        self.text.push(')');
        Ok(())
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn never(&mut self) {
        self.text.push('0');
    }

    fn param(&mut self, value: SqlValue) {
        self.params.push(value);
    }

    fn present(&mut self, field: &str) {
        let _ = write!(self.text, "{} IS NOT NULL", value(field));
    }

    /// The field has one of these JSON types.
    fn typed(&mut self, field: &str, types: &str) {
        let _ = write!(self.text, " AND json_type(doc,{}) IN ({types})", path(field));
    }

    fn compare(&mut self, field: &str, comparison: Comparison, bound: &Value) {
        match bound {
            Value::Null if comparison == Comparison::Equal && field != "_id" => {
                let _ = write!(self.text, "{} IS NULL", value(field));
            }
            Value::String(text) => self.compare_text(field, comparison, text),
            Value::Number(number) if field != "_id" => {
                self.compare_number(field, comparison, number);
            }
            Value::Bool(bound) if field != "_id" => {
                self.bare(field, comparison, SqlValue::Integer(i64::from(*bound)));
                self.typed(field, "'true','false'");
                self.text.push(')');
            }
            _ => self.never(),
        }
    }

    /// The comparison alone, with the bracket before it left open.
    fn bare(&mut self, field: &str, comparison: Comparison, bound: SqlValue) {
        let _ = write!(self.text, "({} {} ?", value(field), comparison.sign());
        self.param(bound);
    }

    fn compare_text(&mut self, field: &str, comparison: Comparison, bound: &str) {
        self.bare(field, comparison, SqlValue::Text(bound.to_owned()));
        match comparison {
            // Numbers sort before all texts.
            Comparison::Below | Comparison::AtMost => {
                let _ = write!(self.text, " AND {} >= ''", value(field));
            }
            Comparison::Equal if field != "_id" && bound.starts_with(['[', '{']) => {
                self.typed(field, "'text'");
            }
            _ => {}
        }
        self.text.push(')');
    }

    fn compare_number(&mut self, field: &str, comparison: Comparison, number: &Number) {
        self.bare(field, comparison, sql_number(number));
        if matches!(comparison, Comparison::Above | Comparison::AtLeast) {
            let _ = write!(self.text, " AND {} < ''", value(field));
        }
        let bound = number.as_f64().unwrap_or_default();
        if comparison.admits(0.0, bound) || comparison.admits(1.0, bound) {
            self.typed(field, "'integer','real'");
        }
        self.text.push(')');
    }

    fn one_of(&mut self, field: &str, wanted: &[Value]) {
        let (listed, others): (Vec<&Value>, Vec<&Value>) =
            wanted.iter().partition(|value| is_unmistakable(field, value));
        let _ = write!(self.text, "({} IN (", value(field));
        for (position, value) in listed.into_iter().enumerate() {
            self.push(if position == 0 { "?" } else { ",?" });
            self.param(scalar(value));
        }
        self.push(")");
        for value in others {
            self.push(" OR ");
            self.compare(field, Comparison::Equal, value);
        }
        self.push(")");
    }

    fn has(&mut self, field: &str, item: &Value, table: &Table) {
        if field == "_id" || item.is_array() || item.is_object() {
            self.never();
        } else if let Some(items) = table.items.iter().find(|items| items.field == field) {
            let _ = write!(self.text, "row IN (SELECT owner FROM {} WHERE value = ?)", items.table);
            self.param(item_key(item));
        } else {
            let path = path(field);
            let _ = write!(
                self.text,
                "(json_type(doc,{path}) = 'array' AND EXISTS (SELECT 1 FROM json_each(doc,{path}) \
                 WHERE {}))",
                item_condition(item)
            );
            if !matches!(item, Value::Null | Value::Bool(_)) {
                self.param(scalar(item));
            }
        }
    }

    fn contains(
        &mut self,
        field: &str,
        needle: &str,
        (table, looking): At<'_>,
    ) -> Result<(), StoreError> {
        let position = table.searched.iter().position(|searched| *searched == field);
        let Some(position) = position else {
            let reason = format!("{field} of {} is not searched", table.name);
            return Err(StoreError::Failed(reason.into()));
        };
        let needle = fold(needle);
        if needle.contains('\0') {
            self.never();
        } else if needle.is_empty() {
            let _ = write!(self.text, "json_type(doc,{}) = 'text'", path(field));
        } else {
            self.look_for(position, needle, table, looking);
        }
        Ok(())
    }

    fn look_for(&mut self, position: usize, needle: String, table: &Table, looking: Looking) {
        let texts = &table.texts;
        match (looking, needles::phrase(table.searched[position], &needle)) {
            (Looking::Here, _) => {
                let _ = write!(
                    self.text,
                    "(SELECT instr(c{position}, ?) FROM {texts} WHERE id = row) > 0"
                );
                self.param(SqlValue::Text(needle));
            }
            (Looking::Everywhere, None) => {
                let _ = write!(
                    self.text,
                    "row IN (SELECT id FROM {texts} WHERE instr(c{position}, ?))"
                );
                self.param(SqlValue::Text(needle));
            }
            (Looking::Everywhere, Some(phrase)) => {
                let search = &table.search;
                let column = search_column(table.searched[position]);
                let _ =
                    write!(self.text, "row IN (SELECT rowid FROM {search} WHERE {search} MATCH ?");
                self.param(SqlValue::Text(phrase.text));
                if !phrase.is_exact {
                    let _ = write!(self.text, " AND instr({column}, ?)");
                    self.param(SqlValue::Text(needle));
                }
                self.push(")");
            }
        }
    }
}

/// Whether equality with the value alone cannot mean a value of another type.
fn is_unmistakable(field: &str, value: &Value) -> bool {
    match value {
        Value::String(text) => field == "_id" || !text.starts_with(['[', '{']),
        Value::Number(number) => {
            field != "_id" && number.as_f64().is_some_and(|number| !(0.0..=1.0).contains(&number))
        }
        _ => false,
    }
}

/// How `json_each` finds an item; the parameter, where there is one, is the item.
fn item_condition(item: &Value) -> &'static str {
    match item {
        Value::Null => "type = 'null'",
        Value::Bool(true) => "type = 'true'",
        Value::Bool(false) => "type = 'false'",
        Value::Number(_) => "type IN ('integer','real') AND value = ?",
        _ => "type = 'text' AND value = ?",
    }
}

/// A scalar as SQL has it.
fn scalar(value: &Value) -> SqlValue {
    match value {
        Value::Bool(value) => SqlValue::Integer(i64::from(*value)),
        Value::Number(number) => sql_number(number),
        Value::String(text) => SqlValue::Text(text.clone()),
        _ => SqlValue::Null,
    }
}

/// An item as the tables of items have it: null, false and true are blobs, so that they are
/// neither numbers nor texts.
pub(super) fn item_key(item: &Value) -> SqlValue {
    match item {
        Value::Null => SqlValue::Blob(Vec::new()),
        Value::Bool(value) => SqlValue::Blob(vec![u8::from(*value)]),
        _ => scalar(item),
    }
}

fn sql_number(number: &Number) -> SqlValue {
    match number.as_i64() {
        Some(integer) => SqlValue::Integer(integer),
        None => SqlValue::Real(number.as_f64().unwrap_or_default()),
    }
}

/// The condition with its parameters in their places.
fn spelt_out(sql: &Sql) -> String {
    let mut texts = sql.text.split('?');
    let mut spelt = texts.next().unwrap_or_default().to_owned();
    for (text, value) in texts.zip(&sql.params) {
        match value {
            SqlValue::Integer(number) => spelt.push_str(&number.to_string()),
            SqlValue::Real(number) => {
                let _ = write!(spelt, "{number:e}");
            }
            SqlValue::Text(text) => {
                let _ = write!(spelt, "'{}'", text.replace('\'', "''"));
            }
            SqlValue::Null | SqlValue::Blob(_) => spelt.push_str("NULL"),
        }
        spelt.push_str(text);
    }
    spelt
}

#[cfg(test)]
#[path = "translate_tests.rs"]
mod tests;
