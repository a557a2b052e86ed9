//! Messages by REST.

use actix_web::http::Method;
use futures_util::future::join_all;
use ihs_store::{Body, Change, EntryId, Filter, LogEntry, RoomId, Seq, Timestamp, Write};
use serde_json::{Value, json};

use crate::{
    meddler::Mischief,
    support::{Answer, App, Client, settings},
};

const LIST: &str = "/api/messages/";
const NOT_THERE: &str = "No Message matches the given query.";

async fn group(client: &Client, members: &[&str]) -> String {
    let body = json!({"name": "ward", "members": members});
    client.post("/api/rooms/", body).await.is(201).text_at("/id")
}

async fn say(client: &Client, room: &str, text: &str) -> Answer {
    client.post(LIST, json!({"room": room, "text": text})).await.is(201)
}

async fn tell(client: &Client, receiver: &str, text: &str) -> Answer {
    client.post(LIST, json!({"receiver": receiver, "text": text})).await.is(201)
}

fn path(message: &Answer) -> String {
    format!("{LIST}{}/", message.text_at("/id"))
}

/// The texts of a list.
async fn texts(client: &Client, query: &str) -> Vec<String> {
    client.get(&format!("{LIST}?{query}")).await.is(200).column("text")
}

#[actix_web::test]
async fn a_message_to_somebody_goes_to_the_one_direct_room_with_them() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.doctor("bob").await);
    let name = json!({"first_name": "Ada", "last_name": "L"});
    ada.patch("/api/users/ada/", name).await.is(200);
    let sent = tell(&ada, "bob", "  hello  ").await;
    let (id, room, time) =
        (sent.text_at("/id"), sent.text_at("/room"), sent.text_at("/time_created"));
    assert_eq!(sent.header("location"), format!("http://clinic.example/api/messages/{id}/"));
    let shown = json!({
        "id": id, "room": room, "seq": 1, "sender": "ada", "receiver": "bob", "text": "hello",
        "senderUsername": "ada", "senderName": "Ada L", "receiverUsername": "bob",
        "receiverName": "", "time_created": time, "time_updated": time, "deleted": false,
    });
    let sent = sent.says(&shown);
    let read = bob.get(&path(&sent)).await.is(200).says(&shown);
    assert_eq!(read.header("etag"), sent.header("etag"));
    bob.with("if-none-match", read.header("etag")).get(&path(&sent)).await.is(304);
    assert_eq!(bob.send(Method::HEAD, &path(&sent), None).await.status, 200);
    let back = tell(&bob, "ada", "hi").await;
    assert_eq!((back.text_at("/room"), &back.body["seq"]), (room.clone(), &json!(2)));
    let kinds = ada.get(&format!("/api/rooms/{room}/")).await;
    assert_eq!(kinds.body["kind"], "direct");
}

#[actix_web::test]
async fn all_faults_of_a_message_come_at_once() {
    let mut settings = settings();
    settings.limits.message_chars = 5;
    let app = App::with(settings).await;
    let (ada, eve) = (app.patient("ada").await, app.patient("eve").await);
    let sam = app.staff("sam").await;
    let room = group(&ada, &[]).await;
    let exactly = "Exactly one of room and receiver must be given.";
    let pk = format!("Invalid pk \"{room}\" - object does not exist.");
    let long = "k".repeat(65);
    let text = ["Ensure this field has no more than 5 characters."];
    let cases = [
        (
            &ada,
            json!({}),
            json!({"text": ["This field is required."], "non_field_errors": [exactly]}),
        ),
        (
            &ada,
            json!({"room": room, "receiver": "eve", "text": " "}),
            json!({"text": ["This field may not be blank."], "non_field_errors": [exactly]}),
        ),
        (&eve, json!({"room": room, "text": "hello!"}), json!({"room": [pk], "text": text})),
        (&sam, json!({"room": room, "text": "x"}), json!({"room": [pk]})),
        (
            &ada,
            json!({"room": room, "text": "x", "key": long}),
            json!({"key": ["Ensure this field has no more than 64 characters."]}),
        ),
        (
            &ada,
            json!({"receiver": "nobody", "text": "x"}),
            json!({"receiver": ["Object with username=nobody does not exist."]}),
        ),
        (
            &ada,
            json!({"receiver": "ada", "text": "x"}),
            json!({"receiver": ["Nobody sends messages to themselves."]}),
        ),
    ];
    for (client, body, faults) in cases {
        client.post(LIST, body).await.is(400).says(&faults);
    }
    let forged = json!({"room": room, "text": "x", "sender": "eve", "seq": 9, "id": "1"});
    let sent = ada.post(LIST, forged).await.is(201);
    assert_eq!((&sent.body["sender"], &sent.body["seq"]), (&json!("ada"), &json!(1)));
    let form = format!("room={room}&text=form&key=");
    ada.raw(Method::POST, LIST, "application/x-www-form-urlencoded", &form).await.is(201);
}

