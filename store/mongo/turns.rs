//! Turns: transactions of one node that write the same documents go one after the other.
//!
//! MongoDB ends all but one of the transactions that meet at a document, and each of the others
//! starts over. When hundreds of clients want one appointment, the tries of the losers hold up the
//! winner; in a queue each of them is done, or refused, at its first try. Between nodes MongoDB
//! decides.

use std::hash::{BuildHasher, RandomState};

use tokio::sync::{Mutex, MutexGuard};

use crate::{filter::Filter, write::Write};

/// Documents share so many queues. Two that share one only wait for each other.
const QUEUES: usize = 1_024;

/// A transaction that changes more documents waits for none of them: it would hold up too many.
const MOST: usize = 32;

/// The queues of one node.
#[derive(Debug)]
pub(super) struct Turns {
    queues: Vec<Mutex<()>>,
    hasher: RandomState,
}

/// A turn, until it is dropped.
pub(super) type Turn<'turns> = Vec<MutexGuard<'turns, ()>>;

impl Turns {
    pub(super) fn new() -> Self {
        let queues = std::iter::repeat_with(Mutex::default).take(QUEUES).collect();
        Self { queues, hasher: RandomState::new() }
    }

    /// Waits until nobody else changes the documents that these writes change by their ids.
    pub(super) async fn wait(&self, writes: &[Write]) -> Turn<'_> {
        let mut chosen = self.chosen(writes);
        // All go through the queues in one order, so that no two wait for each other.
        chosen.sort_unstable();
        chosen.dedup();
        let mut turn = Turn::with_capacity(chosen.len());
        for queue in chosen.iter().filter_map(|position| self.queues.get(*position)) {
            turn.push(queue.lock().await);
        }
        turn
    }

    fn chosen(&self, writes: &[Write]) -> Vec<usize> {
        let changed: Vec<(&str, &str)> = writes.iter().filter_map(changed).collect();
        if changed.len() > MOST {
            return Vec::new();
        }
        let queue = |document: &(&str, &str)| {
            let hash = self.hasher.hash_one(document);
            usize::try_from(hash % QUEUES as u64).unwrap_or_default()
        };
        changed.iter().map(queue).collect()
    }
}

/// The one document that a write changes or removes, by its collection and id.
fn changed(write: &Write) -> Option<(&str, &str)> {
    match write {
        Write::Update { collection, filter, .. } | Write::Delete { collection, filter } => {
            Some((collection, id(filter)?))
        }
        _ => None,
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

    use super::*;
    use crate::write::Change;

    fn update(id: &str) -> Write {
        let filter = Filter::id(id).and(Filter::eq("version", 1));
        Write::Update { collection: "slots", filter, change: Change::default() }
    }

    #[tokio::test]
    async fn whoever_writes_the_same_waits_until_the_other_is_done() {
        let turns = Turns::new();
        let first = turns.wait(&[update("a"), update("b")]).await;
        let second = [update("b"), update("c")];
        let mut waiting = Box::pin(turns.wait(&second));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        drop(first);
        assert!(futures_util::poll!(&mut waiting).is_ready());
    }

    #[tokio::test]
    async fn many_who_name_the_same_in_any_order_all_get_their_turn() {
        let turns = Turns::new();
        let names = ["a", "b", "c", "d"];
        let all = (0..64).map(|number| {
            let mut writes: Vec<Write> = names.map(update).into();
            writes.rotate_left(number % 4);
            writes.truncate(1 + number % 3);
            let turns = &turns;
            async move {
                let turn = turns.wait(&writes).await;
                tokio::task::yield_now().await;
                turn.len()
            }
        });
        let held = join_all(all).await;
        assert!(held.iter().all(|queues| (1..=3).contains(queues)));
    }

    #[tokio::test]
    async fn what_names_no_document_or_very_many_waits_for_nobody() {
        let turns = Turns::new();
        let many: Vec<Write> = (0..=MOST).map(|number| update(&number.to_string())).collect();
        let turn = turns.wait(&many[..MOST]).await;
        assert!(!turn.is_empty());
        assert!(turns.wait(&many).await.is_empty());
        let every = Write::DeleteEvery { collection: "slots", filter: Filter::id("0") };
        assert!(turns.wait(&[every]).await.is_empty());
    }
}
