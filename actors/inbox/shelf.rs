//! Notifications as the store keeps them.

use ihs_store::{
    Change, Document, Filter, Index, Query, RoomId, Sort, Store, StoreError, Timestamp, Write,
    Written, document::text,
};
use serde_json::Value;

use crate::{
    protocol::{Category, Notice, Notification, Viewed},
    username::Username,
};

/// The collection of notifications.
pub const NOTIFICATIONS: &str = "notifications";

/// The field that lets one unseen notification of messages be for each room and user.
pub const SLOT: &str = "_slot";

/// The field that makes a repeated request harmless.
const KEY: &str = "_key";

/// Unseen notifications that an opened inbox is given; the count tells of more.
const MOST_UNSEEN: u64 = 200;

/// Notifications that are marked as viewed in one commit.
const CHUNK: u64 = 500;

/// Commits that one request to mark all takes at most.
const MOST_CHUNKS: usize = 200;

/// What became of a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    /// It is stored.
    New(Box<Notification>),
    /// It was, under this id: its key is known.
    Known(String),
    /// Its key is known, and what it says is something else.
    Conflict,
}

/// Indexes that the collection needs here.
#[must_use]
pub fn indexes() -> Vec<Index> {
    vec![
        Index::unique("slot", &[SLOT]),
        Index::unique("key", &[KEY]),
        Index::plain("unseen", &["user", "viewed", "time_created"]),
        Index::plain("updated", &["_updated"]),
    ]
}

/// The newest unseen notifications of a user, newest first, and how many there are.
pub(crate) async fn unseen(
    store: &dyn Store,
    user: &Username,
) -> Result<(Vec<Notification>, u64), StoreError> {
    let query = Query::new(NOTIFICATIONS, unseen_of(user), MOST_UNSEEN);
    let newest_first = vec![Sort::descending("time_created"), Sort::descending("_id")];
    let found = store.find(query.sorted(newest_first)).await?;
    let mut count = found.len() as u64;
    if count == MOST_UNSEEN {
        count = store.count(NOTIFICATIONS, unseen_of(user)).await?;
    }
    Ok((found.iter().filter_map(notification).collect(), count))
}

/// Stores a notification. `key` is that of its sender.
pub(crate) async fn add(
    store: &dyn Store,
    user: &Username,
    (id, now): (String, Timestamp),
    notice: Notice,
    key: Option<String>,
) -> Result<Added, StoreError> {
    let added = Notification { id, notice, time_created: now };
    let mut document = document(user.as_str(), &added.id, &added.notice, now);
    if let Some(key) = &key {
        document.insert(KEY.to_owned(), key.as_str().into());
    }
    match store.commit(vec![Write::Insert { collection: NOTIFICATIONS, document }]).await {
        Ok(_) => Ok(Added::New(Box::new(added))),
        Err(error) => match (&error, key) {
            // Even when the outcome is unknown: what is stored under the key tells.
            (StoreError::Taken { .. } | StoreError::OutcomeUnknown(_), Some(key)) => {
                known(store, &key, user, &added).await?.ok_or(error)
            }
            _ => Err(error),
        },
    }
}

async fn known(
    store: &dyn Store,
    key: &str,
    user: &Username,
    again: &Notification,
) -> Result<Option<Added>, StoreError> {
    let query = Query::new(NOTIFICATIONS, Filter::eq(KEY, key), 1);
    let Some(document) = store.find(query).await?.pop() else { return Ok(None) };
    Ok(notification(&document).map(|known| {
        if known.id == again.id {
            Added::New(Box::new(known))
        } else if known.notice == again.notice && text(&document, "user") == user.as_str() {
            Added::Known(known.id)
        } else {
            Added::Conflict
        }
    }))
}

/// Marks notifications of a user as viewed, and says which of them were not.
pub(crate) async fn view(
    store: &dyn Store,
    user: &Username,
    viewed: &Viewed,
    now: Timestamp,
) -> Result<Vec<String>, StoreError> {
    let mut filter = unseen_of(user);
    if let Viewed::These(ids) = viewed {
        let ids = ids.iter().map(|id| Value::from(id.as_str())).collect();
        filter = filter.and(Filter::In("_id", ids));
    }
    let mut all = Vec::new();
    for _ in 0..MOST_CHUNKS {
        let found = store.find(Query::new(NOTIFICATIONS, filter.clone(), CHUNK)).await?;
        let ids: Vec<String> = found.iter().map(|one| text(one, "_id").to_owned()).collect();
        if ids.is_empty() {
            break;
        }
        let these = ids.iter().map(|id| Value::from(id.as_str())).collect();
        let filter = unseen_of(user).and(Filter::In("_id", these));
        let change = seen(now);
        let write = Write::UpdateEvery { collection: NOTIFICATIONS, filter, change };
        store.commit(vec![write]).await?;
        all.extend(ids);
    }
    Ok(all)
}

