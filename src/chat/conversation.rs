//! What is joined, shown and not yet acknowledged. No I/O: every event returns what is to be done.
//!
//! One request is under way at a time, and the next line is taken only when it is answered: so
//! messages keep their order whatever is lost, repeated or refused on the way.

use std::time::Duration;

use serde_json::{Value, json};

use crate::chat::{
    frame::{Entry, Frame, Refusal},
    screen::printable,
};

/// Messages that are shown when a room is entered.
const SHOWN_AT_FIRST: u64 = 20;

/// What is to be done.
#[derive(Debug, PartialEq)]
pub(crate) enum Effect {
    /// Send this frame.
    Send(Value),
    /// Show what was said.
    Show(String),
    /// Tell the person something about the conversation.
    Note(String),
    /// Call [`Conversation::retry`] after this time.
    RetryAfter(Duration),
}

/// The request that is not answered yet.
#[derive(Debug)]
enum Pending {
    Join,
    History,
    Message { room: String, text: String, key: String },
}

#[derive(Debug)]
struct Room {
    id: String,
    title: String,
    /// Everything up to this seq was shown; none while nothing is known of the log.
    seen: Option<u64>,
    /// The first seq that was shown.
    oldest: Option<u64>,
    /// The last seq that the node is known to have.
    head: u64,
}

/// The conversation of one person, over any number of connections.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    room: Option<Room>,
    pending: Option<Pending>,
    /// Whether the room is being joined on this connection; nothing else is asked before.
    joining: bool,
    refused: usize,
}

impl Conversation {
    /// Whether the next line may be taken.
    pub(crate) const fn is_ready(&self) -> bool {
        self.pending.is_none()
    }

    /// Whether everything that the node was known to have was shown.
    pub(crate) fn is_settled(&self) -> bool {
        let behind = |room: &Room| room.seen.unwrap_or(0) < room.head;
        self.is_ready() && !self.room.as_ref().is_some_and(behind)
    }

    /// What was announced and has not come is waited for no longer.
    pub(crate) fn settle(&mut self) {
        if let Some(room) = &mut self.room {
            room.head = room.seen.unwrap_or(0);
        }
    }

    /// How many requests were refused for good.
    pub(crate) const fn refused(&self) -> usize {
        self.refused
    }

