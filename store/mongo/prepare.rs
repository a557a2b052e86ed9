//! Brings a collection's indexes and shadows in line with its declaration.

use std::collections::BTreeMap;

use bson::{Bson, Document as BsonDocument, doc};
use futures_util::{StreamExt, TryStreamExt};
use mongodb::error::{Error, Result};

use super::{
    fault::code,
    inner::Inner,
    shadow::{folded_path, grams, grams_path},
    translate::{index_filter, joined, present},
};
use crate::{
    collection::{Collection, Index, IndexKind},
    fold::{FOLDING, fold},
};

/// Indexes over trigrams are called so, with the version of the folding and the field. That one is
/// there says that the shadow is complete.
const SEARCH_PREFIX: &str = "search ";

/// Indexes beside unique ones, which serve only what is known to be present.
const FIND_SUFFIX: &str = " find";

/// How often preparing is tried, when other nodes prepare at the same time.
const TRIES: usize = 10;

/// How many shadows are written at once.
const AT_ONCE: usize = 16;

/// A collection, an index or a session's view of them is not, or no longer, what it was a moment
/// ago: not found, exists already, another specification, being built, dropped meanwhile.
const OVERTAKEN: [i32; 10] = [26, 27, 48, 68, 85, 86, 112, 117, 276, 12_587];

/// An index as MongoDB describes it: what `createIndexes` takes and `listIndexes` gives.
type Specification = BsonDocument;

/// Makes, drops and fills what the declaration asks for.
pub(super) async fn collection(inner: &Inner, collection: &Collection) -> Result<()> {
    let mut tries = 0;
    loop {
        tries += 1;
        match attempt(inner, collection).await {
            Err(error) if is_overtaken(&error) && tries < TRIES => {
                tracing::debug!(%error, "another node prepares, too");
            }
            outcome => return outcome,
        }
    }
}

fn is_overtaken(error: &Error) -> bool {
    code(error).is_some_and(|code| OVERTAKEN.contains(&code))
}

/// The indexes of the log: keys, the edits of a message, messages by id, and messages of a room by
/// time. The last has all that a page or a count of messages asks for.
pub(super) async fn log(inner: &Inner) -> Result<()> {
    let exists = |field: &str| doc! { field: {"$exists": true} };
    let wanted = [
        doc! {
            "name": crate::error::LOG_KEY, "key": {"room": 1, "sender": 1, "key": 1},
            "unique": true, "partialFilterExpression": exists("key"),
        },
        doc! {
            "name": "target", "key": {"room": 1, "target": 1},
            "partialFilterExpression": exists("target"),
        },
        doc! {"name": "entry", "key": {"entry": 1}},
        doc! {
            "name": "messages", "key": {"room": 1, "kind": 1, "time": 1, "_id": 1, "sender": 1},
        },
    ];
    make_collection(inner, Inner::log_name()).await?;
    create(inner, Inner::log_name(), wanted.to_vec()).await
}

async fn attempt(inner: &Inner, collection: &Collection) -> Result<()> {
    make_collection(inner, collection.name).await?;
    let mut present = specifications(inner, collection.name).await?;
    let wanted = indexes(collection);
    for (name, found) in &present {
        let is_stale = wanted.get(name).is_none_or(|wanted| !is_same(found, wanted));
        if is_stale && name != "_id_" {
            drop_index(inner, collection, name).await?;
        }
    }
    present.retain(|name, found| wanted.get(name).is_some_and(|wanted| is_same(found, wanted)));
    for field in &collection.searched {
        if !present.contains_key(&search_name(field)) {
            fill(inner, collection.name, field).await?;
        }
    }
    let missing = wanted.into_iter().filter(|(name, _)| !present.contains_key(name));
    let missing: Vec<Specification> = missing.map(|(_, wanted)| wanted).collect();
    create(inner, collection.name, missing).await
}

async fn make_collection(inner: &Inner, name: &str) -> Result<()> {
    match inner.database.create_collection(name).await {
        Err(error) if code(&error) == Some(48) => Ok(()),
        outcome => outcome,
    }
}

async fn create(inner: &Inner, collection: &str, wanted: Vec<Specification>) -> Result<()> {
    if !wanted.is_empty() {
        let command = doc! {"createIndexes": collection, "indexes": wanted};
        inner.database.run_command(command).await?;
    }
    Ok(())
}

/// Drops an index; with one over trigrams go the shadows, unless they are wanted and filled anew.
async fn drop_index(inner: &Inner, declared: &Collection, name: &str) -> Result<()> {
    let collection = declared.name;
    inner.collection(collection).drop_index(name).await?;
    let indexed = name.strip_prefix(SEARCH_PREFIX);
    let field = indexed.map(|rest| rest.split_once(' ').map_or(rest, |(_, field)| field));
    if let Some(field) = field.filter(|field| !declared.searched.contains(field)) {
        let (folded, grams) = (folded_path(field), grams_path(field));
        let shadowed = doc! { &folded: {"$exists": true} };
        let gone = doc! {"$unset": { folded: "", grams: "" }};
        inner.collection(collection).update_many(shadowed, gone).await?;
    }
    Ok(())
}

