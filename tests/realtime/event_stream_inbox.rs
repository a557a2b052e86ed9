//! The inbox as Server-Sent Events.

use serde_json::json;

use crate::support::App;

const PATH: &str = "/api/notifications/events/";

#[tokio::test]
async fn a_stream_of_the_inbox_brings_what_is_unseen_and_what_comes() {
    let mut app = App::start().await;
    let (root, ada) = (app.superuser("root").await, app.patient("ada").await);
    let notify = |title: &str| json!({"user": "ada", "title": title, "text": "text"});
    let first = root.post("/api/notifications/", notify("one")).await.created();
    let mut stream = ada.events(PATH, None).await;
    let open = stream.next().await.expect("an event");
    assert_eq!((open.name.as_str(), &open.data["count"]), ("notifications", &json!(1)));
    assert_eq!(open.data["unseen"][0]["id"], first["id"]);
    let second = root.post("/api/notifications/", notify("two")).await.created();
    let news = stream.next_of("notification").await;
    assert_eq!((&news.data["id"], &news.data["title"]), (&second["id"], &json!("two")));
    let mut phone = ada.socket("/ws/notifications/").await;
    phone.next_of("notifications").await;
    phone.send(json!({"type": "viewed", "ref": 1, "notifications": [first["id"]]})).await;
    assert_eq!(stream.next_of("viewed").await.data["notifications"], json!([first["id"]]));
    drop(stream);
    let mut back = ada.events(PATH, None).await;
    let open = back.next_of("notifications").await;
    assert_eq!(open.data["unseen"][0]["id"], second["id"]);
}

#[tokio::test]
async fn an_inbox_is_its_users_alone_and_ends_with_their_login() {
    let app = App::start().await;
    let ada = app.patient("ada").await;
    assert_eq!(app.anonymous().get(PATH).await.status, 401);
    assert_eq!(ada.get(&format!("{PATH}?after=3")).await.status, 400);
    let mut stream = ada.events(PATH, None).await;
    stream.next_of("notifications").await;
    ada.post("/api/token/revoke/", json!({})).await;
    let rest = stream.rest().await;
    assert_eq!(rest.last().map(|event| &event.data["code"]), Some(&json!(4401)));
}
