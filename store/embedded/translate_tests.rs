use proptest::prelude::*;
use rusqlite::Connection;
use serde_json::json;

use super::*;
use crate::{
    arbitrary,
    collection::{Collection, Index},
    document::Document,
    embedded::{items, search},
};

fn table(indexes: Vec<Index>) -> Table {
    Table::new(&Collection { name: "c", indexes, searched: vec!["t"] })
}

fn text(filter: &Filter) -> String {
    condition(filter, &table(Vec::new()), Looking::Everywhere).unwrap().text
}

/// A database with one document in it, prepared for nothing but the translation.
fn holds(document: &Document, filter: &Filter, table: &Table, looking: Looking) -> bool {
    let connection = Connection::open_in_memory().unwrap();
    connection
        .execute_batch(
            "CREATE TABLE d_c (row INTEGER PRIMARY KEY, id TEXT NOT NULL, doc BLOB NOT NULL);
             CREATE TABLE \"i_c.l\" (value, owner INTEGER, PRIMARY KEY (value, owner));
             CREATE VIRTUAL TABLE s_c USING fts5(f_t, tokenize = 'trigram case_sensitive 1');",
        )
        .unwrap();
    let json = serde_json::to_string(document).unwrap();
    let id = document["_id"].as_str().unwrap();
    let insert = "INSERT INTO d_c VALUES (1, ?, jsonb(?))";
    connection.execute(insert, [id, &json]).unwrap();
    search::put(&connection, table, 1, search::texts(table, document)).unwrap();
    items::add(&connection, "\"i_c.l\"", 1, document.get("l")).unwrap();
    let sql = condition(filter, table, looking).unwrap();
    let query = format!("SELECT count(*) FROM d_c WHERE {}", sql.text);
    let params = rusqlite::params_from_iter(sql.params);
    connection.query_row(&query, params, |row| row.get::<_, i64>(0)).unwrap() == 1
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_condition_means_what_the_filter_means(
        document in arbitrary::document(),
        filter in arbitrary::filter(),
        indexed in any::<bool>(),
    ) {
        let indexes = if indexed { vec![Index::items("l", "l")] } else { Vec::new() };
        let table = table(indexes);
        for looking in [Looking::Everywhere, Looking::Here] {
            let held = holds(&document, &filter, &table, looking);
            prop_assert_eq!(held, filter.matches(&document), "{:?} {:?}", filter, document);
        }
    }

    #[test]
    fn an_order_has_its_keys_and_directions(keys in arbitrary::order()) {
        let text = order(&keys);
        let down = keys.iter().filter(|key| key.direction == Direction::Descending);
        prop_assert_eq!(text.matches(" DESC").count(), down.count());
        prop_assert!(keys.iter().all(|key| text.contains(&value(key.field))));
    }

    #[test]
    fn values_are_parameters(filter in arbitrary::filter()) {
        let sql = condition(&filter, &table(Vec::new()), Looking::Everywhere).unwrap();
        prop_assert_eq!(sql.text.matches('?').count(), sql.params.len());
    }
}

#[test]
fn plain_comparisons_leave_the_document_alone() {
    for filter in [
        Filter::eq("a", "x"),
        Filter::eq("a", 7),
        Filter::Gte("a", json!("2026")),
        Filter::Lt("a", json!(-3)),
        Filter::In("a", vec![json!("x"), json!("y")]),
        Filter::Eq("a", Value::Null),
        Filter::Present("a"),
    ] {
        assert!(!text(&filter).contains("json_type"), "{filter:?}");
    }
}

#[test]
fn a_partial_index_and_its_query_are_in_the_same_words() {
    let only = Filter::eq("status", "it's open").and(Filter::Present("doctor"));
    let index = Index::plain("i", &["start"]).only(only.clone());
    let sql = condition(&only, &table(vec![index]), Looking::Everywhere).unwrap();
    assert_eq!(sql.text, format!("({})", index_condition(&only)));
    assert_eq!(sql.params, []);
    assert!(sql.text.contains("= 'it''s open'"));
}
