//! Looks in a shared store for notifications that other nodes made or changed, and the bus has not
//! told of. One look serves all inboxes of the node.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use ihs_store::{Document, StoreError, Timestamp, document::text};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::{Found, shelf};
use crate::{
    bus::{Health, News},
    hub::Hub,
    username::Username,
};

/// How often to look when nothing else tells.
const ALONE: Duration = Duration::from_secs(1);

/// How often to look when the bus tells.
const TOLD: Duration = Duration::from_secs(4);

/// How far the clocks of nodes may differ, in milliseconds: what is so old is looked at again.
const SKEW: i64 = 30_000;

/// Notifications of one look; of more than that the latest.
const MOST: u64 = 2_000;

/// What has been seen, so that it is told once.
#[derive(Debug, Default)]
pub struct Watch {
    seen: Mutex<Seen>,
    hurry: AtomicBool,
}

#[derive(Debug, Default)]
struct Seen {
    looked: Option<Instant>,
    /// Up to when the last look that did not fail went, or when looks began; nothing while nobody
    /// is told.
    until: Option<Timestamp>,
    /// Versions of the notifications that the last look found.
    versions: HashMap<String, i64>,
}

impl Watch {
    /// Has the next look come at once.
    pub(crate) fn hurry(&self) {
        self.hurry.store(true, Ordering::Release);
    }

    fn is_due(&self, health: Health) -> bool {
        let every = if health == Health::Up { TOLD } else { ALONE };
        let hurry = self.hurry.swap(false, Ordering::AcqRel);
        hurry || self.seen.lock().looked.is_none_or(|looked| looked.elapsed() >= every)
    }

    /// From when on to look: a store that was away for a while has kept what came meanwhile.
    fn since(&self, now: Timestamp) -> Timestamp {
        let until = *self.seen.lock().until.get_or_insert(now);
        until.min(now).plus_millis(-SKEW)
    }

    /// Whoever opens an inbox is given what is in the store then.
    fn pause(&self) {
        self.seen.lock().until = None;
    }

    /// What of this, found at `now`, was not found by the look before.
    fn fresh(&self, found: Vec<Document>, now: Timestamp) -> Vec<Document> {
        let version = |one: &Document| one.get("_version").and_then(serde_json::Value::as_i64);
        let mut seen = self.seen.lock();
        let versions: HashMap<String, i64> = found
            .iter()
            .map(|one| (text(one, "_id").to_owned(), version(one).unwrap_or_default()))
            .collect();
        let before = std::mem::replace(&mut seen.versions, versions);
        seen.looked = Some(Instant::now());
        seen.until = Some(now);
        let new = |one: &Document| before.get(text(one, "_id")).copied() != version(one);
        found.into_iter().filter(new).collect()
    }
}

/// Looks, if it is time, and tells the inboxes here.
pub(crate) async fn look(hub: &Hub) -> Result<(), StoreError> {
    let watch = hub.watch();
    if hub.settings().store.is_embedded() || hub.inboxes().lock().is_empty() {
        watch.pause();
        return Ok(());
    }
    if !watch.is_due(hub.bus().health()) {
        return Ok(());
    }
    let now = hub.clock().now();
    let found = shelf::changed_since(&**hub.store(), watch.since(now), MOST).await?;
    for document in watch.fresh(found, now).into_iter().rev() {
        let Ok(user) = Username::try_from(text(&document, "user")) else { continue };
        let Some(inbox) = hub.open_inbox(&user) else { continue };
        let news = if document.get("viewed") == Some(&true.into()) {
            News::Viewed(vec![text(&document, "_id").to_owned()])
        } else if let Some(notification) = shelf::notification(&document) {
            News::Notified(notification)
        } else {
            continue;
        };
        inbox.do_send(Found(news));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1_000)
    }

    #[test]
    fn what_came_while_the_store_was_away_is_looked_for() {
        let watch = Watch::default();
        assert_eq!(watch.since(at(100)), at(70));
        watch.fresh(Vec::new(), at(100));
        assert_eq!(watch.since(at(900)), at(70));
        assert_eq!(watch.since(at(90)), at(60), "a clock that is set back");
        watch.pause();
        assert_eq!(watch.since(at(900)), at(870));
        assert_eq!(watch.since(at(990)), at(870), "the first look failed");
    }
}
