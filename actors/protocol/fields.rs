//! The fields of requests, and what each kind of request makes of them.

use std::collections::BTreeMap;

use ihs_store::{RoomId, Seq};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::{
    code::ErrorCode,
    notice::{Category, MAX_TITLE, Notice},
    request::{JoinFrom, Verb, Viewed},
    text::{InvalidText, MessageKey, MessageText},
};
use crate::username::Username;

/// Most messages that one `history` answers, and that a join brings by `history`.
pub const MAX_HISTORY: u64 = 200;

/// Messages that a `history` answers when it does not say how many.
const DEFAULT_HISTORY: u64 = 50;

/// Most messages of each room in the answer to a `sync`.
const MAX_NEWEST: u64 = 100;

/// Messages of each room in the answer to a `sync` that does not say how many.
const DEFAULT_NEWEST: u64 = 20;

/// Notifications that one `viewed` may name.
const MAX_VIEWED: usize = 1_000;

/// The fields of all requests, each still as JSON, so that one bad field spoils neither the
/// `ref` nor the message about it.
#[derive(Deserialize)]
pub(super) struct Fields<'a> {
    #[serde(rename = "type", borrow, default)]
    kind: Option<&'a RawValue>,
    #[serde(rename = "ref", borrow, default)]
    pub(super) reference: Option<&'a RawValue>,
    #[serde(borrow, default)]
    room: Option<&'a RawValue>,
    #[serde(borrow, default)]
    after: Option<&'a RawValue>,
    #[serde(borrow, default)]
    last: Option<&'a RawValue>,
    #[serde(borrow, default)]
    history: Option<&'a RawValue>,
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
    #[serde(borrow, default)]
    key: Option<&'a RawValue>,
    #[serde(borrow, default)]
    seq: Option<&'a RawValue>,
    #[serde(borrow, default)]
    before: Option<&'a RawValue>,
    #[serde(borrow, default)]
    limit: Option<&'a RawValue>,
    #[serde(borrow, default)]
    rooms: Option<&'a RawValue>,
    #[serde(borrow, default)]
    newest: Option<&'a RawValue>,
    #[serde(borrow, default)]
    notifications: Option<&'a RawValue>,
    #[serde(borrow, default)]
    all: Option<&'a RawValue>,
    #[serde(borrow, default)]
    user: Option<&'a RawValue>,
    #[serde(borrow, default)]
    title: Option<&'a RawValue>,
    #[serde(borrow, default)]
    category: Option<&'a RawValue>,
    #[serde(borrow, default)]
    token: Option<&'a RawValue>,
}

/// A fault in one field.
pub(super) struct Fault(pub(super) ErrorCode, pub(super) String);

impl Fault {
    pub(super) fn bad(detail: impl Into<String>) -> Self {
        Self(ErrorCode::BadRequest, detail.into())
    }
}

