//! What is asked of the clinic, and what is tried with its records.

use std::collections::BTreeSet;

use actix_web::http::Method;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    rights::may_list,
    step::nth,
    world::{Kind, Person, World, ids, key_of},
};

/// Resources of which staff see all: what somebody is shown there is what staff are shown, less
/// what that somebody may not read.
const OPEN_TO_STAFF: [&str; 11] = [
    "users",
    "patients",
    "doctors",
    "insurances",
    "medicines",
    "clinics",
    "clinic-doctors",
    "appointments",
    "treatments",
    "followers",
    "rooms",
];

/// Parameters, with values that find something now and then.
const QUERIES: [(&str, &str); 26] = [
    ("patients", "name=pat"),
    ("patients", "search=a"),
    ("patients", "ordering=-user"),
    ("users", "username=pat-a"),
    ("users", "username__in=pat-a,doc-a,sam"),
    ("users", "search=pat"),
    ("users", "type=doctor"),
    ("users", "is_active=true"),
    ("doctors", "kind=nurse"),
    ("doctors", "verified=true"),
    ("doctors", "search=x"),
    ("appointments", "status=open"),
    ("appointments", "status__in=reserved,confirmed"),
    ("appointments", "doctor=doc"),
    ("appointments", "startTime=2020-01-01"),
    ("appointments", "endTime=2020-01-01"),
    ("appointments", "ordering=-start_time"),
    ("treatments", "patient=pat-a"),
    ("treatments", "doctor=doc-a"),
    ("treatments", "status=active"),
    ("treatments", "patient__in=pat-a,pat-b"),
    ("followers", "follower=pat-a"),
    ("clinic-doctors", "doctor=nurse-a"),
    ("clinics", "city=oslo"),
    ("rooms", "kind=group"),
    ("rooms", "search=x"),
];

/// A list, as somebody asks for it.
#[derive(Debug, Clone)]
pub(super) struct Question {
    who: usize,
    query: usize,
}

/// A write, as somebody tries it.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    who: usize,
    resource: usize,
    record: usize,
    method: usize,
}

/// All resources but the audit log, which grows with every question; staff alone read it.
fn resources() -> impl Iterator<Item = &'static str> {
    ihs_api::resources().map(ihs_api::Resource::name).filter(|name| *name != "audit")
}

/// Every list without parameters, and every record, as everybody sees them.
pub(super) async fn sweep(world: &World) {
    for resource in resources() {
        let known = known(world, resource).await;
        for who in &world.people {
            if !may_list(who, resource) {
                who.client.get(&format!("/api/{resource}/")).await.is(403);
                continue;
            }
            let mut shown = ids(&who.client, resource, "").await;
            // What others are notified of by events is not known here, and not theirs.
            if resource == "notifications" {
                let mine =
                    shown.iter().all(|id| known.contains(id) <= world.may_read(who, resource, id));
                assert!(mine, "{}", who.client.name);
                shown.retain(|id| known.contains(id));
            }
            let allowed = |key: &&String| world.may_read(who, resource, key);
            let wanted: BTreeSet<String> = known.iter().filter(allowed).cloned().collect();
            assert_eq!(shown, wanted, "{resource} for {}", who.client.name);
        }
        read_each(world, resource, &known).await;
    }
}

/// What one may not read is answered as if it were not there.
async fn read_each(world: &World, resource: &str, keys: &BTreeSet<String>) {
    for who in &world.people {
        let nowhere = missing(who, resource, Method::GET, None).await;
        for key in keys {
            let answer = who.client.get(&format!("/api/{resource}/{key}/")).await;
            if world.may_read(who, resource, key) {
                assert_eq!(answer.status, 200, "{resource} {key} for {}", who.client.name);
            } else {
                assert_eq!((answer.status, answer.body), nowhere);
            }
        }
    }
}

impl Question {
    /// Anybody asks anything.
    pub(super) fn any() -> impl Strategy<Value = Self> {
        (0..100_usize, 0..QUERIES.len()).prop_map(|(who, query)| Self { who, query })
    }

