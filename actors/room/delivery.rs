//! What one turn of a room has for its threads: entries for everybody, acknowledgements for those
//! who sent them.

use std::sync::Arc;

use actix::Addr;
use ihs_store::{Body, LogEntry, RoomId, Seq};

use crate::{
    fan_out::frames::Frames,
    fan_out::{Deliver, FanOutActor},
    protocol::Answer,
    room::asker::{Asker, Reply},
    username::Username,
};

/// Entries and acknowledgements of one turn.
#[derive(Debug, Default)]
pub struct Delivery {
    /// Consecutive entries.
    pub entries: Vec<LogEntry>,
    /// Whether this node has just appended some of them.
    pub own: bool,
    replies: Vec<(Addr<FanOutActor>, Reply)>,
}

impl Delivery {
    /// Adds an acknowledgement.
    pub fn acknowledge(&mut self, room: RoomId, mut asker: Asker, entry: &LogEntry) {
        let fan_out = asker.fan_out.clone();
        let reference = asker.take_reference();
        let reply = asker.settle(&Answer::ack(reference.as_ref(), room, entry));
        self.replies.push((fan_out, reply));
    }

    /// One message for each thread that has something to do.
    #[must_use]
    pub fn split<'a>(
        self,
        room: RoomId,
        threads: impl Iterator<Item = &'a Addr<FanOutActor>>,
        removed: &[(Username, Seq)],
    ) -> Vec<(Addr<FanOutActor>, Deliver)> {
        let frames = Frames::encode(room, &self.entries).map(Arc::new);
        let mut messages: Vec<(Addr<FanOutActor>, Deliver)> = Vec::new();
        if frames.is_some() {
            let rewritten = self.entries.iter().filter_map(rewritten).max();
            messages.extend(threads.map(|thread| {
                let deliver = Deliver {
                    room,
                    frames: frames.clone(),
                    replies: Vec::new(),
                    removed: removed.to_vec(),
                    rewritten,
                };
                (thread.clone(), deliver)
            }));
        }
        for (thread, reply) in self.replies {
            let known = messages.iter().position(|(known, _)| *known == thread);
            let place = known.unwrap_or_else(|| {
                messages.push((thread, Deliver::from(room)));
                messages.len() - 1
            });
            messages[place].1.replies.push(reply);
        }
        messages
    }
}

/// The earlier entry whose text this one changes.
fn rewritten(entry: &LogEntry) -> Option<Seq> {
    match entry.body {
        Body::Edited { target, .. } => Some(target),
        // Edits of the message, which carried its text too, stand before this entry.
        Body::Deleted { .. } => Some(Seq::new(entry.seq.get().saturating_sub(1))),
        Body::Message { .. } | Body::Members { .. } => None,
    }
}
