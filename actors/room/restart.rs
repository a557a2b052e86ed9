//! A room whose log was put back to an earlier state while it was open: its members know what never
//! was, and so does the room.

use actix::{ActorContext, Context};

use super::Room;
use crate::{bus::News, fan_out::Restart};

impl Room {
    /// Ends what it feeds, and itself: whoever comes back finds a room that was loaded anew.
    pub(super) fn restart(&mut self, ctx: &mut Context<Self>) {
        tracing::warn!(room = %self.id, "the log was put back: the room starts anew");
        // Answers that found no place yet: nobody would give them later.
        for (fan_out, message) in self.stuck.drain(..) {
            fan_out.do_send(message);
        }
        for thread in self.audience.threads() {
            thread.do_send(Restart(self.id));
        }
        // Rooms on other nodes have delivered the same.
        self.tell_others(News::Changed);
        ctx.stop();
    }
}
