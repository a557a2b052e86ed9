use ihs_store::Timestamp;
use proptest::{collection::vec, prelude::*, sample::Index};
use serde_json::json;

use super::*;
use crate::audit::entry::Action;

/// What a store holds of a chain of so many entries.
#[derive(Debug, Clone)]
struct Stored {
    entries: Vec<Document>,
    head: Option<Document>,
}

fn entry(number: usize, patient: &str) -> Entry {
    Entry {
        id: format!("{number:024x}"),
        time: Timestamp::from_millis(1_700_000_000_000),
        user: Some("dora".to_owned()),
        role: Some("doctor".to_owned()),
        action: if number.is_multiple_of(3) { Action::Update } else { Action::Read },
        patient: Some(patient.to_owned()),
        resource: Some("patients".to_owned()),
        record: Some(patient.to_owned()),
        reason: number.is_multiple_of(2).then(|| "unconscious".to_owned()),
        break_glass: number.is_multiple_of(5),
        address: None,
        session: None,
    }
}

fn stored(patients: &[String]) -> Stored {
    let (mut entries, mut link) = (Vec::new(), Link::start());
    for (number, patient) in patients.iter().enumerate() {
        let (next, document) = link.next(&entry(number, patient)).unwrap();
        entries.push(document);
        link = next;
    }
    let head = (link.n > 0).then(|| link.head());
    Stored { entries, head }
}

/// As the command walks: in the order of the numbers.
fn judge(stored: &Stored) -> Result<u64, Flaw> {
    let mut entries = stored.entries.clone();
    entries.sort_by_key(number);
    let mut last = Link::start();
    let head = stored.head.as_ref();
    let is_named = |link: &Link| head.and_then(number) == Some(link.n);
    let mut named = Some(last.clone()).filter(is_named);
    for entry in &entries {
        last = follow(&last, entry)?;
        named = named.or_else(|| Some(last.clone()).filter(is_named));
    }
    finish(&last, head, named.as_ref()).map(|()| last.n)
}

fn chains() -> impl Strategy<Value = Stored> {
    vec("[a-z]{1,6}", 1..12).prop_map(|patients| stored(&patients))
}

#[test]
fn an_empty_chain_is_sound_and_has_no_head() {
    assert_eq!(judge(&stored(&[])), Ok(0));
    let mut emptied = stored(&["ada".to_owned()]);
    emptied.entries.clear();
    assert_eq!(judge(&emptied), Err(Flaw::Missing(1)));
}

#[test]
fn the_form_that_is_hashed_does_not_change() {
    let (link, document) = Link::start().next(&entry(0, "ada")).unwrap();
    assert_eq!(link.n, 1);
    assert_eq!(document["prev"], json!(NOTHING));
    let mut again = Sha256::new();
    again.update(NOTHING);
    again.update(
        r#"[1,{"_id":"000000000000000000000000","time":"2023-11-14T22:13:20.000Z","user":"dora","role":"doctor","action":"update","patient":"ada","resource":"patients","record":"ada","reason":"unconscious","break_glass":true}]"#,
    );
    assert_eq!(link.hash, hex::encode(again.finalize()));
}

#[test]
fn the_first_bad_entry_is_named() {
    let whole = stored(&["ada", "bob", "cid", "dan"].map(str::to_owned));
    let mut altered = whole.clone();
    altered.entries[2].insert("patient".to_owned(), json!("eve"));
    assert_eq!(judge(&altered), Err(Flaw::Altered(3)));
    let mut removed = whole.clone();
    removed.entries.remove(1);
    assert_eq!(judge(&removed), Err(Flaw::Missing(2)));
    let mut cut = whole.clone();
    cut.entries.truncate(2);
    assert_eq!(judge(&cut), Err(Flaw::Missing(3)));
    let mut headless = whole;
    headless.head = None;
    assert_eq!(judge(&headless), Err(Flaw::Head(4)));
}

#[test]
fn one_time_written_in_another_way_is_an_alteration() {
    let mut chain = stored(&["ada".to_owned()]);
    chain.entries[0].insert("time".to_owned(), json!("2023-11-14T23:13:20.000+01:00"));
    assert_eq!(judge(&chain), Err(Flaw::Altered(1)));
}