#[actix_web::test]
async fn only_members_see_and_count_what_is_said() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let (sam, root) = (app.staff("sam").await, app.superuser("root").await);
    let room = group(&ada, &["bob"]).await;
    let sent = say(&ada, &room, "secret").await;
    let none = json!({"count": 0, "next": null, "previous": null, "results": []});
    for outsider in [&sam, &root, &app.patient("eve").await] {
        for query in ["", &format!("?room={room}"), "?sender=ada"] {
            outsider.get(&format!("{LIST}{query}")).await.is(200).says(&none);
        }
        outsider.get(&path(&sent)).await.details(404, NOT_THERE);
        outsider.patch(&path(&sent), json!({"text": "x"})).await.details(404, NOT_THERE);
        outsider.delete(&path(&sent)).await.details(404, NOT_THERE);
    }
    assert_eq!(texts(&bob, "").await, ["secret"]);
    bob.patch(&path(&sent), json!({"text": "x"})).await.is(403);
    bob.delete(&path(&sent)).await.is(403);
    assert!(bob.send(Method::OPTIONS, &path(&sent), None).await.is(200).body["actions"].is_null());
    let own = ada.send(Method::OPTIONS, &path(&sent), None).await.is(200);
    assert!(own.body["actions"]["PUT"]["text"].is_object());
    assert_eq!(own.header("allow"), "GET, PUT, PATCH, DELETE, HEAD, OPTIONS");
    ada.patch(&format!("/api/rooms/{room}/"), json!({"members": ["ada"]})).await.is(200);
    bob.get(LIST).await.is(200).says(&none);
    bob.get(&path(&sent)).await.details(404, NOT_THERE);
    for odd in ["x", "0123456789abcdef01234567"] {
        ada.get(&format!("{LIST}{odd}/")).await.details(404, NOT_THERE);
    }
}

#[actix_web::test]
async fn filters_go_by_sender_receiver_room_and_time() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let cy = app.patient("cy").await;
    let room = group(&ada, &["bob", "cy"]).await;
    tell(&ada, "bob", "a>b").await;
    tell(&bob, "ada", "b>a").await;
    tell(&cy, "ada", "c>a").await;
    tell(&cy, "bob", "c>b").await;
    let last = say(&bob, &room, "b>all").await;
    for (client, query, expected) in [
        (&ada, String::new(), vec!["a>b", "b>a", "c>a", "b>all"]),
        (&ada, "ordering=-time_created".to_owned(), vec!["b>all", "c>a", "b>a", "a>b"]),
        (&ada, "sender=bob".to_owned(), vec!["b>a", "b>all"]),
        (&ada, "sender__in=bob,cy".to_owned(), vec!["b>a", "c>a", "b>all"]),
        (&ada, "receiver=ada".to_owned(), vec!["b>a", "c>a"]),
        (&ada, "receiver=bob".to_owned(), vec!["a>b"]),
        (&ada, "sender=ada&receiver=bob".to_owned(), vec!["a>b", "b>a"]),
        (&ada, "sender=bob&receiver=ada".to_owned(), vec!["a>b", "b>a"]),
        (&ada, "sender=cy&receiver=bob".to_owned(), vec![]),
        (&ada, "receiver__isnull=true".to_owned(), vec!["b>all"]),
        (&ada, "receiver__isnull=false".to_owned(), vec!["a>b", "b>a", "c>a"]),
        (&ada, format!("room={room}"), vec!["b>all"]),
        (&ada, format!("room={room}&sender=cy"), vec![]),
        (&ada, "room=nonsense".to_owned(), vec![]),
        (
            &cy,
            format!("time_created__gte={}&sender=bob", last.text_at("/time_created")),
            vec!["b>all"],
        ),
        (&ada, "time_created__lte=2020-01-01".to_owned(), vec![]),
    ] {
        assert_eq!(texts(client, &query).await, expected, "{query}");
        let count = client.get(&format!("{LIST}?{query}")).await.body["count"].clone();
        assert_eq!(count, expected.len(), "{query}");
    }
    for odd in ["sendr=x", "receiver__in=bob", "search=x", "ordering=text", "time_created__gte=x"] {
        ada.get(&format!("{LIST}?{odd}")).await.is(400);
    }
}

