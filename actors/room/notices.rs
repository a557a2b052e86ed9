//! Notifications of messages to members who have the room open on no socket: one unseen
//! notification for each of them, which says how much is unread.
//!
//! That they are due is written with the first message that somebody misses, so that they come
//! even if this node dies: whoever opens the room next sends them, and a node looks for rooms that
//! nobody opens.

use std::{
    collections::{BTreeSet, HashSet},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use ihs_store::{
    Body, Change, Document, Filter, Index, LogEntry, Query, RoomId, Seq, StoreError, Timestamp,
    Write, document::text,
};
use serde_json::Value;
use tokio::time::Instant;

use super::{
    membership::{self, ROOMS},
    presence::Presence,
};
use crate::{bus::News, hub::Hub, inbox::shelf, room::admission::MAX_UNREAD, username::Username};

/// Since when notifications are due; null when none are.
const DUE: &str = "_notices_due";

/// Shortest time between two rounds.
const PAUSE: Duration = Duration::from_secs(1);

/// What each member who is told adds to it: a big room does not take the store for itself.
const PAUSE_PER_MEMBER: Duration = Duration::from_millis(5);

/// Members that are told at the same time.
const AT_ONCE: usize = 8;

/// How old a due notification is when a node looks after it that did not see it become due, in
/// milliseconds.
const OVERDUE: i64 = 20_000;

/// How long somebody may be away before it is noticed, when their node died.
const UNNOTICED: Duration = Duration::from_secs(40);

/// Rooms that are looked after at a time.
const MOST_ROOMS: u64 = 100;

/// Who is to be told of what they missed.
#[derive(Debug)]
pub struct Notices {
    missed: BTreeSet<Username>,
    mark: Mark,
    /// A round is under way.
    under_way: bool,
    /// No round before this.
    not_before: Instant,
    /// When the last message was noted.
    noted: Option<Instant>,
}

/// What the store knows of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// Nothing is due.
    None,
    /// Something has been since then.
    Since(Timestamp),
    /// That is being taken back.
    Leaving(Timestamp),
}

/// What finds rooms whose notifications are due.
#[must_use]
pub fn index() -> Index {
    Index::plain("notices_due", &[DUE]).only(Filter::Present(DUE))
}

impl Notices {
    /// None are due, unless the room's document says so: then everybody may have missed something.
    #[must_use]
    pub fn new(document: &Document, members: &HashSet<Username>) -> Self {
        let since = Timestamp::parse(text(document, DUE));
        let missed =
            if since.is_some() { members.iter().cloned().collect() } else { BTreeSet::new() };
        let mark = since.map_or(Mark::None, Mark::Since);
        Self { missed, mark, under_way: false, not_before: Instant::now(), noted: None }
    }

    /// The mark that the store must have before these are acknowledged, unless it has one. No two
    /// marks of a room are the same.
    #[must_use]
    pub fn must_mark(
        &self,
        entries: &[LogEntry],
        (members, there): (&HashSet<Username>, &Presence),
        now: Timestamp,
    ) -> Option<Timestamp> {
        let somebody_is_away = || members.iter().any(|member| !there.is_online(member));
        match self.mark {
            Mark::Since(_) => None,
            _ if there.is_everybody(members) || !entries.iter().any(is_message) => None,
            Mark::None => somebody_is_away().then_some(now),
            Mark::Leaving(old) => somebody_is_away().then(|| now.max(old.plus_millis(1))),
        }
    }

    /// The store has this mark.
    pub fn marked(&mut self, at: Timestamp) {
        self.mark = Mark::Since(at);
    }

    /// Notes who has missed what this node has appended.
    pub fn note(&mut self, entries: &[LogEntry], members: &HashSet<Username>, there: &Presence) {
        let messages = || entries.iter().filter(|entry| is_message(entry));
        let Some(first) = messages().next() else { return };
        self.noted = Some(Instant::now());
        if there.is_everybody(members) {
            return;
        }
        let only_sender =
            messages().all(|entry| entry.sender == first.sender).then_some(first.sender.as_str());
        let absent = members.iter().filter(|member| !there.is_online(member));
        self.missed.extend(absent.filter(|member| Some(member.as_str()) != only_sender).cloned());
    }

    /// Notes who turns out to have been away for some time: what was said meanwhile was not for
    /// them.
    pub fn note_vanished(&mut self, users: Vec<Username>) {
        if self.noted.is_some_and(|noted| noted.elapsed() < UNNOTICED) {
            self.missed.extend(users);
        }
    }

    /// Whoever is told in the round that starts now; `None` when none does.
    #[must_use]
    pub fn start(&mut self) -> Option<Vec<Username>> {
        let due = self.mark != Mark::None || !self.missed.is_empty();
        if !due || self.under_way || Instant::now() < self.not_before {
            return None;
        }
        self.under_way = true;
        Some(std::mem::take(&mut self.missed).into_iter().collect())
    }

