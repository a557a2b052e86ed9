//! What a thread gives its sockets from inboxes.

use std::rc::Rc;

use actix::Handler;

use super::{FanOut, FanOutActor, Hand, Mail, Opened};
use crate::{
    hub::Hub,
    inbox::Open,
    room::asker::{Asker, Purpose},
    session::socket::{InboxFeed, Socket},
};

impl FanOut {
    /// Asks again for what is unseen, for a socket that has missed something and reads again.
    pub(super) fn reopen_inbox(&self, socket: &Rc<Socket>) {
        reopen(&self.hub, self.address(), socket);
    }
}

fn reopen(hub: &Hub, address: actix::Addr<FanOutActor>, socket: &Socket) {
    if socket.inbox.get() == InboxFeed::Behind && !socket.outbox.is_starved() {
        socket.inbox.set(InboxFeed::Asked);
        let who = (socket.id, socket.user.clone());
        let asker = Asker::new(who, None, address, Purpose::Event, None);
        hub.inbox(&socket.user).do_send(Open(asker));
    }
}

impl FanOutActor {
    /// Asks again where nothing came of it.
    pub(super) fn reopen_inboxes(&self, address: &actix::Addr<Self>) {
        for socket in self.state.borrow().sockets.values() {
            if socket.inbox.get() == InboxFeed::Asked {
                socket.inbox.set(InboxFeed::Behind);
            }
            reopen(&self.hub, address.clone(), socket);
        }
    }
}

impl Handler<Hand> for FanOutActor {
    type Result = ();

    fn handle(&mut self, Hand { room, reply }: Hand, _: &mut Self::Context) {
        let state = self.state.borrow();
        match room {
            Some(room) => state.reply(room, reply),
            None => {
                if let Some(socket) = state.sockets.get(&reply.session) {
                    socket.answer(reply);
                }
            }
        }
    }
}

impl Handler<Opened> for FanOutActor {
    type Result = ();

    fn handle(&mut self, Opened { reply }: Opened, _: &mut Self::Context) {
        if let Some(socket) = self.state.borrow().sockets.get(&reply.session) {
            socket.inbox.set(InboxFeed::Live);
            socket.answer(reply);
        }
    }
}

impl Handler<Mail> for FanOutActor {
    type Result = ();

    fn handle(&mut self, mail: Mail, _: &mut Self::Context) {
        if let Some(socket) = self.state.borrow().sockets.get(&mail.to)
            && socket.inbox.get() == InboxFeed::Live
            && socket.outbox.offer_frame(&mail.frame).is_err()
        {
            socket.inbox.set(InboxFeed::Behind);
        }
    }
}
