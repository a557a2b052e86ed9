//! What a session does for the user's account and not for one room: inbox, notifications, token,
//! and all rooms at once. What waits for the store runs beside the session, which may not be
//! polled while its client does not read.

use std::{collections::BTreeMap, rc::Rc};

use actix::{ActorFutureExt, AsyncContext, WrapFuture};
use ihs_store::{RoomId, Seq};
use tokio::sync::oneshot;

use super::{Ctx, Session, sync};
use crate::{
    gate::Denied,
    hub::Hub,
    inbox::{Open, View, shelf::Added},
    protocol::{Answer, ErrorCode, JoinFrom, MessageKey, Notice, Reference, SyncedRoom, Viewed},
    room::{
        asker::{Asker, Purpose},
        requests::Join,
    },
    session::socket::Unfed,
    username::Username,
};

impl Session {
    /// Feeds this socket from the user's inbox.
    pub(super) fn open_inbox(&mut self, reference: Option<Reference>) {
        let asker = self.account_asker(reference);
        let inbox = self.fan_out.hub().inbox(&self.socket.user);
        inbox.do_send(Open(asker));
        self.inbox = Some(inbox);
    }

    /// Notes what was viewed.
    pub(super) fn view(&mut self, reference: Option<Reference>, viewed: Viewed) {
        let asker = self.account_asker(reference);
        self.fan_out.hub().inbox(&self.socket.user).do_send(View { asker, viewed });
    }

    /// Notifies somebody, if the user may.
    pub(super) fn notify(
        &mut self,
        reference: Option<Reference>,
        (recipient, notice): (Username, Notice),
        key: Option<MessageKey>,
    ) {
        let asker = self.account_asker(reference);
        let fan_out = self.fan_out.clone();
        actix::spawn(async move {
            let may = fan_out.gate().may_notify(&asker.user, &recipient).await;
            match may {
                Ok(()) => notify(fan_out.hub(), asker, &recipient, notice, key).await,
                Err(denied) => deny(asker, denied),
            }
        });
    }

    /// Goes on with a fresh token.
    pub(super) fn renew(&mut self, reference: Option<Reference>, token: String) {
        let mut asker = self.account_asker(reference);
        let (fan_out, socket) = (self.fan_out.clone(), Rc::clone(&self.socket));
        actix::spawn(async move {
            match fan_out.gate().renew(&socket.user, &token).await {
                Ok(renewal) => {
                    socket.renew(renewal);
                    let reference = asker.take_reference();
                    asker.answer(&Answer::Ok { reference: reference.as_ref() });
                }
                Err(denied) => deny(asker, denied),
            }
        });
    }

    /// Joins all rooms of the user.
    pub(super) fn sync(
        &mut self,
        reference: Option<Reference>,
        (known, newest): (BTreeMap<RoomId, Seq>, u64),
        ctx: &mut Ctx,
    ) {
        let asker = self.account_asker(reference);
        let hub = self.fan_out.hub().clone();
        let (done, rooms) = oneshot::channel();
        actix::spawn(async move {
            let rooms = synced(&hub, asker, &known, newest).await;
            // A session that has ended meanwhile joins nothing.
            drop(done.send(rooms));
        });
        ctx.spawn(rooms.into_actor(self).map(|rooms, session, _| {
            rooms
                .unwrap_or_default()
                .into_iter()
                .for_each(|(room, from)| session.follow(room, from));
        }));
    }

    fn follow(&mut self, room: RoomId, from: JoinFrom) {
        if !self.socket.take_room(room, self.fan_out.hub().settings().limits.rooms_per_socket) {
            // It was named as one that is live: it is not.
            return self.answer(&Answer::Left { room, reason: "too many rooms" });
        }
        self.socket.unfed.borrow_mut().insert(room, Unfed { from, refused: false });
        let asker = self.asker(None, room, Purpose::Sync);
        self.tell(room, Join { asker, from });
    }

    fn account_asker(&self, reference: Option<Reference>) -> Asker {
        let purpose = Purpose::Account;
        self.socket.in_flight.add(purpose.weight());
        let who = (self.socket.id, self.socket.user.clone());
        Asker::new(who, None, self.fan_out.address(), purpose, reference)
    }
}

async fn notify(
    hub: &Hub,
    mut asker: Asker,
    recipient: &Username,
    notice: Notice,
    key: Option<MessageKey>,
) {
    let sender = asker.user.clone();
    let outcome = hub.notify(recipient, notice, key.map(|key| (&sender, key))).await;
    let reference = asker.take_reference();
    let reference = reference.as_ref();
    let id = match outcome {
        Ok(Added::New(notification)) => notification.id,
        Ok(Added::Known(id)) => id,
        Ok(Added::Conflict) => {
            let detail = "the key was used with another notification";
            return asker.answer(&Answer::error(reference, ErrorCode::Conflict, detail));
        }
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "nobody notified");
            return asker.answer(&Answer::unavailable(reference));
        }
    };
    asker.answer(&Answer::Notified { reference, id: &id });
}

/// Answers with the user's rooms, and says from where each is to be followed.
///
/// Runs on the thread of the socket.
pub async fn synced(
    hub: &Hub,
    mut asker: Asker,
    known: &BTreeMap<RoomId, Seq>,
    newest: u64,
) -> Vec<(RoomId, JoinFrom)> {
    let rooms = sync::rooms(hub, &asker.user, known, newest).await;
    let reference = asker.take_reference();
    let reference = reference.as_ref();
    match rooms {
        Ok(rooms) => {
            let shown: Vec<SyncedRoom<'_>> = rooms.iter().map(sync::Room::shown).collect();
            asker.answer(&Answer::Synced { reference, rooms: shown });
            rooms.iter().map(|room| (room.id, room.from)).collect()
        }
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "rooms not read");
            asker.answer(&Answer::unavailable(reference));
            Vec::new()
        }
    }
}

fn deny(mut asker: Asker, denied: Denied) {
    let reference = asker.take_reference();
    let reference = reference.as_ref();
    let (code, detail) = match denied {
        Denied::BadToken => (ErrorCode::Unauthenticated, "the token is no good"),
        Denied::Forbidden => (ErrorCode::Forbidden, "you may not notify them"),
        Denied::NotFound => (ErrorCode::NotFound, "no such user"),
        Denied::Unavailable => return asker.answer(&Answer::unavailable(reference)),
    };
    asker.answer(&Answer::error(reference, code, detail));
}
