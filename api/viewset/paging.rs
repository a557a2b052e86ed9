//! One page of a list: by number, with a count, or by cursor, without.

use std::{num::IntErrorKind, sync::Arc};

use futures_util::future::try_join;
use ihs_config::ApiSettings;
use ihs_store::{Direction, Document, Query, Sort, Store};
use serde_json::{Map, Value, json};

use super::cursor::{Cursor, Way};
use crate::{error::ApiError, fields::python, http::Call};

/// The rows of a page, and what stands around them.
pub(crate) struct Page {
    /// The rows.
    pub(crate) rows: Vec<Document>,
    /// `count`, `next` and `previous`, as far as there are such.
    head: Map<String, Value>,
}

impl Page {
    /// The body of the answer.
    pub(crate) fn into_body(mut self, results: Vec<Value>) -> Value {
        self.head.insert("results".to_owned(), Value::Array(results));
        Value::Object(self.head)
    }
}

/// Where the rows of a list come from.
pub(crate) trait Source {
    /// How many there are, on all pages.
    fn total(&self, query: &Query) -> impl Future<Output = Result<u64, ApiError>>;

    /// Those that the query means.
    fn page(&self, query: &Query) -> impl Future<Output = Result<Vec<Document>, ApiError>>;

    /// Both at once.
    fn both(&self, query: &Query) -> impl Future<Output = Result<(Vec<Document>, u64), ApiError>> {
        async move { try_join(self.page(query), self.total(query)).await }
    }
}

impl Source for Arc<dyn Store> {
    async fn total(&self, query: &Query) -> Result<u64, ApiError> {
        Ok(Store::count(&**self, query.collection, query.filter.clone()).await?)
    }

    async fn page(&self, query: &Query) -> Result<Vec<Document>, ApiError> {
        Ok(Store::find(&**self, query.clone()).await?)
    }

    async fn both(&self, query: &Query) -> Result<(Vec<Document>, u64), ApiError> {
        Ok(Store::page(&**self, query.clone()).await?)
    }
}

/// Reads the page that a request asks for. The query has filter and order; its limits are set here.
pub(crate) async fn fetch(
    call: &Call,
    source: &impl Source,
    mut query: Query,
) -> Result<Page, ApiError> {
    query.limit = size(call.params.get("page_size"), &call.ctx.settings.api);
    match call.params.get("cursor") {
        Some(cursor) => {
            // It decides nothing then, but what is no page is refused all the same.
            if let Some(asked) = call.params.filled("page").filter(|asked| *asked != "last") {
                page_number(Some(asked))?;
            }
            by_cursor(call, source, query, cursor).await
        }
        None => by_number(call, source, query).await,
    }
}

/// How many rows: a bad value means the default, a large one is cut.
pub(crate) fn size(asked: Option<&str>, settings: &ApiSettings) -> u64 {
    let asked = asked.and_then(whole).filter(|size| *size > 0);
    asked.unwrap_or(settings.page_size).min(settings.page_size_max).max(1)
}

async fn by_number(call: &Call, source: &impl Source, mut query: Query) -> Result<Page, ApiError> {
    let (count, number, rows) = match call.params.filled("page") {
        Some("last") => {
            let count = source.total(&query).await?;
            let last = pages(count, query.limit);
            query.skip = (last - 1) * query.limit;
            (count, last, source.page(&query).await?)
        }
        asked => {
            let number = page_number(asked)?;
            query.skip = (number - 1).saturating_mul(query.limit);
            let (rows, count) = source.both(&query).await?;
            (count, number, rows)
        }
    };
    let last = pages(count, query.limit);
    if number > last {
        return Err(invalid_page());
    }
    let head = Map::from_iter([
        ("count".to_owned(), json!(count)),
        ("next".to_owned(), page_link(call, (number < last).then_some(number + 1))),
        ("previous".to_owned(), page_link(call, (number > 1).then_some(number - 1))),
    ]);
    Ok(Page { rows, head })
}

fn page_number(asked: Option<&str>) -> Result<u64, ApiError> {
    // The store counts in i64; no list has pages beyond that.
    const MOST: u64 = 1 << 40;
    let number = asked.map_or(Some(1), whole);
    number.filter(|number| (1..=MOST).contains(number)).ok_or_else(invalid_page)
}

