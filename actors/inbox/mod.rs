//! The inbox of a user on this node: what is unseen when a socket opens it, what comes after, and
//! what other devices have viewed. The store has the notifications; the inbox keeps none.
//!
//! - [`shelf`]: notifications in the store; [`told`]: what its sockets know
//! - [`notify`]: new ones; [`watch`]: those that nobody told of

pub mod notify;
pub mod shelf;
pub mod told;
pub mod watch;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use actix::{
    Actor, ActorContext, ActorFutureExt, Addr, AsyncContext, Context, Handler, Message, WrapFuture,
};
use ihs_store::StoreError;
use tokio::time::Instant;

use self::told::Told;
use crate::{
    bus::{Announcement, News, Topic},
    fan_out::{FanOutActor, Mail, Opened},
    hub::Hub,
    protocol::{Answer, Notification, Viewed},
    room::asker::{Asker, Purpose},
    session::socket::SessionId,
    username::Username,
};

/// Requests and news that may wait for an inbox.
const MAILBOX: usize = 1_024;

/// News that may come while a socket opens the inbox.
const MOST_NEWS: usize = 1_000;

/// How long an inbox without sockets stays.
const IDLE: Duration = Duration::from_secs(30);

/// How often it looks whether it has sockets.
const TICK: Duration = Duration::from_secs(5);

/// Feed a socket from the inbox.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Open(pub Asker);

/// Note that notifications were viewed.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct View {
    /// Who asks.
    pub asker: Asker,
    /// Which.
    pub viewed: Viewed,
}

/// A socket that was fed has ended.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Shut(pub SessionId);

/// Something that this node knows first.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Hear {
    /// What.
    pub news: News,
    /// Which socket knows already.
    pub except: Option<SessionId>,
}

/// Something that was found in the store, and may be known.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Found(pub News);

/// One user's inbox on one node.
pub struct Inbox {
    user: Username,
    hub: Hub,
    live: BTreeMap<SessionId, Addr<FanOutActor>>,
    /// Sockets that wait for what is unseen, and what came meanwhile.
    opening: BTreeMap<SessionId, Vec<News>>,
    told: Told,
    used: Instant,
}

impl Inbox {
    /// Starts on this thread.
    #[must_use]
    pub fn open(user: Username, hub: Hub) -> Addr<Self> {
        Self::create(|ctx| {
            ctx.set_mailbox_capacity(MAILBOX);
            let (live, opening) = (BTreeMap::new(), BTreeMap::new());
            Self { user, hub, live, opening, told: Told::default(), used: Instant::now() }
        })
    }

    fn hear(&mut self, news: News, except: Option<SessionId>) {
        for waiting in self.opening.values_mut().filter(|waiting| waiting.len() < MOST_NEWS) {
            waiting.push(news.clone());
        }
        if let Some(news) = self.told.fresh(news) {
            self.mail_all(&news, except);
        }
    }

    fn mail_all(&self, news: &News, except: Option<SessionId>) {
        let to = self.live.iter().filter(|(session, _)| Some(**session) != except);
        let frame = frame(news);
        for (session, fan_out) in to {
            fan_out.do_send(Mail { to: *session, frame: frame.clone().into() });
        }
    }

    fn opened(&mut self, mut asker: Asker, outcome: Result<(Vec<Notification>, u64), StoreError>) {
        let Some(news) = self.opening.remove(&asker.session) else {
            return Self::opened_again(asker, outcome);
        };
        let Ok((unseen, count)) = outcome else { return asker.refuse_for_now() };
        if news.len() >= MOST_NEWS {
            return asker.refuse_for_now();
        }
        let (session, fan_out) = (asker.session, asker.fan_out.clone());
        let missed: Vec<News> = news.into_iter().filter(|news| !in_list(news, &unseen)).collect();
        // The others have not heard of these yet, and would take them for told.
        for new in self.told.list(&unseen) {
            self.mail_all(&News::Notified(new), Some(session));
        }
        let reference = asker.take_reference();
        let reply =
            asker.settle(&Answer::Notifications { reference: reference.as_ref(), unseen, count });
        fan_out.do_send(Opened { reply });
        for news in missed {
            fan_out.do_send(Mail { to: session, frame: frame(&news).into() });
        }
        self.live.insert(session, fan_out);
    }