#[actix_web::test]
async fn a_cursor_walks_all_rooms_while_messages_come_in() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let rooms = [group(&ada, &[]).await, group(&ada, &[]).await, group(&ada, &[]).await];
    for number in 0..9 {
        say(&ada, &rooms[number % 3], &number.to_string()).await;
    }
    let mut next = format!("{LIST}?cursor=&page_size=2");
    let mut seen = Vec::new();
    let mut back = String::new();
    while !next.is_empty() {
        let page = ada.get(&next).await.is(200);
        seen.extend(page.column("text"));
        if seen.len() == 4 {
            say(&ada, &rooms[0], "late").await;
            back = page.text_at("/previous").replace("http://clinic.example", "");
        }
        let link = page.body["next"].as_str().unwrap_or_default();
        next = link.replace("http://clinic.example", "");
    }
    assert_eq!(seen, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "late"]);
    assert_eq!(ada.get(&back).await.is(200).column("text"), ["0", "1"]);
    ada.get(&format!("{LIST}?cursor=x")).await.details(404, "Invalid cursor");
    let page = ada.get(&format!("{LIST}?page=last&page_size=4")).await.is(200);
    assert_eq!(
        (page.column("text"), &page.body["count"]),
        (vec!["8".into(), "late".into()], &json!(10))
    );
    ada.get(&format!("{LIST}?page=4&page_size=4")).await.details(404, "Invalid page.");
}

#[actix_web::test]
async fn the_sender_edits_and_deletes_and_a_tombstone_stays() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let room = group(&ada, &[]).await;
    let sent = say(&ada, &room, "teh").await;
    let path = path(&sent);
    ada.put(&path, json!({})).await.is(400);
    ada.patch(&path, json!({"text": " "})).await.is(400);
    let same = ada.patch(&path, json!({"text": "teh", "room": "x"})).await.is(200);
    assert_eq!(same.header("etag"), sent.header("etag"));
    let edited = ada.put(&path, json!({"text": "the"})).await.is(200);
    assert_eq!((&edited.body["text"], &edited.body["seq"]), (&json!("the"), &json!(1)));
    assert!(edited.text_at("/time_updated") >= sent.text_at("/time_updated"));
    let stale = ada.with("if-match", sent.header("etag"));
    stale.patch(&path, json!({"text": "x"})).await.is(412);
    stale.delete(&path).await.is(412);
    let fresh = ada.with("if-match", edited.header("etag"));
    let again = fresh.patch(&path, json!({"text": "The"})).await.is(200);
    fresh.delete(&path).await.is(412);
    ada.with("if-match", again.header("etag")).delete(&path).await.is(204);
    let gone = ada.get(&path).await.is(200);
    assert_eq!((&gone.body["deleted"], &gone.body["text"]), (&json!(true), &json!("")));
    assert_eq!(texts(&ada, "").await, [""]);
    ada.patch(&path, json!({"text": "back"})).await.details(404, NOT_THERE);
    ada.delete(&path).await.details(404, NOT_THERE);
    let log = ada.get(&format!("/api/rooms/{room}/messages/?after=0")).await;
    assert_eq!(log.body["results"].as_array().map(Vec::len), Some(4));
}

#[actix_web::test]
async fn of_many_changes_from_one_version_one_is_made() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    let room = group(&ada, &[]).await;
    let sent = say(&ada, &room, "0").await;
    let path = path(&sent);
    let ada = ada.with("if-match", sent.header("etag"));
    let changes = (1..=8).map(|number| ada.patch(&path, json!({"text": number.to_string()})));
    let mut statuses: Vec<u16> =
        join_all(changes).await.into_iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
}