impl Fields<'_> {
    pub(super) fn verb(&self, message_chars: usize) -> Result<Verb, Fault> {
        let kind: String = required("type", self.kind)?;
        match kind.as_str() {
            "join" => Ok(Verb::Join { room: self.room()?, from: self.join_from()? }),
            "leave" => Ok(Verb::Leave { room: self.room()? }),
            "message" => self.message(message_chars),
            "history" => Ok(Verb::History {
                room: self.room()?,
                before: optional("before", self.before)?,
                limit: optional("limit", self.limit)?.unwrap_or(DEFAULT_HISTORY).min(MAX_HISTORY),
            }),
            "edit" => Ok(Verb::Edit {
                room: self.room()?,
                target: required("seq", self.seq)?,
                text: self.text(message_chars)?,
            }),
            "delete" => Ok(Verb::Delete { room: self.room()?, target: required("seq", self.seq)? }),
            "typing" => Ok(Verb::Typing { room: self.room()? }),
            "read" => Ok(Verb::Read { room: self.room()?, seq: required("seq", self.seq)? }),
            "sync" => self.sync(),
            "inbox" => Ok(Verb::Inbox),
            "viewed" => self.viewed(),
            "notify" => self.notify(message_chars),
            "token" => Ok(Verb::Token(required("token", self.token)?)),
            "ping" => Ok(Verb::Ping),
            other => {
                let shown: String = other.chars().take(40).collect();
                Err(Fault::bad(format!("unknown type {shown:?}")))
            }
        }
    }

    fn room(&self) -> Result<RoomId, Fault> {
        let text: String = required("room", self.room)?;
        text.parse().map_err(|_| Fault(ErrorCode::NotFound, "no such room".to_owned()))
    }

    fn join_from(&self) -> Result<JoinFrom, Fault> {
        let after: Option<Seq> = optional("after", self.after)?;
        let history: Option<u64> = optional("history", self.history)?;
        let last = optional("last", self.last)?;
        match (after, history) {
            (Some(_), Some(_)) => Err(Fault::bad("after and history exclude each other")),
            (Some(seq), None) => Ok(JoinFrom::After { seq, last }),
            (None, Some(count)) => Ok(JoinFrom::History(count.min(MAX_HISTORY))),
            (None, None) => Ok(JoinFrom::Now),
        }
    }

    fn message(&self, message_chars: usize) -> Result<Verb, Fault> {
        let (room, text) = (self.room()?, self.text(message_chars)?);
        Ok(Verb::Message { room, text, key: self.key()? })
    }

    fn key(&self) -> Result<Option<MessageKey>, Fault> {
        let Some(key) = optional("key", self.key)? else { return Ok(None) };
        let key = MessageKey::parse(key);
        key.map(Some).ok_or_else(|| Fault::bad("key must have 1 to 64 characters"))
    }

    fn sync(&self) -> Result<Verb, Fault> {
        let rooms: BTreeMap<String, Seq> = optional("rooms", self.rooms)?.unwrap_or_default();
        // A room that cannot be is one that is not there, which is no reason to refuse the rest.
        let rooms = rooms.into_iter().filter_map(|(room, seq)| Some((room.parse().ok()?, seq)));
        let newest = optional("newest", self.newest)?.unwrap_or(DEFAULT_NEWEST).min(MAX_NEWEST);
        Ok(Verb::Sync { rooms: rooms.collect(), newest })
    }

    fn viewed(&self) -> Result<Verb, Fault> {
        let all: Option<bool> = optional("all", self.all)?;
        let these: Option<Vec<String>> = optional("notifications", self.notifications)?;
        match (all, these) {
            (Some(true), None) => Ok(Verb::Viewed(Viewed::All)),
            (None | Some(false), Some(these)) if these.len() <= MAX_VIEWED => {
                Ok(Verb::Viewed(Viewed::These(these)))
            }
            (None | Some(false), Some(_)) => {
                let detail = format!("at most {MAX_VIEWED} notifications at once");
                Err(Fault(ErrorCode::TooLarge, detail))
            }
            (Some(true), Some(_)) => Err(Fault::bad("all and notifications exclude each other")),
            (_, None) => Err(Fault::bad("notifications is required")),
        }
    }

    fn notify(&self, message_chars: usize) -> Result<Verb, Fault> {
        let user: String = required("user", self.user)?;
        let user = Username::try_from(user);
        let user = user.map_err(|_| Fault(ErrorCode::NotFound, "no such user".to_owned()))?;
        let title = self.titled()?;
        let text = self.text(message_chars)?.into_string();
        let category = optional("category", self.category)?.unwrap_or(Category::System);
        Ok(Verb::Notify { user, notice: Notice { title, text, category }, key: self.key()? })
    }

    fn titled(&self) -> Result<String, Fault> {
        let title = MessageText::parse(required("title", self.title)?, MAX_TITLE);
        title.map(MessageText::into_string).map_err(|invalid| text_fault("title", invalid))
    }

    fn text(&self, message_chars: usize) -> Result<MessageText, Fault> {
        let text = MessageText::parse(required("text", self.text)?, message_chars);
        text.map_err(|invalid| text_fault("text", invalid))
    }
}

fn text_fault(name: &str, invalid: InvalidText) -> Fault {
    let detail = invalid.to_string().replacen("text", name, 1);
    match invalid {
        InvalidText::TooLong(_) => Fault(ErrorCode::TooLarge, detail),
        InvalidText::Blank | InvalidText::Nul => Fault(ErrorCode::BadRequest, detail),
    }
}

fn required<T: DeserializeOwned>(name: &str, raw: Option<&RawValue>) -> Result<T, Fault> {
    optional(name, raw)?.ok_or_else(|| Fault::bad(format!("{name} is required")))
}

fn optional<T: DeserializeOwned>(name: &str, raw: Option<&RawValue>) -> Result<Option<T>, Fault> {
    raw.map_or(Ok(None), |raw| {
        serde_json::from_str(raw.get()).map_err(|_| Fault::bad(format!("{name} is not valid")))
    })
}