    /// Members were told, all but the rest, who are in the next round. When nobody is left, the
    /// mark to be taken back before [`Notices::end`].
    #[must_use]
    pub fn told(&mut self, count: usize, rest: Vec<Username>) -> Option<Timestamp> {
        self.missed.extend(rest);
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.not_before = Instant::now() + PAUSE + PAUSE_PER_MEMBER.saturating_mul(count);
        match self.mark {
            Mark::Since(at) if self.missed.is_empty() => {
                self.mark = Mark::Leaving(at);
                Some(at)
            }
            _ => None,
        }
    }

    /// The round is over; whether a mark that was to be taken back is gone.
    pub fn end(&mut self, gone: bool) {
        self.under_way = false;
        if let Mark::Leaving(at) = self.mark {
            self.mark = if gone { Mark::None } else { Mark::Since(at) };
        }
    }

    /// Whether nothing is due.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.missed.is_empty() && self.mark == Mark::None && !self.under_way
    }
}

fn is_message(entry: &LogEntry) -> bool {
    matches!(entry.body, Body::Message { .. })
}

/// Writes that notifications are due.
pub(super) async fn mark(hub: &Hub, room: RoomId, at: Timestamp) -> Result<(), StoreError> {
    set_due(hub, Filter::id(room.to_string()), at.into()).await
}

/// Writes that none are due any more, unless more have become so since.
pub(super) async fn unmark(hub: &Hub, room: RoomId, at: Timestamp) -> Result<(), StoreError> {
    set_due(hub, Filter::id(room.to_string()).and(Filter::eq(DUE, at)), Value::Null).await
}

async fn set_due(hub: &Hub, filter: Filter, due: Value) -> Result<(), StoreError> {
    let change = Change::set(DUE, due);
    let write = Write::UpdateEvery { collection: ROOMS, filter, change };
    hub.store().commit(vec![write]).await.map(drop)
}

/// Tells these members how much they have not read, and says whom it could not tell.
pub(super) async fn tell(hub: &Hub, room: RoomId, members: Vec<Username>) -> Vec<Username> {
    let document = match hub.store().get(ROOMS, &room.to_string()).await {
        Ok(Some(document)) => document,
        Ok(None) => return Vec::new(),
        Err(_) => return members,
    };
    let told = members.into_iter().map(|member| tell_one(hub, room, &document, member));
    let rest: Vec<Username> =
        stream::iter(told).buffer_unordered(AT_ONCE).filter_map(async |rest| rest).collect().await;
    rest
}

async fn tell_one(
    hub: &Hub,
    room: RoomId,
    document: &Document,
    member: Username,
) -> Option<Username> {
    match try_tell(hub, room, document, &member).await {
        Ok(()) => None,
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::debug!(%room, error, "a member not told of messages");
            Some(member)
        }
    }
}

async fn try_tell(
    hub: &Hub,
    room: RoomId,
    document: &Document,
    member: &Username,
) -> Result<(), StoreError> {
    let store = &**hub.store();
    let mine = Filter::Has("members", member.as_str().into());
    let unread = membership::unread(store, room, member.as_str(), MAX_UNREAD).await?;
    if unread == 0 || !mine.matches(document) {
        return Ok(());
    }
    let notice = shelf::of_messages(&title(document, member), unread);
    let stamp = (hub.ids().record(), hub.clock().now());
    if let Some(notification) = shelf::tell_of_room(store, member, room, stamp, notice).await? {
        hub.tell_inbox(member, News::Notified(notification), None);
    }
    // Whoever has read it meanwhile has found nothing to clear.
    if membership::unread(store, room, member.as_str(), 1).await? == 0 {
        clear_now(hub, room, member).await?;
    }
    Ok(())
}

/// The room's name; of a direct room, the other's.
fn title(document: &Document, member: &Username) -> String {
    let members = document.get("members").and_then(Value::as_array).into_iter().flatten();
    let other = members.filter_map(Value::as_str).find(|name| *name != member.as_str());
    match (text(document, "kind"), other) {
        ("direct", Some(other)) => other.to_owned(),
        _ => text(document, "name").to_owned(),
    }
}

/// Opens rooms whose notifications have been due for so long that nobody seems to send them.
pub(crate) async fn look_after(hub: &Hub) -> Result<(), StoreError> {
    let before = hub.clock().now().plus_millis(-OVERDUE);
    let overdue = Filter::Present(DUE).and(Filter::Lt(DUE, before.into()));
    for document in hub.store().find(Query::new(ROOMS, overdue, MOST_ROOMS)).await? {
        if let Ok(room) = text(&document, "_id").parse() {
            // It sends them as it starts.
            drop(hub.room(room));
        }
    }
    Ok(())
}

/// Clears the notification of a room that somebody has read, up to a seq or further.
pub(super) async fn clear(
    hub: &Hub,
    room: RoomId,
    member: &Username,
    seq: Seq,
) -> Result<(), StoreError> {
    let store = &**hub.store();
    if store.log_unread(room, seq, member.as_str(), 1).await? > 0 {
        return Ok(());
    }
    clear_now(hub, room, member).await
}

async fn clear_now(hub: &Hub, room: RoomId, member: &Username) -> Result<(), StoreError> {
    let store = &**hub.store();
    if let Some(id) = shelf::clear_room(store, member, room, hub.clock().now()).await? {
        hub.tell_inbox(member, News::Viewed(vec![id]), None);
    }
    Ok(())
}