#[actix_web::test]
async fn the_same_key_is_one_message_whichever_way_it_comes() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let room = group(&ada, &["bob"]).await;
    let body = json!({"room": room, "text": "once", "key": "k 1"});
    let all = join_all((0..6).map(|_| ada.post(LIST, body.clone()))).await;
    let first = all[0].body.clone();
    for answer in all {
        let answer = answer.is(201).says(&first);
        assert!(answer.header("location").contains(&answer.text_at("/id")));
    }
    let keyed = ada.with("idempotency-key", "k 1");
    keyed.post(LIST, json!({"room": room, "text": "once"})).await.is(201).says(&first);
    keyed.post(LIST, body.clone()).await.is(201).says(&first);
    let another = json!({"room": room, "text": "twice"});
    let reused = keyed.post(LIST, another.clone()).await.is(422);
    assert!(reused.text.contains("Idempotency-Key"), "{}", reused.text);
    let odd = ada.with("idempotency-key", "k 2").post(LIST, body.clone()).await.is(400);
    assert!(odd.body["key"].is_array());
    ada.with("idempotency-key", "k".repeat(65)).post(LIST, another).await.is(400);
    bob.post(LIST, body).await.is(201);
    assert_eq!(texts(&ada, "").await, ["once", "once"]);
}

#[actix_web::test]
async fn whoever_sends_too_fast_waits() {
    let mut settings = settings();
    settings.limits.messages_per_second = 1;
    settings.limits.messages_burst = 3;
    let app = App::with(settings).await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    let room = group(&ada, &["bob"]).await;
    let sent = say(&ada, &room, "1").await;
    ada.post(LIST, json!({})).await.is(400);
    ada.patch(&path(&sent), json!({"text": "2"})).await.is(200);
    say(&ada, &room, "3").await;
    let slow = ada.post(LIST, json!({"room": room, "text": "4"})).await;
    let slow = slow.details(429, "Request was throttled. Expected available in 1 second.");
    assert_eq!(slow.header("retry-after"), "1");
    ada.delete(&path(&sent)).await.is(429);
    say(&bob, &room, "5").await;
}

#[actix_web::test]
async fn people_who_left_or_were_deleted_are_still_named() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    ada.patch("/api/users/ada/", json!({"first_name": "Ada"})).await.is(200);
    let sent = tell(&bob, "ada", "hi").await;
    let leave = format!("/api/rooms/{}/leave/", sent.text_at("/room"));
    ada.post(&leave, json!({})).await.is(204);
    ada.get(&path(&sent)).await.is(404);
    let left = bob.get(&path(&sent)).await.is(200);
    assert_eq!(left.body["receiverName"], "Ada");
    ada.delete("/api/users/ada/").await.is(204);
    let gone = bob.get(&path(&sent)).await.is(200);
    assert_eq!((&gone.body["receiver"], &gone.body["receiverName"]), (&json!("ada"), &Value::Null));
    assert_ne!(gone.header("etag"), left.header("etag"));
}

/// Takes bob out and says something right before the next read of a log.
fn remove_bob_before_the_log_is_read(app: &App, room: &str, seq: u64) -> EntryId {
    let id = EntryId::from_bytes(app.ctx.ids.next());
    let entry = LogEntry {
        seq: Seq::new(seq),
        id,
        time: Timestamp::from_millis(4_000_000_000_000),
        sender: "ada".to_owned(),
        key: None,
        body: Body::message("not for everybody"),
    };
    let room_id: RoomId = room.parse().unwrap();
    app.meddler.plan(Mischief::BeforeLog(vec![
        Write::Update {
            collection: "rooms",
            filter: Filter::id(room),
            change: Change::default().and_exclude("members", "bob"),
        },
        Write::Append { room: room_id, entries: vec![entry] },
    ]));
    id
}

#[actix_web::test]
async fn whoever_is_removed_during_a_read_sees_and_counts_nothing_of_it() {
    let app = App::start().await;
    let (ada, bob) = (app.patient("ada").await, app.patient("bob").await);
    for query in ["", "?cursor="] {
        let room = group(&ada, &["bob"]).await;
        say(&ada, &room, "before").await;
        remove_bob_before_the_log_is_read(&app, &room, 2);
        let page = bob.get(&format!("{LIST}{query}")).await.is(200);
        assert!(app.meddler.is_done());
        assert_eq!(page.body["results"], json!([]));
        assert_ne!(page.body["count"], 1);
    }
    let room = group(&ada, &["bob"]).await;
    let id = remove_bob_before_the_log_is_read(&app, &room, 1);
    bob.get(&format!("{LIST}{id}/")).await.details(404, NOT_THERE);
    assert!(app.meddler.is_done());
}
