//! Who is let into a room: nobody before it is known, then its members.

use tokio::time::Instant;

use ihs_store::{Body, LogEntry, StoreError};

use super::{
    Room, asker::Asker, log::Refusal, membership::Loaded, new_log, origin::Origin,
    petition::turn_away,
};
use crate::{activity::Last, username::Username};

/// Whether the room could be loaded.
pub(super) enum Door {
    Open,
    NoSuchRoom,
    StoreAway,
}

impl Room {
    /// Lets a socket's request in, or answers it: what is not the caller's is not there.
    pub(super) fn admit(&mut self, asker: Asker) -> Option<Asker> {
        match self.entry(&asker.user) {
            Ok(()) => Some(asker),
            Err(refusal) => {
                turn_away(asker, self.id, refusal);
                None
            }
        }
    }

    /// Lets in what wants to be in the log, or answers it.
    pub(super) fn admit_origin(&mut self, origin: Origin) -> Option<Origin> {
        match (self.entry(&origin.user().clone()), origin) {
            (Ok(()), origin) => Some(origin),
            (Err(_), Origin::Socket(asker)) => self.admit(asker).map(Origin::Socket),
            (Err(refusal), origin) => {
                origin.refuse(refusal);
                None
            }
        }
    }

    /// Whether a user is let in.
    pub(super) fn entry(&mut self, user: &Username) -> Result<(), Refusal> {
        self.used = Instant::now();
        match self.door {
            Door::Open if self.members.contains(user) => Ok(()),
            Door::Open | Door::NoSuchRoom => Err(Refusal::NotAMember),
            Door::StoreAway => Err(Refusal::StoreAway),
        }
    }

    /// Opens the door, or says why not.
    pub(super) fn loaded(&mut self, outcome: Result<Option<Loaded>, StoreError>) {
        match outcome {
            Ok(Some(loaded)) => {
                self.log = new_log(&self.hub, loaded.last.as_ref());
                let is_news = |last: &LogEntry| last.time > loaded.active && !is_of_members(last);
                if let Some(last) = loaded.last.filter(is_news) {
                    // A node that died has not written it.
                    self.touch.touch(Last::from(&last));
                }
                self.members = loaded.members;
                self.read = loaded.read;
                self.door = Door::Open;
            }
            Ok(None) => self.door = Door::NoSuchRoom,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(room = %self.id, error, "room not loaded");
                self.door = Door::StoreAway;
            }
        }
    }
}

fn is_of_members(entry: &LogEntry) -> bool {
    matches!(entry.body, Body::Members { .. })
}