    /// Goes to a room.
    pub(crate) fn enter(&mut self, id: &str, title: &str) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.joining = true;
        if let Some(left) = self.room.take().filter(|room| room.id != id) {
            effects.push(Effect::Send(json!({"type": "leave", "room": left.id})));
        }
        self.pending = Some(Pending::Join);
        self.room = Some(Room {
            id: id.to_owned(),
            title: title.to_owned(),
            seen: None,
            oldest: None,
            head: 0,
        });
        effects.extend(self.request());
        effects
    }

    /// Says something in the room.
    pub(crate) fn say(&mut self, text: String) -> Vec<Effect> {
        let Some(room) = &self.room else {
            return self
                .note_refused("You are in no room: /rooms lists yours, /join N goes there.");
        };
        let key = format!("{:032x}", rand::random::<u128>());
        self.pending = Some(Pending::Message { room: room.id.clone(), text, key });
        self.request()
    }

    /// Asks for what was said before.
    pub(crate) fn look_back(&mut self) -> Vec<Effect> {
        if self.room.is_none() {
            return self.note_refused("You are in no room.");
        }
        self.pending = Some(Pending::History);
        self.request()
    }

    /// There is a new connection: takes up where the last one was lost.
    pub(crate) fn connected(&mut self) -> Vec<Effect> {
        self.joining = self.room.is_some();
        self.request()
    }

    /// The wait that [`Effect::RetryAfter`] asked for is over.
    pub(crate) fn retry(&mut self) -> Vec<Effect> {
        self.request()
    }

    /// Something came over the socket.
    pub(crate) fn received(&mut self, frame: Frame) -> Vec<Effect> {
        match frame {
            Frame::Joined { room, seq } => self.joined(&room, seq),
            Frame::Ack { reference, seq } => self.acknowledged(&reference, seq),
            Frame::History { messages } => self.looked_back(&messages),
            Frame::Error(refusal) => self.refuse(&refusal),
            Frame::Message(entry) => self.entry(&entry, said(&entry)),
            Frame::Edited(entry) => {
                let text = printable(&entry.text);
                self.entry(&entry, format!("{} edited #{}: {text}", entry.sender, entry.target))
            }
            Frame::Deleted(entry) => {
                self.entry(&entry, format!("{} deleted #{}", entry.sender, entry.target))
            }
            Frame::Members(entry) => self.entry(&entry, came_or_went(&entry)),
            Frame::Left { room } => self.left(&room),
            Frame::Other => Vec::new(),
        }
    }

    fn joined(&mut self, id: &str, seq: u64) -> Vec<Effect> {
        let Some(room) = self.room.as_mut().filter(|room| room.id == id) else {
            return Vec::new();
        };
        self.joining = false;
        room.head = room.head.max(seq);
        if seq == 0 {
            room.seen = Some(0);
        }
        if matches!(self.pending, Some(Pending::Join)) {
            self.pending = None;
            return vec![Effect::Note(format!("You are in {}.", printable(&room.title)))];
        }
        self.request()
    }

    fn acknowledged(&mut self, reference: &str, seq: u64) -> Vec<Effect> {
        match &self.pending {
            Some(Pending::Message { room: id, key, .. }) if key == reference => {
                if let Some(room) = self.room.as_mut().filter(|room| room.id == *id) {
                    room.head = room.head.max(seq);
                }
                self.pending = None;
            }
            _ => {}
        }
        Vec::new()
    }

    fn looked_back(&mut self, messages: &[Entry]) -> Vec<Effect> {
        if !matches!(self.pending, Some(Pending::History)) {
            return Vec::new();
        }
        self.pending = None;
        let Some(first) = messages.first() else {
            return vec![Effect::Note("There is nothing earlier.".to_owned())];
        };
        if let Some(room) = &mut self.room {
            room.oldest = Some(first.seq);
        }
        messages.iter().map(|entry| Effect::Show(said(entry))).collect()
    }

    fn refuse(&mut self, refusal: &Refusal) -> Vec<Effect> {
        if refusal.reference.as_deref().is_none_or(|reference| self.reference() != reference) {
            return vec![Effect::Note(printable(&refusal.detail))];
        }
        if let Some(wait) = refusal.retry() {
            return vec![Effect::RetryAfter(wait)];
        }
        if self.joining {
            self.joining = false;
            self.room = None;
        }
        self.pending = None;
        self.note_refused(&refusal.detail)
    }

    /// Shows an entry of the current room unless it was shown before.
    fn entry(&mut self, entry: &Entry, shown: String) -> Vec<Effect> {
        let Some(room) = self.room.as_mut().filter(|room| room.id == entry.room) else {
            return Vec::new();
        };
        if room.seen.is_some_and(|seen| entry.seq <= seen) {
            return Vec::new();
        }
        room.seen = Some(entry.seq);
        room.head = room.head.max(entry.seq);
        room.oldest = room.oldest.or(Some(entry.seq));
        vec![Effect::Show(shown)]
    }

    fn left(&mut self, id: &str) -> Vec<Effect> {
        let Some(room) = self.room.take_if(|room| room.id == id) else {
            return Vec::new();
        };
        self.pending = None;
        self.note_refused(&format!("You are no longer a member of {}.", room.title))
    }

    /// Something was not carried out: tells it, and counts it.
    pub(crate) fn note_refused(&mut self, text: &str) -> Vec<Effect> {
        self.refused += 1;
        vec![Effect::Note(printable(text))]
    }

    /// What the request under way is called in `ref`. A message is called by its key.
    fn reference(&self) -> &str {
        match &self.pending {
            _ if self.joining => "join",
            Some(Pending::Message { key, .. }) => key,
            Some(Pending::History) => "history",
            Some(Pending::Join) | None => "",
        }
    }

    /// The request under way, as a frame.
    fn request(&self) -> Vec<Effect> {
        let Some(room) = &self.room else {
            return Vec::new();
        };
        let frame = match &self.pending {
            _ if self.joining => room.join(),
            Some(Pending::Message { room, text, key }) => json!({
                "type": "message", "ref": key, "room": room, "text": text, "key": key,
            }),
            Some(Pending::History) => room.look_back(),
            Some(Pending::Join) | None => return Vec::new(),
        };
        vec![Effect::Send(frame)]
    }
}

impl Room {
    /// Joins behind what was shown, or with the last messages.
    fn join(&self) -> Value {
        let mut frame = json!({"type": "join", "ref": "join", "room": self.id});
        match self.seen {
            Some(seen) => frame["after"] = seen.into(),
            None => frame["history"] = SHOWN_AT_FIRST.into(),
        }
        frame
    }

    fn look_back(&self) -> Value {
        let mut frame = json!({
            "type": "history", "ref": "history", "room": self.id, "limit": SHOWN_AT_FIRST,
        });
        if let Some(oldest) = self.oldest {
            frame["before"] = oldest.into();
        }
        frame
    }
}

fn said(entry: &Entry) -> String {
    if entry.deleted {
        format!("{}: (deleted)", entry.sender)
    } else {
        format!("{}: {}", entry.sender, printable(&entry.text))
    }
}

fn came_or_went(entry: &Entry) -> String {
    let mut parts = Vec::new();
    if !entry.added.is_empty() {
        parts.push(format!("{} joined", entry.added.join(", ")));
    }
    if !entry.removed.is_empty() {
        parts.push(format!("{} left", entry.removed.join(", ")));
    }
    format!("* {}", parts.join("; "))
}

#[cfg(test)]
mod tests;
