//! Random documents, filters and orders. Values come from small sets, so that they meet.

use ihs_store::{Document, Filter, Sort};
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Map, Value, json};

/// A field of mixed scalars, one of texts that are searched, one of numbers, one of booleans and
/// one of lists.
const MIXED: &str = "x";
const TEXT: &str = "t";
const NUMBER: &str = "n";
const FLAG: &str = "b";
const LIST: &str = "l";

const TEXTS: [&str; 22] = [
    "",
    "a",
    "A",
    "ab",
    "abc",
    "ABCD",
    "xabcx",
    "é",
    "e\u{301}",
    "علي",
    "علی",
    "می‌خ",
    "😀",
    "\u{ffff}",
    "[1]",
    "{}",
    "\"a\"",
    "50%_x",
    "a*b^c",
    "1",
    "true",
    "a\\b'c",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(&TEXTS[..]).prop_map(str::to_owned),
        1 => "[a-cA-C%_\"* éی😀]{0,6}",
        1 => "\\PC{0,8}",
    ]
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => (-2_i64..4).prop_map(Value::from),
        2 => (-4_i32..8).prop_map(|half| Value::from(f64::from(half) / 2.0)),
        1 => select(vec![
            json!(i64::MAX), json!(i64::MIN), json!(9_007_199_254_740_993_i64),
            json!(9_007_199_254_740_992.0), json!(1e300), json!(-1e300), json!(-0.0),
        ]),
        1 => any::<i64>().prop_map(Value::from),
        1 => (-1e9_f64..1e9).prop_map(Value::from),
    ]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(Value::Null),
        2 => any::<bool>().prop_map(Value::from),
        4 => number(),
        4 => text().prop_map(Value::from),
    ]
}

fn list() -> impl Strategy<Value = Value> {
    vec(scalar(), 0..4).prop_map(Value::Array)
}

/// Any value that a document may hold.
fn tree() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::Array),
            vec(("[a-z$]{1,3}", inner), 0..4).prop_map(|fields| {
                let fields = fields.into_iter().filter(|(key, _)| !key.starts_with('$'));
                Value::Object(fields.collect())
            }),
        ]
    })
}

/// A document without an id.
pub(crate) fn fields() -> impl Strategy<Value = Document> {
    let or_null = |value: BoxedStrategy<Value>| {
        option::weighted(0.8, prop_oneof![5 => value, 1 => Just(Value::Null)])
    };
    (
        or_null(scalar().boxed()),
        or_null(text().prop_map(Value::from).boxed()),
        or_null(number().boxed()),
        or_null(any::<bool>().prop_map(Value::from).boxed()),
        or_null(list().boxed()),
        or_null(tree().boxed()),
    )
        .prop_map(|(mixed, text, number, flag, list, tree)| {
            let named = [
                (MIXED, mixed),
                (TEXT, text),
                (NUMBER, number),
                (FLAG, flag),
                (LIST, list),
                ("tree", tree),
            ];
            let present = named.into_iter().filter_map(|(name, value)| Some((name, value?)));
            present.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>()
        })
}

/// A document.
pub(crate) fn document() -> impl Strategy<Value = Document> {
    (fields(), "[a-z😀']{1,8}").prop_map(|(mut document, id)| {
        document.insert("_id".to_owned(), Value::from(id));
        document
    })
}

fn comparison() -> impl Strategy<Value = Filter> {
    let field = select(vec![MIXED, TEXT, NUMBER, FLAG]);
    (field, scalar(), scalar(), 0..6).prop_map(|(field, value, other, kind)| match kind {
        0 => Filter::Eq(field, value),
        1 => Filter::In(field, vec![value, other]),
        2 => Filter::Gt(field, value),
        3 => Filter::Gte(field, value),
        4 => Filter::Lt(field, value),
        _ => Filter::Lte(field, value),
    })
}

/// A filter.
pub(crate) fn filter() -> impl Strategy<Value = Filter> {
    let leaf = prop_oneof![
        6 => comparison(),
        1 => select(vec![MIXED, TEXT, NUMBER, FLAG, LIST]).prop_map(Filter::Present),
        1 => Just(Filter::Eq(LIST, Value::Null)),
        2 => scalar().prop_map(|item| Filter::Has(LIST, item)),
        2 => text().prop_map(|needle| Filter::Contains(TEXT, needle)),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Filter::All),
            vec(inner, 0..4).prop_map(Filter::Any),
        ]
    })
}

/// An order by fields that have one type.
pub(crate) fn order() -> impl Strategy<Value = Vec<Sort>> {
    let key = (select(vec![TEXT, NUMBER, FLAG]), any::<bool>());
    vec(key, 0..3).prop_map(|mut keys| {
        keys.dedup_by_key(|(field, _)| *field);
        let sort = |(field, up): (&'static str, bool)| match up {
            true => Sort::ascending(field),
            false => Sort::descending(field),
        };
        keys.into_iter().map(sort).collect()
    })
}