async fn specifications(
    inner: &Inner,
    collection: &str,
) -> Result<BTreeMap<String, Specification>> {
    let command = doc! {"listIndexes": collection};
    let found: Vec<Specification> =
        inner.database.run_cursor_command(command).await?.try_collect().await?;
    let named = |found: Specification| Some((found.get_str("name").ok()?.to_owned(), found));
    Ok(found.into_iter().filter_map(named).collect())
}

/// Whether two specifications mean the same index. Numbers are compared as such: a server may
/// give back another type than it was given.
fn is_same(found: &Specification, wanted: &Specification) -> bool {
    let plain = |specification: &Specification, part: &str| {
        specification.get(part).map(|value| value.clone().into_relaxed_extjson())
    };
    let is_unique =
        |specification: &Specification| specification.get_bool("unique").unwrap_or_default();
    let keys = |specification: &Specification| -> Vec<(String, bool)> {
        let keys = specification.get_document("key");
        let key = |(name, value): (&String, &Bson)| (name.clone(), is_down(value));
        keys.map(|keys| keys.iter().map(key).collect()).unwrap_or_default()
    };
    keys(found) == keys(wanted)
        && is_unique(found) == is_unique(wanted)
        && plain(found, "partialFilterExpression") == plain(wanted, "partialFilterExpression")
}

/// Servers give directions back as numbers of any type.
fn is_down(direction: &Bson) -> bool {
    match direction {
        Bson::Int32(number) => *number < 0,
        Bson::Int64(number) => *number < 0,
        Bson::Double(number) => *number < 0.0,
        _ => false,
    }
}

fn search_name(field: &str) -> String {
    format!("{SEARCH_PREFIX}{FOLDING} {field}")
}

/// What the declaration asks for, by name.
fn indexes(collection: &Collection) -> BTreeMap<String, Specification> {
    let declared = collection.indexes.iter().flat_map(specify);
    let searched = collection.searched.iter().map(|field| {
        let name = search_name(field);
        doc! {"name": name, "key": { grams_path(field): 1 }}
    });
    declared
        .chain(searched)
        .filter_map(|wanted| Some((wanted.get_str("name").ok()?.to_owned(), wanted)))
        .collect()
}

/// The specifications of a declared index. Those to find by end with the id, so that they give
/// the whole order of a query.
fn specify(index: &Index) -> Vec<Specification> {
    let direction = |field| Bson::Int32(if index.descending.contains(field) { -1 } else { 1 });
    let keys: BsonDocument =
        index.fields.iter().map(|field| ((*field).to_owned(), direction(field))).collect();
    let mut whole = keys.clone();
    whole.insert("_id", if index.ends_down() { -1 } else { 1 });
    let only: Vec<BsonDocument> = index.only.iter().flat_map(index_filter).collect();
    match index.kind {
        IndexKind::Unique => {
            let mut conditions: Vec<BsonDocument> =
                index.fields.iter().map(|field| present(field)).collect();
            conditions.extend(only);
            let mut unique = specification(index.name, keys, conditions);
            unique.insert("unique", true);
            let find = specification(&format!("{}{FIND_SUFFIX}", index.name), whole, Vec::new());
            vec![unique, find]
        }
        IndexKind::Plain | IndexKind::Items => vec![specification(index.name, whole, only)],
    }
}

fn specification(name: &str, keys: BsonDocument, conditions: Vec<BsonDocument>) -> Specification {
    let mut specification = doc! {"name": name, "key": keys};
    if let Some(condition) = joined("$and", conditions) {
        specification.insert("partialFilterExpression", condition);
    }
    specification
}

/// Writes the shadow of a field of all documents that there are. One that is changed meanwhile
/// gets its shadow with the change.
async fn fill(inner: &Inner, collection: &str, field: &str) -> Result<()> {
    let documents = inner.collection(collection);
    let texts =
        documents.find(doc! { field: {"$type": "string"} }).projection(doc! { field: 1 }).await?;
    texts
        .map(|document| async {
            let document = document?;
            if let Ok(text) = document.get_str(field) {
                let folded = fold(text);
                let same = doc! {"_id": document.get("_id"), field: text};
                let shadow = doc! { grams_path(field): grams(&folded), folded_path(field): folded };
                documents.update_one(same, doc! {"$set": shadow}).await?;
            }
            Ok(())
        })
        .buffer_unordered(AT_ONCE)
        .try_for_each(|()| async { Ok(()) })
        .await
}