    /// Asks it.
    pub(super) async fn ask(&self, world: &World) {
        let (resource, query) = QUERIES[self.query];
        let who = world.somebody(self.who);
        assert!(OPEN_TO_STAFF.contains(&resource));
        if !may_list(who, resource) {
            who.client.get(&format!("/api/{resource}/?{query}")).await.is(403);
            return;
        }
        let all = ids(&world.staff, resource, &format!("&{query}")).await;
        let wanted: BTreeSet<String> =
            all.into_iter().filter(|key| world.may_read(who, resource, key)).collect();
        let shown = ids(&who.client, resource, &format!("&{query}")).await;
        assert_eq!(shown, wanted, "{resource}?{query} for {}", who.client.name);
        let walked = walk(&who.client, resource, query).await;
        assert_eq!(walked, wanted, "{resource}?{query} by cursor for {}", who.client.name);
    }
}

impl Attempt {
    /// Anybody tries anything.
    pub(super) fn any() -> impl Strategy<Value = Self> {
        let number = 0..100_usize;
        (number.clone(), number.clone(), number, 0..3_usize)
            .prop_map(|(who, resource, record, method)| Self { who, resource, record, method })
    }

    /// Tries it. What may not be changed must be as it was.
    pub(super) async fn make(&self, world: &mut World) {
        let resources: Vec<&str> = resources().collect();
        let resource = resources[self.resource % resources.len()];
        let known = known(world, resource).await;
        let Some(key) = nth(known.iter(), self.record) else { return };
        let who = world.somebody(self.who);
        let (readable, allowed) =
            (world.may_read(who, resource, &key), world.may_change(who, resource, &key));
        if allowed {
            return;
        }
        let (method, body) = match self.method {
            0 => {
                (Method::PATCH, Some(json!({"name": "taken", "status": "cancelled", "text": "x"})))
            }
            1 => (Method::PUT, Some(json!({"name": "taken", "status": "stopped", "text": "x"}))),
            _ => (Method::DELETE, None),
        };
        let before = state(world, resource, &key).await;
        let path = format!("/api/{resource}/{key}/");
        let answer = who.client.send(method.clone(), &path, body.clone()).await;
        if readable {
            assert!(matches!(answer.status, 403 | 405), "{method} {path}: {}", answer.text);
        } else {
            let nowhere = missing(who, resource, method, body).await;
            assert_eq!((answer.status, answer.body), nowhere, "{path} for {}", who.client.name);
        }
        assert_eq!(state(world, resource, &key).await, before, "{path} by {}", who.client.name);
    }
}

/// What is answered about a record that nobody has.
async fn missing(
    who: &Person,
    resource: &str,
    method: Method,
    body: Option<Value>,
) -> (u16, Value) {
    let answer =
        who.client.send(method, &format!("/api/{resource}/0123456789abcdef01234567/"), body).await;
    (answer.status, answer.body)
}

/// A record and its tag as somebody sees it who may.
async fn state(world: &World, resource: &str, key: &str) -> (String, String) {
    let may =
        |person: &&Person| person.kind == Kind::Staff || world.may_read(person, resource, key);
    for person in world.people.iter().rev().filter(may) {
        let answer = person.client.get(&format!("/api/{resource}/{key}/")).await;
        if answer.status == 200 {
            return (answer.text.clone(), answer.header("etag"));
        }
    }
    panic!("nobody sees {key} of {resource}")
}

async fn known(world: &World, resource: &str) -> BTreeSet<String> {
    world.keys(resource).await.into_iter().collect()
}

/// The keys of a list, page by page along its cursor.
async fn walk(client: &crate::support::Client, resource: &str, query: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut path = format!("/api/{resource}/?cursor=&page_size=3&{query}");
    loop {
        let answer = client.get(&path).await.is(200);
        for key in answer.column(key_of(resource)) {
            assert!(found.insert(key), "{path} repeats");
        }
        match answer.body["next"].as_str() {
            Some(next) => path = next.replace("http://clinic.example", ""),
            None => return found,
        }
    }
}
