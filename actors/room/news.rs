//! What a room tells the same room on other nodes, and hears from it.

use actix::Handler;

use super::Room;
use crate::{
    bus::{Announcement, News, Topic},
    fan_out::Except,
    protocol::Answer,
};

impl Room {
    /// Tells the other nodes that have this room.
    pub(super) fn tell_others(&self, news: News) {
        let (node, topic) = (self.hub.node(), Topic::Room(self.id));
        self.hub.bus().publish(Announcement { node, topic, news });
    }
}

impl Handler<Announcement> for Room {
    type Result = ();

    fn handle(&mut self, announcement: Announcement, ctx: &mut Self::Context) {
        match announcement.news {
            News::Entries(entries) if self.stuck.is_empty() => {
                let effects = self.log.hear(entries.as_ref().clone());
                self.carry_out(effects, ctx);
                self.proceed(ctx);
            }
            News::Changed if announcement.node == self.hub.node() => {
                // From now on the bus tells, and has not told before.
                self.tell_others(News::WhoIsThere);
                self.tell_all_present();
                self.log.look();
                self.proceed(ctx);
            }
            News::Entries(_) | News::Changed => {
                self.log.look();
                self.proceed(ctx);
            }
            News::Typing(user) => {
                let event = Answer::Typing { room: self.id, user: user.as_str() };
                self.pass(&event, &Except::Nobody);
            }
            News::Read(user, seq) => {
                self.note_read(&user, seq);
            }
            News::WhoIsThere => self.tell_all_present(),
            news => self.hear_presence(announcement.node, news),
        }
    }
}