/// Marks the notification of messages in a room as viewed, if there is one, and names it.
pub(crate) async fn clear_room(
    store: &dyn Store,
    user: &Username,
    room: RoomId,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    let filter = Filter::eq(SLOT, slot(room, user));
    let write = Write::Update { collection: NOTIFICATIONS, filter, change: seen(now) };
    match store.commit(vec![write]).await {
        Ok(done) => {
            let document = done.into_iter().find_map(Written::updated);
            Ok(document.map(|document| text(&document, "_id").to_owned()))
        }
        Err(StoreError::Unmatched { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Says in the user's one unseen notification of a room what there is to say now.
pub(crate) async fn tell_of_room(
    store: &dyn Store,
    user: &Username,
    room: RoomId,
    (id, now): (String, Timestamp),
    notice: Notice,
) -> Result<Option<Notification>, StoreError> {
    if let Some(told) = retell_of_room(store, user, room, now, &notice).await? {
        return Ok(notification(&told));
    }
    let made = Notification { id, notice, time_created: now };
    let mut document = document(user.as_str(), &made.id, &made.notice, made.time_created);
    document.insert(SLOT.to_owned(), slot(room, user).into());
    match store.commit(vec![Write::Insert { collection: NOTIFICATIONS, document }]).await {
        Ok(_) => Ok(Some(made)),
        // Another node was faster, and may have counted less.
        Err(StoreError::Taken { .. }) => {
            let told = retell_of_room(store, user, room, now, &made.notice).await?;
            Ok(told.as_ref().and_then(notification))
        }
        Err(error) => Err(error),
    }
}

/// Changes the user's one unseen notification of a room, if there is one.
async fn retell_of_room(
    store: &dyn Store,
    user: &Username,
    room: RoomId,
    now: Timestamp,
    notice: &Notice,
) -> Result<Option<Document>, StoreError> {
    let update = Write::Update {
        collection: NOTIFICATIONS,
        filter: Filter::eq(SLOT, slot(room, user)),
        change: Change::set("title", notice.title.as_str())
            .and_set("text", notice.text.as_str())
            .and_set("_updated", now)
            .and_add("_version", 1),
    };
    match store.commit(vec![update]).await {
        Ok(done) => Ok(done.into_iter().find_map(Written::updated)),
        Err(StoreError::Unmatched { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Notifications that changed since `since`, with their users; at most `limit`, the latest.
pub(crate) async fn changed_since(
    store: &dyn Store,
    since: Timestamp,
    limit: u64,
) -> Result<Vec<Document>, StoreError> {
    let query = Query::new(NOTIFICATIONS, Filter::Gte("_updated", since.into()), limit);
    store.find(query.sorted(vec![Sort::descending("_updated")])).await
}

/// The notification in a document.
pub(crate) fn notification(document: &Document) -> Option<Notification> {
    let category = serde_json::from_value(document.get("category")?.clone()).ok()?;
    let (title, body) = (text(document, "title").to_owned(), text(document, "text").to_owned());
    Some(Notification {
        id: text(document, "_id").to_owned(),
        notice: Notice { title, text: body, category },
        time_created: Timestamp::parse(text(document, "time_created"))?,
    })
}

/// A notification of this user, as it is stored when it is new.
#[must_use]
pub fn document(user: &str, id: &str, notice: &Notice, now: Timestamp) -> Document {
    let category = serde_json::to_value(notice.category).unwrap_or(Value::from("system"));
    let fields: [(&str, Value); 11] = [
        ("_id", id.into()),
        ("_owner", user.into()),
        ("_version", 1.into()),
        ("_created", now.into()),
        ("_updated", now.into()),
        ("user", user.into()),
        ("title", notice.title.as_str().into()),
        ("text", notice.text.as_str().into()),
        ("viewed", false.into()),
        ("category", category),
        ("time_created", now.into()),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn unseen_of(user: &Username) -> Filter {
    Filter::eq("user", user.as_str()).and(Filter::eq("viewed", false))
}

/// What is seen makes place for another notification of its room.
fn seen(now: Timestamp) -> Change {
    Change::set("viewed", true)
        .and_set(SLOT, Value::Null)
        .and_set("_updated", now)
        .and_add("_version", 1)
}

fn slot(room: RoomId, user: &Username) -> String {
    format!("{room}:{}", user.as_str())
}

/// What the notifications of messages in a room are about.
pub(crate) fn of_messages(title: &str, unread: u64) -> Notice {
    let text = match unread {
        1 => "1 unread message".to_owned(),
        more => format!("{more} unread messages"),
    };
    Notice { title: title.to_owned(), text, category: Category::Message }
}