/// A whole number, in the digits that Python reads; what is too large for one is the largest.
fn whole(text: &str) -> Option<u64> {
    let digits = python::digits(python::strip(text));
    digits
        .parse::<u64>()
        .map_or_else(|error| (*error.kind() == IntErrorKind::PosOverflow).then_some(u64::MAX), Some)
}

fn invalid_page() -> ApiError {
    ApiError::NotFound("Invalid page.".to_owned())
}

/// An empty list has one page too.
fn pages(count: u64, size: u64) -> u64 {
    count.div_ceil(size).max(1)
}

/// The link to page 1 does without the parameter.
fn page_link(call: &Call, number: Option<u64>) -> Value {
    let text = |number: u64| (number > 1).then(|| number.to_string());
    number.map_or(Value::Null, |number| link(call, "page", text(number).as_deref()))
}

fn link(call: &Call, name: &str, value: Option<&str>) -> Value {
    let query = call.params.with(name, value).to_query();
    Value::String(call.origin.to(call.path(), &query))
}

async fn by_cursor(
    call: &Call,
    source: &impl Source,
    mut query: Query,
    text: &str,
) -> Result<Page, ApiError> {
    let keys = query.keys();
    let cursor = match text {
        "" => None,
        text => Some(Cursor::decode(text, &keys).ok_or_else(invalid_cursor)?),
    };
    let way = cursor.as_ref().map_or(Way::Forward, |cursor| cursor.way);
    let (rows, more) = walk(source, &mut query, way, cursor.as_ref()).await?;
    let (next, previous) = match way {
        Way::Forward => (more, cursor.is_some()),
        Way::Back => (true, more),
    };
    let head = Map::from_iter([
        ("next".to_owned(), turn(call, &keys, rows.last().filter(|_| next), Way::Forward)),
        ("previous".to_owned(), turn(call, &keys, rows.first().filter(|_| previous), Way::Back)),
    ]);
    Ok(Page { rows, head })
}

/// The rows behind a position, in the order of the list, and whether more lie beyond them.
async fn walk(
    source: &impl Source,
    query: &mut Query,
    way: Way,
    cursor: Option<&Cursor>,
) -> Result<(Vec<Document>, bool), ApiError> {
    let size = query.limit;
    query.limit = size + 1;
    query.after = cursor.map(|cursor| cursor.position.clone());
    if way == Way::Back {
        query.sort = query.keys().into_iter().map(reversed).collect();
    }
    let mut rows = source.page(query).await?;
    let more = rows.len() as u64 > size;
    rows.truncate(usize::try_from(size).unwrap_or(usize::MAX));
    if way == Way::Back {
        rows.reverse();
    }
    Ok((rows, more))
}

/// The link that goes on from a row, if there is one to go on from.
fn turn(call: &Call, keys: &[Sort], row: Option<&Document>, way: Way) -> Value {
    let cursor = row.map(|row| Cursor::new(way, position(keys, row), keys).encode());
    cursor.map_or(Value::Null, |cursor| link(call, "cursor", Some(&cursor)))
}

/// `Invalid cursor`
pub(crate) fn invalid_cursor() -> ApiError {
    ApiError::NotFound("Invalid cursor".to_owned())
}

fn position(keys: &[Sort], row: &Document) -> Vec<Value> {
    keys.iter().map(|key| row.get(key.field).cloned().unwrap_or_default()).collect()
}

fn reversed(key: Sort) -> Sort {
    let direction = match key.direction {
        Direction::Ascending => Direction::Descending,
        Direction::Descending => Direction::Ascending,
    };
    Sort { direction, ..key }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_size_is_the_default_and_a_large_one_is_cut() {
        let settings = ApiSettings::default();
        for bad in [None, Some(""), Some("x"), Some("0"), Some("-3")] {
            assert_eq!(size(bad, &settings), 25, "{bad:?}");
        }
        assert_eq!(size(Some("7"), &settings), 7);
        for large in ["1000", "99999999999999999999"] {
            assert_eq!(size(Some(large), &settings), 100);
        }
    }

    #[test]
    fn pages_are_counted_from_one() {
        assert_eq!([0, 1, 25, 26].map(|count| pages(count, 25)), [1, 1, 1, 2]);
        assert_eq!(page_number(None).ok(), Some(1));
        assert_eq!(page_number(Some(" ۲")).ok(), Some(2));
        for bad in ["0", "x", "-1", "1.5", "", "99999999999999999999"] {
            assert!(page_number(Some(bad)).is_err(), "{bad}");
        }
    }
}
