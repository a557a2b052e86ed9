//! Single cases of the room log; its properties are in `log_tests`.

use ihs_store::{Body, Seq};

use super::{
    log::{Draft, Effect, Refusal},
    log_tests::{Log, Loss, Node, Outcome, draft},
};

#[test]
fn drafts_that_arrive_during_an_append_become_one_batch_behind_it() {
    let mut store = Log::default();
    let mut node = Node::new();
    for number in 0..4 {
        node.submit(number, None);
    }
    node.step(&mut store, Loss::None);
    assert_eq!(store.0.len(), 1);
    node.step(&mut store, Loss::None);
    assert_eq!(store.0.len(), 4);
}

#[test]
fn what_is_told_while_the_log_is_read_is_read_too() {
    let (mut store, mut node, mut other) = (Log::default(), Node::new(), Node::new());
    node.look(&store);
    node.carry_out(&mut store, Loss::None);
    other.submit(1, None);
    other.step(&mut store, Loss::None);
    node.look(&store);
    node.finish(&mut store);
    assert_eq!(node.delivered, store.0);
}

#[test]
fn drafts_do_not_wait_for_others_to_be_silent() {
    let (mut store, mut node, mut other) = (Log::default(), Node::new(), Node::new());
    node.look(&store);
    node.submit(0, None);
    for number in 1..=3 {
        node.carry_out(&mut store, Loss::None);
        other.submit(number, None);
        other.step(&mut store, Loss::None);
        node.hear(other.delivered.clone());
        let is_append = matches!(node.outcome, Some(Outcome::Appended(_)));
        node.step(&mut store, Loss::None);
        if is_append {
            return;
        }
    }
    panic!("it reads for as long as others write");
}

#[test]
fn the_same_key_with_another_text_is_a_conflict() {
    let mut store = Log::default();
    let mut node = Node::new();
    node.submit(1, Some(7));
    node.step(&mut store, Loss::None);
    store.0[0].body = Body::message("another");
    node.submit(2, Some(7));
    node.step(&mut store, Loss::None);
    assert_eq!(node.answers[&2], Err(Refusal::KeyConflict));
}

#[test]
fn what_somebody_sent_before_they_were_removed_is_not_appended_behind_it() {
    let mut node = Node::new();
    for number in 0..3 {
        node.submit(number, None);
    }
    assert_eq!(node.log.withdraw("bob"), Vec::<u64>::new());
    assert_eq!(node.log.withdraw("ada"), vec![1, 2], "0 is under way, and may be in the log");
}

#[test]
fn a_store_that_only_reads_answers_senders_all_the_same() {
    let mut store = Log::default();
    let mut node = Node::new();
    for number in 0..3 {
        node.submit(number, None);
    }
    for _ in 0..20 {
        let writes = matches!(node.calls.front(), Some(Effect::Append(_)));
        node.step(&mut store, if writes { Loss::Call } else { Loss::None });
    }
    assert_eq!(node.answers.len(), 3);
    assert!(node.answers.values().all(|answer| *answer == Err(Refusal::StoreAway)));
    assert!(node.log.is_settled());
    node.submit(3, None);
    node.step(&mut store, Loss::None);
    assert!(node.answers[&3].is_ok(), "it goes on when the store does");
}

#[test]
fn a_change_of_what_is_deleted_is_refused_and_does_not_hold_up_what_is_behind_it() {
    let mut store = Log::default();
    let mut node = Node::new();
    node.submit(1, None);
    node.settle(&mut store);
    let delete = || Body::Deleted { target: Seq::new(1) };
    let edit = Body::Edited { target: Seq::new(1), text: "back".to_owned() };
    for (number, body) in [(2, delete()), (3, edit), (4, delete())] {
        assert!(node.log.submit(Draft { body, ..draft(number, None) }).is_none());
    }
    assert!(node.log.submit(draft(5, None)).is_none());
    node.proceed();
    node.settle(&mut store);
    assert_eq!(node.answers[&2].as_ref().ok(), store.0.get(1));
    assert_eq!(node.answers[&3], Err(Refusal::TargetGone));
    assert_eq!(node.answers[&4], Err(Refusal::TargetGone));
    assert_eq!(node.answers[&5].as_ref().ok(), store.0.get(2));
    assert_eq!(node.delivered, store.0);
}

#[test]
fn a_key_that_is_taken_does_not_hold_up_the_edits_behind_it() {
    let mut store = Log::default();
    let mut node = Node::new();
    node.submit(1, Some(7));
    node.step(&mut store, Loss::None);
    let edit = Body::Edited { target: Seq::new(1), text: "other".to_owned() };
    assert!(node.log.submit(draft(2, Some(7))).is_none());
    assert!(node.log.submit(Draft { body: edit, ..draft(3, None) }).is_none());
    node.proceed();
    node.settle(&mut store);
    assert_eq!(node.answers[&2].as_ref().ok(), store.0.first());
    assert_eq!(node.answers[&3].as_ref().ok(), store.0.last());
    assert_eq!(node.delivered, store.0);
}

#[test]
fn more_than_may_wait_is_refused_at_once() {
    let mut node = Node::new();
    for number in 0..10 {
        node.submit(number, None);
    }
    assert_eq!(node.answers.get(&9), Some(&Err(Refusal::Busy)));
}

/// A node that has delivered three entries, over a store that was put back to one.
fn put_back() -> (Log, Node) {
    let (mut store, mut node) = (Log::default(), Node::new());
    for number in 0..3 {
        node.submit(number, None);
    }
    node.settle(&mut store);
    store.0.truncate(1);
    (store, node)
}

#[test]
fn a_log_that_is_shorter_than_what_was_delivered_is_a_reason_to_start_anew() {
    let (mut store, mut node) = put_back();
    node.submit(3, None);
    for _ in 0..3 {
        node.step(&mut store, Loss::None);
    }
    assert!(node.restarts);
    assert_eq!(node.answers[&3], Err(Refusal::Restarting));
    assert!(node.calls.is_empty(), "it does not go on: {:?}", node.calls);
    assert_eq!(store.0.len(), 1);
}

#[test]
fn a_log_that_has_grown_again_to_something_else_is_noticed_too() {
    let (mut store, mut node) = put_back();
    let mut other = Node::new();
    other.settle(&mut store);
    for number in 4..9 {
        other.submit(number, None);
    }
    other.settle(&mut store);
    assert_eq!(store.0.len(), 6);
    node.look(&store);
    node.step(&mut store, Loss::None);
    assert!(node.restarts);
    assert_eq!(node.delivered.len(), 3, "nothing of the other log is delivered behind it");
}
