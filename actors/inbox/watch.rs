//! Looks in a shared store for notifications that other nodes made or changed, and the bus has not
//! told of. One look serves all inboxes of the node.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use ihs_store::{Document, StoreError, document::text};
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

/// Notifications of one look.
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

    /// What of this was not found by the look before.
    fn fresh(&self, found: Vec<Document>) -> Vec<Document> {
        let version = |one: &Document| one.get("_version").and_then(serde_json::Value::as_i64);
        let mut seen = self.seen.lock();
        let versions: HashMap<String, i64> = found
            .iter()
            .map(|one| (text(one, "_id").to_owned(), version(one).unwrap_or_default()))
            .collect();
        let before = std::mem::replace(&mut seen.versions, versions);
        seen.looked = Some(Instant::now());
        let new = |one: &Document| before.get(text(one, "_id")).copied() != version(one);
        found.into_iter().filter(new).collect()
    }
}

/// Looks, if it is time, and tells the inboxes here.
pub(crate) async fn look(hub: &Hub) -> Result<(), StoreError> {
    let alone = hub.settings().store.is_embedded() || hub.inboxes().lock().is_empty();
    if alone || !hub.watch().is_due(hub.bus().health()) {
        return Ok(());
    }
    let since = hub.clock().now().plus_millis(-SKEW);
    let found = shelf::changed_since(&**hub.store(), since, MOST).await?;
    for document in hub.watch().fresh(found).into_iter().rev() {
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
