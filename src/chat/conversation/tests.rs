//! Tests of the conversation: each message once and in order, whatever happens to connections.

use super::*;

const ROOM: &str = "0123456789abcdef01234567";

fn frame(value: Value) -> Frame {
    serde_json::from_value(value).unwrap()
}

fn joined(seq: u64) -> Frame {
    frame(json!({"type": "joined", "ref": "join", "room": ROOM, "seq": seq, "unread": 0}))
}

fn message(seq: u64, text: &str) -> Frame {
    frame(json!({"type": "message", "room": ROOM, "seq": seq, "sender": "bob", "text": text}))
}

fn in_room() -> Conversation {
    let mut conversation = Conversation::default();
    conversation.enter(ROOM, "bob");
    conversation.received(joined(0));
    conversation
}

fn sent(effects: &[Effect]) -> Vec<&Value> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Send(frame) => Some(frame),
            _ => None,
        })
        .collect()
}

fn shown(effects: &[Effect]) -> Vec<&str> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Show(text) => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

#[test]
fn a_room_is_entered_with_its_last_messages() {
    let mut conversation = Conversation::default();
    let effects = conversation.enter(ROOM, "bob");
    assert_eq!(sent(&effects)[0]["history"], 20);
    assert!(!conversation.is_ready());
    conversation.received(joined(5));
    assert!(conversation.is_ready());
    assert!(!conversation.is_settled(), "five entries are to come");
}

#[test]
fn a_new_connection_resumes_behind_what_was_shown() {
    let mut conversation = in_room();
    conversation.received(message(1, "one"));
    conversation.received(message(2, "two"));
    let effects = conversation.connected();
    assert_eq!(sent(&effects)[0]["after"], 2);
    conversation.received(joined(3));
    assert!(shown(&conversation.received(message(2, "two"))).is_empty());
    assert_eq!(shown(&conversation.received(message(3, "three"))), ["bob: three"]);
}

#[test]
fn an_empty_room_is_resumed_from_its_start() {
    let mut conversation = in_room();
    assert_eq!(sent(&conversation.connected())[0]["after"], 0);
}

#[test]
fn a_message_without_ack_is_sent_again_with_its_key_once_the_room_is_joined() {
    let mut conversation = in_room();
    let first = conversation.say("hello".to_owned());
    let again = conversation.connected();
    assert_eq!(sent(&again).len(), 1, "only the join");
    let resent = conversation.received(joined(0));
    assert_eq!(sent(&resent), sent(&first));
    assert!(!conversation.is_ready());
}

#[test]
fn the_next_line_waits_for_the_ack() {
    let mut conversation = in_room();
    let effects = conversation.say("hello".to_owned());
    let key = sent(&effects)[0]["key"].clone();
    conversation.received(frame(json!({"type": "ack", "ref": "other", "room": ROOM, "seq": 1})));
    assert!(!conversation.is_ready());
    conversation.received(frame(json!({"type": "ack", "ref": key, "room": ROOM, "seq": 1})));
    assert!(conversation.is_ready());
    assert!(!conversation.is_settled(), "its entry is still to be shown");
    conversation.received(message(1, "hello"));
    assert!(conversation.is_settled());
}

#[test]
fn what_may_succeed_later_is_tried_again() {
    let mut conversation = in_room();
    let first = conversation.say("hello".to_owned());
    let key = sent(&first)[0]["ref"].clone();
    let effects = conversation.received(frame(json!({
        "type": "error", "ref": key, "code": "rate_limited", "detail": "slow", "retry_after": 2,
    })));
    assert_eq!(effects, [Effect::RetryAfter(Duration::from_secs(2))]);
    assert_eq!(sent(&conversation.retry()), sent(&first));
}

#[test]
fn what_never_will_is_told_and_counted() {
    let mut conversation = in_room();
    let first = conversation.say("hello".to_owned());
    let key = sent(&first)[0]["ref"].clone();
    conversation.received(frame(json!({
        "type": "error", "ref": key, "code": "too_large", "detail": "Too long.",
    })));
    assert!(conversation.is_ready());
    assert_eq!(conversation.refused(), 1);
}

#[test]
fn a_room_that_is_closed_to_us_after_a_reconnect_ends_the_wait() {
    let mut conversation = in_room();
    conversation.say("hello".to_owned());
    conversation.connected();
    conversation.received(frame(json!({
        "type": "error", "ref": "join", "code": "not_found", "detail": "No such room.",
    })));
    assert!(conversation.is_ready());
    assert_eq!(conversation.refused(), 1);
}

#[test]
fn history_goes_back_from_the_oldest_message_shown() {
    let mut conversation = in_room();
    conversation.received(message(30, "thirty"));
    assert_eq!(sent(&conversation.look_back())[0]["before"], 30);
    let effects = conversation.received(frame(json!({
        "type": "history", "ref": "history", "room": ROOM, "more": false, "messages": [
            {"seq": 28, "sender": "bob", "text": "a"},
            {"seq": 29, "sender": "bob", "text": "", "deleted": true},
        ],
    })));
    assert_eq!(shown(&effects), ["bob: a", "bob: (deleted)"]);
    assert_eq!(sent(&conversation.look_back())[0]["before"], 28);
}

#[test]
fn nothing_is_sent_without_a_room() {
    let mut conversation = Conversation::default();
    assert!(sent(&conversation.say("hello".to_owned())).is_empty());
    assert!(conversation.is_ready());
}