    /// Answers a request to open that another one of the same socket has overtaken.
    fn opened_again(mut asker: Asker, outcome: Result<(Vec<Notification>, u64), StoreError>) {
        let Ok((unseen, count)) = outcome else { return asker.refuse_for_now() };
        let reference = asker.take_reference();
        asker.answer(&Answer::Notifications { reference: reference.as_ref(), unseen, count });
    }

    fn viewed(&mut self, mut asker: Asker, outcome: Result<Vec<String>, StoreError>) {
        let Ok(ids) = outcome else { return asker.refuse_for_now() };
        let session = asker.session;
        let reference = asker.take_reference();
        asker.answer(&Answer::Ok { reference: reference.as_ref() });
        if !ids.is_empty() {
            self.hub.tell_inbox(&self.user, News::Viewed(ids), Some(session));
        }
    }

    fn tick(&mut self, ctx: &mut Context<Self>) {
        if !self.live.is_empty() || !self.opening.is_empty() {
            self.used = Instant::now();
        } else if self.used.elapsed() >= IDLE {
            ctx.stop();
        }
    }
}

/// Whether a list that was read later already tells this.
fn in_list(news: &News, unseen: &[Notification]) -> bool {
    match news {
        News::Notified(notification) => unseen.contains(notification),
        News::Viewed(ids) => !unseen.iter().any(|one| ids.contains(&one.id)),
        _ => true,
    }
}

fn frame(news: &News) -> String {
    match news {
        News::Viewed(ids) => Answer::Viewed { notifications: ids }.encode(),
        News::Notified(notification) => Answer::Notification(notification).encode(),
        _ => String::new(),
    }
}

impl Actor for Inbox {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let (topic, listener) = (Topic::Inbox(self.user.clone()), ctx.address().recipient());
        self.hub.bus().subscribe(topic, self.hub.node(), listener);
        ctx.run_interval(TICK, Self::tick);
    }

    fn stopped(&mut self, ctx: &mut Self::Context) {
        // In this order: who takes this actor's place subscribes under the same name.
        self.hub.bus().unsubscribe(&Topic::Inbox(self.user.clone()), self.hub.node());
        self.hub.forget_inbox(&self.user, &ctx.address());
    }
}

impl Handler<Open> for Inbox {
    type Result = ();

    fn handle(&mut self, Open(asker): Open, ctx: &mut Self::Context) {
        self.used = Instant::now();
        self.opening.entry(asker.session).or_default();
        let (store, user) = (Arc::clone(self.hub.store()), self.user.clone());
        let unseen = async move { shelf::unseen(&*store, &user).await };
        ctx.spawn(
            unseen.into_actor(self).map(move |outcome, inbox, _| inbox.opened(asker, outcome)),
        );
    }
}

impl Handler<View> for Inbox {
    type Result = ();

    fn handle(&mut self, View { asker, viewed }: View, ctx: &mut Self::Context) {
        self.used = Instant::now();
        let (hub, user) = (self.hub.clone(), self.user.clone());
        let view =
            async move { shelf::view(&**hub.store(), &user, &viewed, hub.clock().now()).await };
        ctx.spawn(view.into_actor(self).map(move |outcome, inbox, _| inbox.viewed(asker, outcome)));
    }
}

impl Handler<Shut> for Inbox {
    type Result = ();

    fn handle(&mut self, Shut(session): Shut, _: &mut Self::Context) {
        self.live.remove(&session);
        self.opening.remove(&session);
    }
}

impl Handler<Hear> for Inbox {
    type Result = ();

    fn handle(&mut self, Hear { news, except }: Hear, _: &mut Self::Context) {
        self.hear(news, except);
    }
}

impl Handler<Found> for Inbox {
    type Result = ();

    fn handle(&mut self, Found(mut news): Found, _: &mut Self::Context) {
        if let News::Viewed(ids) = &mut news {
            // What was viewed before it was told of is no news.
            ids.retain(|id| self.told.knows(id));
        }
        self.hear(news, None);
    }
}

impl Handler<Announcement> for Inbox {
    type Result = ();

    fn handle(&mut self, announcement: Announcement, _: &mut Self::Context) {
        match announcement.news {
            News::Changed => self.hub.watch_inboxes(),
            news => self.hear(news, None),
        }
    }
}

impl Asker {
    /// Says that it may be tried again. What nobody asked for is tried again anyway.
    fn refuse_for_now(mut self) {
        if self.purpose == Purpose::Event {
            return self.forget();
        }
        let reference = self.take_reference();
        self.answer(&Answer::unavailable(reference.as_ref()));
    }
}
