//! Records that the rows of a page name, by one read for all of them.

use std::collections::{BTreeSet, HashMap};

use ihs_store::{Document, Filter, Query, StoreError, document::text};
use serde_json::Value;

use crate::Ctx;

/// The records of a collection whose field has one of these texts, by that text. Empty texts name
/// nothing.
pub(crate) async fn related<'names>(
    ctx: &Ctx,
    collection: &'static str,
    field: &'static str,
    names: impl IntoIterator<Item = &'names str>,
) -> Result<HashMap<String, Document>, StoreError> {
    let names: BTreeSet<&str> = names.into_iter().filter(|name| !name.is_empty()).collect();
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let most = names.len() as u64;
    let filter = Filter::In(field, names.into_iter().map(Value::from).collect());
    let found = ctx.store.find(Query::new(collection, filter, most)).await?;
    Ok(found.into_iter().map(|record| (text(&record, field).to_owned(), record)).collect())
}
