//! What a room looks up in the store before it feeds a socket or answers with history.

use std::collections::HashMap;

use ihs_store::{EntryId, LogEntry, RoomId, Seq, Store, StoreError};

use crate::{
    hub::Hub,
    protocol::{Answer, EntryView, JoinFrom, Joined, Reference},
    room::asker::Asker,
    room::membership,
    username::Username,
};

/// Unread messages are counted up to here; more are more than anybody reads.
pub const MAX_UNREAD: u64 = 1_000;

/// What a join needs to know.
#[derive(Debug, PartialEq, Eq)]
pub struct Admitted {
    /// The last entry that the client has; `None` to start with what comes next.
    pub cursor: Option<Seq>,
    /// What the client is told is the last entry; `None` for what is when it is told.
    pub seq: Option<Seq>,
    /// A feed that the socket has already goes on where it is.
    pub goes_on: bool,
    /// What the client has is not in this log: it gets everything anew.
    pub diverged: bool,
    /// Messages of others behind its read mark.
    pub unread: u64,
}

impl Admitted {
    /// With a start for whoever wants what comes next: behind what stood in the log when they asked.
    #[must_use]
    pub fn since(self, head: Seq) -> Self {
        match self.cursor {
            Some(_) => self,
            None => Self { cursor: Some(head), seq: Some(head), ..self },
        }
    }

    /// The answer to the join.
    #[must_use]
    pub fn joined<'a>(
        &self,
        room: RoomId,
        head: Seq,
        reference: Option<&'a Reference>,
        online: Vec<&'a str>,
        read: &'a HashMap<Username, Seq>,
    ) -> Joined<'a> {
        Joined {
            reference,
            room,
            seq: self.seq.unwrap_or(head),
            unread: self.unread,
            online,
            read: read.iter().map(|(user, seq)| (user.as_str(), *seq)).collect(),
            diverged: self.diverged,
        }
    }
}

/// Looks up where a feed starts. So many do at a time, with those who read pages.
///
/// # Errors
/// Those of the store.
pub async fn admit(
    hub: &Hub,
    room: RoomId,
    user: &Username,
    from: JoinFrom,
) -> Result<Admitted, StoreError> {
    let _permit = hub.pages().permit().await?;
    let store = &**hub.store();
    let unread = membership::unread(store, room, user.as_str(), MAX_UNREAD).await?;
    let (cursor, diverged) = match from {
        JoinFrom::Now | JoinFrom::History(0) => (None, false),
        JoinFrom::GoOn(seq) => (Some(seq), false),
        JoinFrom::After { seq, last } => resume(store, room, seq, last).await?,
        JoinFrom::History(count) => {
            let messages = store.log_before(room, Seq::new(u64::MAX), count).await?;
            let before = |first: &LogEntry| Seq::new(first.seq.get().saturating_sub(1));
            (messages.first().map(before), false)
        }
    };
    let goes_on = matches!(from, JoinFrom::Now | JoinFrom::GoOn(_));
    Ok(Admitted { cursor, seq: None, goes_on, diverged, unread })
}

/// Where to resume behind `seq`: from the start when the client has an entry that is not there.
async fn resume(
    store: &dyn Store,
    room: RoomId,
    seq: Seq,
    last: Option<EntryId>,
) -> Result<(Option<Seq>, bool), StoreError> {
    if seq == Seq::ZERO {
        return Ok((Some(seq), false));
    }
    let before = Seq::new(seq.get() - 1);
    let entries = store.log_after(room, before, 1).await?;
    let known = entries
        .first()
        .is_some_and(|entry| entry.seq == seq && last.is_none_or(|last| last == entry.id));
    Ok(if known { (Some(seq), false) } else { (Some(Seq::ZERO), true) })
}

/// Answers with messages, of which one more than `limit` was asked for.
pub fn recall(room: RoomId, mut asker: Asker, entries: &[LogEntry], limit: u64) {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let surplus = entries.len().saturating_sub(limit);
    let reference = asker.take_reference();
    asker.answer(&Answer::History {
        reference: reference.as_ref(),
        room,
        messages: entries[surplus..].iter().map(|entry| EntryView::new(room, entry)).collect(),
        more: surplus > 0,
    });
}
