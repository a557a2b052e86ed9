//! How the embedded store goes about what lists ask for: whatever a resource declares, some index
//! serves it. Resources that are added later are checked by that alone.

use ihs_config::StoreSettings;
use ihs_store::{
    Filter, Query, Sort, Store as _,
    embedded::{Embedded, Explained},
};
use serde_json::{Value, json};

use super::{
    filters::{self, Unknown, may_ask},
    ordering,
    policy::tests::somebody,
    resource::Resource,
    search,
};
use crate::{
    auth::{Caller, Role},
    collections,
    fields::{Field, flags::Flag, kind::Kind},
    http::params::Params,
    plugins::PLUGINS,
};

/// What a list is asked for: its words, for people, and the query.
type Asked = (String, Query);

fn base(resource: &Resource, caller: &Caller) -> Filter {
    (resource.base)().and(resource.policy.read.scope(caller).filter())
}

/// A value of a query parameter that the field takes.
fn sample(field: &Field) -> String {
    match field.kind {
        Kind::Integer { .. } | Kind::Float { .. } => "1".to_owned(),
        Kind::Boolean => "true".to_owned(),
        Kind::Time => "2026-01-02T03:04:05Z".to_owned(),
        Kind::Choice(choices) => choices.first().copied().unwrap_or_default().to_owned(),
        _ => "0123456789abcdef01234567".to_owned(),
    }
}

/// Every filter alone, its suffixes too.
fn filtered(resource: &'static Resource, caller: &Caller) -> Vec<(String, Filter)> {
    let mut all = Vec::new();
    for field in resource.fields.iter().filter(|field| may_ask(field, caller)) {
        let aliases = field.aliases.iter().flatten().map(|alias| alias.name);
        for name in aliases.chain([field.name]) {
            for suffix in ["", "__gte", "__lte", "__in", "__icontains"] {
                let asked = format!("{name}{suffix}={}", sample(field));
                let params = Params::parse(&asked).unwrap();
                let parsed = filters::parse(resource, caller, &params, Unknown::Refuse);
                all.extend(parsed.ok().map(|filter| (asked, filter)));
            }
        }
    }
    all
}

fn sorts(resource: &'static Resource, caller: &Caller) -> Vec<(String, Vec<Sort>)> {
    let mut all = vec![("the default order".to_owned(), resource.order.to_vec())];
    for field in resource.fields.iter().filter(|field| field.is(Flag::Sort)) {
        for name in [field.name.to_owned(), format!("-{}", field.name)] {
            let sort = ordering::order(resource, caller, Some(&name));
            all.extend(sort.ok().map(|sort| (format!("ordering={name}"), sort)));
        }
    }
    all
}

/// Everything that this caller may ask for, one thing at a time.
fn asked(resource: &'static Resource, caller: &Caller) -> Vec<Asked> {
    let query = |filter: Filter, sort: Vec<Sort>| {
        let filter = base(resource, caller).and(filter);
        Query::new(resource.collection(), filter, 25).sorted(sort)
    };
    let mut all = Vec::new();
    for (name, sort) in sorts(resource, caller) {
        let page = query(Filter::everything(), sort.clone());
        for (kind, key) in [("null", Value::Null), ("text", json!("x"))] {
            let mut step = page.clone();
            let keys = step.keys();
            let after =
                keys.iter().map(|sort| if sort.field == "_id" { json!("x") } else { key.clone() });
            step.after = Some(after.collect());
            all.push((format!("{name}, behind {kind}"), step));
        }
        all.push((name, page));
    }
    let order = || resource.order.to_vec();
    for (name, filter) in filtered(resource, caller) {
        all.push((name, query(filter, order())));
    }
    for terms in ["abc", "ab", "abc def"] {
        let filter = search::filter(resource, caller, terms).unwrap();
        all.push((format!("search={terms}"), query(filter, order())));
    }
    all
}

/// Whether no more is looked at than what an index says, and nothing is sorted but what was found
/// by an index. What is sorted within equal values of an index is: a unique one has none.
fn is_served(plan: &Explained) -> bool {
    let whole = |step: &String| step.starts_with("SCAN d_") && !step.contains(" USING ");
    let found = |step: &String| step.starts_with("SEARCH d_") || step.starts_with("MULTI-INDEX OR");
    let sorted = plan.page.iter().any(|step| step == "USE TEMP B-TREE FOR ORDER BY");
    let narrowed = plan.narrowing.as_ref().is_some_and(|steps| steps.iter().any(found));
    let scans = plan.narrowing.iter().flatten().any(whole) || plan.page.iter().any(whole);
    !scans && (!sorted || narrowed || plan.page.iter().any(found))
}

#[tokio::test]
async fn an_index_serves_whatever_a_resource_declares() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open(folder.path(), &StoreSettings::default()).await.unwrap();
    store.prepare(&collections::all()).await.unwrap();
    let mut faults = Vec::new();
    for resource in PLUGINS.iter().filter(|one| one.stored().is_some()).map(|one| one.resource()) {
        for role in [Role::Patient, Role::Doctor, Role::Nurse, Role::Staff] {
            let caller = Caller::User(somebody("ada", role));
            for (name, query) in asked(resource, &caller) {
                let plan = store.explain(query).await.unwrap();
                if !is_served(&plan) {
                    faults.push(format!("{} for {role:?}: {name}: {plan:?}", resource.name));
                }
            }
        }
    }
    store.close().await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test]
async fn what_no_index_serves_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open(folder.path(), &StoreSettings::default()).await.unwrap();
    store.prepare(&collections::all()).await.unwrap();
    let sorted = Query::new("patients", Filter::everything(), 25);
    let sorted = sorted.sorted(vec![Sort::ascending("weight")]);
    let filtered = Query::new("patients", Filter::eq("weight", 7), 25);
    for query in [sorted, filtered.sorted(vec![Sort::ascending("weight")])] {
        let plan = store.explain(query).await.unwrap();
        assert!(!is_served(&plan), "{plan:?}");
    }
    store.close().await;
}
