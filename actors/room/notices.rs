//! Notifications of messages to members who have the room open on no socket: one unseen
//! notification for each of them, which says how much is unread.
//!
//! That they are due is written, apart, with the first message that somebody misses, so that they
//! come even if this node dies: see [`super::due`].

use std::{
    collections::{BTreeSet, HashSet},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use ihs_store::{Body, Document, Filter, LogEntry, RoomId, Seq, StoreError, document::text};
use serde_json::Value;
use tokio::time::Instant;

use super::{
    membership::{self, ROOMS},
    presence::Presence,
};
use crate::{bus::News, hub::Hub, inbox::shelf, room::admission::MAX_UNREAD, username::Username};

/// Shortest time between two rounds.
const PAUSE: Duration = Duration::from_secs(1);

/// What each member who is told adds to it: a big room does not take the store for itself.
const PAUSE_PER_MEMBER: Duration = Duration::from_millis(5);

/// Members that are told at the same time.
const AT_ONCE: usize = 8;

/// How long somebody may be away before it is noticed, when their node died.
const UNNOTICED: Duration = Duration::from_secs(40);

/// Ticks with other nodes to be heard after which it is sure who is there: 15 s, in which each says
/// so once at least.
const SURE_TICKS: u32 = 60;

/// Ticks without, after which whoever may have been there counts as away: 30 s. Should they read
/// what they are told of then, the notification goes.
const UNSURE_TICKS: u32 = 120;

/// Who is to be told of what they missed.
#[derive(Debug)]
pub struct Notices {
    missed: BTreeSet<Username>,
    /// Who was on another node, as far as it was heard before it could be heard no longer.
    doubtful: BTreeSet<Username>,
    /// Ticks for which other nodes could be heard.
    heard: u32,
    /// Ticks for which they could not.
    unheard: u32,
    /// Marks in the store that say so.
    marks: BTreeSet<String>,
    /// Those that are being taken back.
    leaving: Vec<String>,
    /// Something is being appended that relies on them.
    appending: bool,
    /// A round is under way.
    under_way: bool,
    /// No round before this.
    not_before: Instant,
    /// When the last message was noted.
    noted: Option<Instant>,
}

impl Default for Notices {
    fn default() -> Self {
        Self {
            missed: BTreeSet::new(),
            doubtful: BTreeSet::new(),
            heard: 0,
            unheard: 0,
            marks: BTreeSet::new(),
            leaving: Vec::new(),
            appending: false,
            under_way: false,
            not_before: Instant::now(),
            noted: None,
        }
    }
}

impl Notices {
    /// Whether the store must have a mark, besides those that it has, before these are
    /// acknowledged. [`Notices::appended`] is to follow.
    #[must_use]
    pub fn must_mark(
        &mut self,
        entries: &[LogEntry],
        (members, there): (&HashSet<Username>, &Presence),
    ) -> bool {
        self.appending = true;
        self.marks.is_empty()
            && !there.is_everybody(members)
            && entries.iter().any(is_message)
            && members.iter().any(|member| !self.is_sure(member, there))
    }

    /// A tick has passed; whether other nodes could be heard.
    pub fn tick(&mut self, heard: bool, there: &Presence) {
        let (heard, unheard) = if heard { (self.heard + 1, 0) } else { (0, self.unheard + 1) };
        self.heard = heard.min(SURE_TICKS);
        self.unheard = unheard.min(UNSURE_TICKS);
        if heard >= SURE_TICKS || unheard >= UNSURE_TICKS {
            let mut missed = std::mem::take(&mut self.doubtful);
            missed.retain(|user| !self.is_sure(user, there));
            self.missed.append(&mut missed);
        }
    }

    /// Whether somebody is in the room without doubt.
    #[must_use]
    pub fn is_sure(&self, user: &Username, there: &Presence) -> bool {
        if self.heard > 0 { there.is_online(user) } else { there.is_here(user) }
    }

    /// An append has ended; the mark that the store has since.
    pub fn appended(&mut self, mark: Option<String>) {
        self.appending = false;
        self.marks.extend(mark);
    }

    /// Takes over marks of nodes that seem to be gone: everybody may have missed something.
    pub fn adopt(&mut self, marks: Vec<String>, members: &HashSet<Username>) {
        for mark in marks {
            if !self.leaving.contains(&mark) && self.marks.insert(mark) {
                self.missed.extend(members.iter().cloned());
            }
        }
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
        let others = members.iter().filter(|member| Some(member.as_str()) != only_sender);
        for member in others {
            if !there.is_online(member) {
                self.missed.insert(member.clone());
            } else if !self.is_sure(member, there) {
                self.doubtful.insert(member.clone());
            }
        }
    }

    /// Notes that everybody who is away may have missed something.
    pub fn suspect(&mut self, members: &HashSet<Username>, there: &Presence) {
        self.noted = Some(Instant::now());
        self.missed.extend(members.iter().filter(|user| !there.is_online(user)).cloned());
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
        let retiring = !self.marks.is_empty() && self.doubtful.is_empty();
        let due = retiring || !self.leaving.is_empty() || !self.missed.is_empty();
        if !due || self.under_way || Instant::now() < self.not_before {
            return None;
        }
        self.under_way = true;
        Some(std::mem::take(&mut self.missed).into_iter().collect())
    }

    /// Members were told, all but the rest, who are in the next round. Gives the marks that are to
    /// be taken back before [`Notices::end`].
    #[must_use]
    pub fn told(&mut self, count: usize, rest: Vec<Username>) -> Vec<String> {
        self.missed.extend(rest);
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.not_before = Instant::now() + PAUSE + PAUSE_PER_MEMBER.saturating_mul(count);
        if self.missed.is_empty() && self.doubtful.is_empty() && !self.appending {
            self.leaving.extend(std::mem::take(&mut self.marks));
        }
        self.leaving.clone()
    }

    /// The round is over; whether the marks that were to be taken back are gone.
    pub fn end(&mut self, gone: bool) {
        self.under_way = false;
        if gone {
            self.leaving.clear();
        }
    }

    /// Whether nothing is due.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.missed.is_empty()
            && self.doubtful.is_empty()
            && self.marks.is_empty()
            && self.leaving.is_empty()
            && !self.under_way
    }
}

fn is_message(entry: &LogEntry) -> bool {
    matches!(entry.body, Body::Message { .. })
}

/// Tells these members how much they have not read, and says whom it could not tell.
pub(super) async fn tell(hub: &Hub, room: RoomId, members: Vec<Username>) -> Vec<Username> {
    if members.is_empty() {
        return members;
    }
    let document = match hub.store().get(ROOMS, &room.to_string()).await {
        Ok(Some(document)) => document,
        Ok(None) => return Vec::new(),
        Err(_) => return members,
    };
    let told = members.into_iter().map(|member| tell_one(hub, room, &document, member));
    stream::iter(told).buffer_unordered(AT_ONCE).filter_map(async |rest| rest).collect().await
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