#[test]
fn null_and_missing_are_the_same() {
    let mut chain = stored(&["ada".to_owned()]);
    chain.entries[0].insert("address".to_owned(), Value::Null);
    assert_eq!(judge(&chain), Ok(1));
}

proptest! {
    #[test]
    fn a_chain_is_sound_as_it_is_made(chain in chains()) {
        prop_assert_eq!(judge(&chain), Ok(chain.entries.len() as u64));
    }

    #[test]
    fn any_altered_field_is_found(mut chain in chains(), place: Index, field: Index, value: u8) {
        let place = place.index(chain.entries.len());
        let entry = &mut chain.entries[place];
        let names: Vec<String> = entry.keys().cloned().collect();
        let name = names[field.index(names.len())].clone();
        let others = [json!(null), json!(value), json!(true), json!("x"), json!([]), json!(9.5)];
        let other = others[usize::from(value) % others.len()].clone();
        prop_assume!(entry[&name] != other);
        entry.insert(name, other);
        prop_assert!(judge(&chain).is_err());
    }

    #[test]
    fn any_added_field_is_found(mut chain in chains(), place: Index, name in "[a-z]{3,8}") {
        let place = place.index(chain.entries.len());
        prop_assume!(!chain.entries[place].contains_key(&name));
        chain.entries[place].insert(name, json!(1));
        prop_assert_eq!(judge(&chain), Err(Flaw::Altered(place as u64 + 1)));
    }

    #[test]
    fn any_removal_is_found_at_its_place(mut chain in chains(), place: Index) {
        let place = place.index(chain.entries.len());
        chain.entries.remove(place);
        prop_assert_eq!(judge(&chain), Err(Flaw::Missing(place as u64 + 1)));
    }

    #[test]
    fn any_doubled_entry_is_found(mut chain in chains(), place: Index) {
        let place = place.index(chain.entries.len());
        let twin = chain.entries[place].clone();
        chain.entries.push(twin);
        prop_assert_eq!(judge(&chain), Err(Flaw::Added(place as u64 + 2)));
    }

    #[test]
    fn entries_that_change_places_are_found(mut chain in chains(), one: Index, other: Index) {
        let (one, other) = (one.index(chain.entries.len()), other.index(chain.entries.len()));
        prop_assume!(one != other);
        let numbers = [one, other].map(|place| chain.entries[place]["n"].clone());
        chain.entries[one].insert("n".to_owned(), numbers[1].clone());
        chain.entries[other].insert("n".to_owned(), numbers[0].clone());
        prop_assert_eq!(judge(&chain), Err(Flaw::Altered(one.min(other) as u64 + 1)));
    }

    #[test]
    fn a_cut_end_is_found(mut chain in chains(), left: Index) {
        let left = left.index(chain.entries.len());
        chain.entries.truncate(left);
        prop_assert_eq!(judge(&chain), Err(Flaw::Missing(left as u64 + 1)));
    }

    #[test]
    fn an_end_that_does_not_follow_is_found(chain in chains(), more in "[a-z]{1,6}", hash in "[0-9a-f]{64}") {
        let mut longer = chain.clone();
        let here = Link::of(chain.head.as_ref().unwrap()).unwrap();
        let elsewhere = Link { n: here.n, hash };
        longer.entries.push(elsewhere.next(&entry(99, &more)).unwrap().1);
        prop_assert_eq!(judge(&longer), Err(Flaw::Altered(here.n + 1)));
    }

    #[test]
    fn a_head_may_be_behind_but_not_beside(chain in chains(), place: Index, hash in "[0-9a-f]{64}") {
        let mut chain = chain;
        let entry = &chain.entries[place.index(chain.entries.len())];
        let here = Link::of(entry).unwrap();
        chain.head = Some(here.head());
        prop_assert_eq!(judge(&chain), Ok(chain.entries.len() as u64));
        chain.head = Some(Link { n: here.n, hash }.head());
        prop_assert_eq!(judge(&chain), Err(Flaw::Head(chain.entries.len() as u64)));
    }

    #[test]
    fn a_head_that_was_set_is_found(mut chain in chains(), n in 0_u64..20, hash in "[0-9a-f]{64}") {
        let head = json!({"_id": HEAD, "n": n, "hash": hash});
        chain.head = head.as_object().cloned();
        prop_assert!(judge(&chain).is_err());
    }
}
