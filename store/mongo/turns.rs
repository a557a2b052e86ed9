//! Turns: commits of one node that change the same documents by their ids go one after the other.
//!
//! MongoDB ends all but one of the transactions that meet at a document, and each of the others
//! starts over. When hundreds of clients want one appointment, the tries of the losers hold up the
//! winner; in a queue each of them is done, or refused, at its first try. What comes from other
//! nodes, changes documents otherwise, or is one write by itself waits for nobody here: MongoDB
//! decides.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use tokio::sync::{Mutex as Queue, OwnedMutexGuard};

use crate::{filter::Filter, write::Write};

/// A commit that changes more documents waits for none of them: it would hold up too many.
const MOST: usize = 32;

/// A document: its collection and its id.
type Key = (&'static str, String);

/// The queues of one node, one for each document that somebody changes or waits for.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<HashMap<Key, Waiting>>);

/// A queue, and how many are in it, whoever's turn it is included.
#[derive(Debug, Default)]
struct Waiting {
    queue: Arc<Queue<()>>,
    count: usize,
}

/// A turn, until it is dropped.
pub(super) type Turn<'turns> = Vec<Held<'turns>>;

/// The turn at one document. What is first is dropped first: the document is free when its place
/// is given up.
#[derive(Debug)]
pub(super) struct Held<'turns> {
    _turn: OwnedMutexGuard<()>,
    _place: Place<'turns>,
}

impl Turns {
    /// Waits until none of those who came here before changes the documents that these writes change
    /// by their ids.
    pub(super) async fn wait(&self, writes: &[Write]) -> Turn<'_> {
        let mut keys: Vec<Key> = writes.iter().filter_map(changed).collect();
        // All stand in line in one order, so that no two wait for each other.
        keys.sort_unstable();
        keys.dedup();
        if keys.len() > MOST {
            return Turn::new();
        }
        let mut turn = Turn::with_capacity(keys.len());
        for key in keys {
            let (place, queue) = self.enter(key);
            turn.push(Held { _turn: queue.lock_owned().await, _place: place });
        }
        turn
    }

    fn enter(&self, key: Key) -> (Place<'_>, Arc<Queue<()>>) {
        let mut all = self.0.lock();
        let waiting = all.entry(key.clone()).or_default();
        waiting.count += 1;
        (Place { turns: self, key }, Arc::clone(&waiting.queue))
    }
}

/// A place in a queue, which is gone with the last one in it.
#[derive(Debug)]
struct Place<'turns> {
    turns: &'turns Turns,
    key: Key,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut all = self.turns.0.lock();
        let left = all.get_mut(&self.key).map(|waiting| {
            waiting.count -= 1;
            waiting.count
        });
        if left == Some(0) {
            all.remove(&self.key);
        }
    }
}

/// The one document that a write changes or removes.
fn changed(write: &Write) -> Option<Key> {
    match write {
        Write::Update { collection, filter, .. }
        | Write::UpdateEvery { collection, filter, .. }
        | Write::Delete { collection, filter }
        | Write::DeleteEvery { collection, filter } => Some((collection, id(filter)?.to_owned())),
        Write::Insert { .. } | Write::Append { .. } | Write::Restore { .. } => None,
    }
}

/// The id that documents must have to match.
fn id(filter: &Filter) -> Option<&str> {
    match filter {
        Filter::Eq("_id", id) => id.as_str(),
        Filter::All(parts) => parts.iter().find_map(id),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use tokio::task::yield_now;

    use super::*;
    use crate::write::Change;

    fn update(id: &str) -> Write {
        let filter = Filter::id(id).and(Filter::eq("version", 1));
        Write::Update { collection: "slots", filter, change: Change::default() }
    }

    fn queues(turns: &Turns) -> usize {
        turns.0.lock().len()
    }

    #[tokio::test]
    async fn whoever_changes_the_same_waits_until_the_other_is_done() {
        let turns = Turns::default();
        let first = turns.wait(&[update("a"), update("b")]).await;
        let second = [Write::DeleteEvery { collection: "slots", filter: Filter::id("b") }];
        let mut waiting = Box::pin(turns.wait(&second));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        drop(first);
        assert_eq!(waiting.await.len(), 1);
        assert_eq!(queues(&turns), 0);
    }

    #[tokio::test]
    async fn others_do_not_wait() {
        let turns = Turns::default();
        let _first = turns.wait(&[update("a")]).await;
        let elsewhere = Write::Delete { collection: "rooms", filter: Filter::id("a") };
        let others = [elsewhere, update("b")];
        assert!(futures_util::poll!(Box::pin(turns.wait(&others))).is_ready());
    }

    #[tokio::test]
    async fn who_no_longer_waits_leaves_nothing_behind() {
        let turns = Turns::default();
        let first = turns.wait(&[update("b")]).await;
        let second = [update("a"), update("b")];
        let mut waiting = Box::pin(turns.wait(&second));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        assert_eq!(queues(&turns), 2);
        drop(waiting);
        assert_eq!(queues(&turns), 1);
        drop(first);
        assert_eq!(queues(&turns), 0);
    }

    #[tokio::test]
    async fn many_who_name_the_same_in_any_order_all_get_their_turn() {
        let turns = Turns::default();
        let names = ["a", "b", "c", "d"];
        let all = (0..64).map(|number| {
            let mut writes: Vec<Write> = names.map(update).into();
            writes.rotate_left(number % 4);
            writes.truncate(1 + number % 3);
            let turns = &turns;
            async move {
                let turn = turns.wait(&writes).await;
                yield_now().await;
                assert_eq!(turn.len(), writes.len());
            }
        });
        join_all(all).await;
        assert_eq!(queues(&turns), 0);
    }

    #[tokio::test]
    async fn what_names_no_document_or_very_many_waits_for_nobody() {
        let turns = Turns::default();
        let many: Vec<Write> = (0..=MOST).map(|number| update(&number.to_string())).collect();
        let turn = turns.wait(&many[..MOST]).await;
        assert_eq!(turn.len(), MOST);
        assert!(turns.wait(&many).await.is_empty());
        let open = Filter::eq("status", "open");
        let every = Write::DeleteEvery { collection: "slots", filter: open };
        assert!(turns.wait(&[every]).await.is_empty());
    }
}
