//! Sockets that come to and leave a room, and who hears of it.

use actix::Handler;
use bytestring::ByteString;

use super::{Gone, Room, admission::Admitted, asker::Asker, asker::Reply, presence::Moves};
use crate::{
    bus::{Health, News, NodeId},
    fan_out::{Attach, Except, Pass},
    protocol::Answer,
    session::socket::SessionId,
    username::Username,
};

impl Room {
    /// Feeds a socket from here on.
    pub(super) fn attach(&mut self, asker: Asker, admitted: &Admitted) {
        self.audience.insert(asker.session, asker.user.clone(), asker.fan_out.clone());
        self.presence.come(&asker.user);
        let (fan_out, room, head) = (asker.fan_out.clone(), self.id, self.log.head());
        let cursor = admitted.cursor.unwrap_or(head);
        let reply = self.joined(asker, admitted);
        let goes_on = admitted.goes_on;
        fan_out.do_send(Attach { room, head, cursor, goes_on, reply });
        self.receipts.stir();
        self.tell_presence();
    }

    /// Feeds a socket no longer.
    pub(super) fn let_go(&mut self, session: SessionId) {
        if let Some(user) = self.audience.remove(session)
            && !self.audience.has(&user)
        {
            self.presence.leave(&user);
        }
        self.tell_presence();
    }

    /// Feeds no socket of a user any longer.
    pub(super) fn expel(&mut self, user: &Username) {
        self.audience.remove_user(user);
        self.presence.leave(user);
    }

    fn joined(&self, mut asker: Asker, admitted: &Admitted) -> Reply {
        let reference = asker.take_reference();
        let (head, online) = (self.log.head(), self.presence.online());
        let answer = admitted.joined(self.id, head, reference.as_ref(), online, &self.read);
        asker.settle(&Answer::Joined(answer))
    }

    /// Tells the sockets here, and the other nodes, who has come and gone.
    pub(super) fn tell_presence(&mut self) {
        for (user, online) in self.presence.take_changes(self.audience.sockets()) {
            let event = Answer::Presence { room: self.id, user: user.as_str(), online };
            self.pass(&event, &Except::User(user.clone()));
        }
        if let Some(Moves { came, left }) = self.presence.take_moves() {
            self.tell_others(News::Moved { came, left });
        }
    }

    /// Tells the other nodes who all is here.
    pub(super) fn tell_all_present(&self) {
        self.tell_others(News::Present(self.presence.here()));
    }

    /// Takes what another node says about who is there.
    pub(super) fn hear_presence(&mut self, node: NodeId, news: News) {
        // Whoever says so lives: its first beat may have been lost.
        self.hub.peers().hear(node);
        match news {
            News::Present(users) => self.presence.hear_all(node, users),
            News::Moved { came, left } => self.presence.hear(node, Moves { came, left }),
            _ => {}
        }
        self.tell_presence();
    }

    /// Goes on telling what was too much at once, and forgets nodes that are gone.
    pub(super) fn tick_presence(&mut self) {
        let peers = self.hub.peers();
        let heard = self.hub.bus().health() == Health::Up;
        let vanished = self.presence.keep_nodes(|node| peers.lives(node), heard);
        self.notices.note_vanished(vanished);
        self.notices.tick(heard, &self.presence);
        self.presence.tick();
        self.tell_presence();
    }

    /// Tells everybody here something that is not kept.
    pub(super) fn pass(&self, event: &Answer<'_>, except: &Except) {
        let frame: ByteString = event.encode().into();
        for thread in self.audience.threads() {
            let pass = Pass { room: self.id, frame: frame.clone(), except: except.clone() };
            // Passing events are worth no waiting.
            if thread.try_send(pass).is_err() {
                tracing::debug!(room = %self.id, "passing event dropped");
            }
        }
    }
}

impl Handler<Gone> for Room {
    type Result = ();

    fn handle(&mut self, Gone { session, given }: Gone, _: &mut Self::Context) {
        if let (Some(user), Some(given)) = (self.audience.user_of(session), given) {
            self.receipts.ended(session, user, given, self.hub.clock().now());
        }
        self.joining.remove(&session);
        self.let_go(session);
        self.used = tokio::time::Instant::now();
    }
}
