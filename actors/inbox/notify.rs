//! New notifications: stored first, then told to the user's sockets, wherever they are.

use actix::Addr;
use ihs_store::{Document, StoreError, document::text};

use super::{
    Hear, Inbox,
    shelf::{self, Added},
};
use crate::{
    bus::{Announcement, News, Topic},
    hub::Hub,
    protocol::{MessageKey, Notice},
    session::socket::SessionId,
    username::Username,
};

impl Hub {
    /// Notifies a user. The same sender's same key again finds what is stored.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn notify(
        &self,
        user: &Username,
        notice: Notice,
        from: Option<(&Username, MessageKey)>,
    ) -> Result<Added, StoreError> {
        let key = from.map(|(sender, key)| format!("{} {}", sender.as_str(), key.into_string()));
        let (id, now) = (self.ids().record(), self.clock().now());
        let added = shelf::add(&**self.store(), user, (id, now), notice, key).await?;
        if let Added::New(notification) = &added {
            self.tell_inbox(user, News::Notified(notification.as_ref().clone()), None);
        }
        Ok(added)
    }

    /// Tells a user's sockets of a notification that was stored or changed by somebody else.
    pub fn notification_changed(&self, document: &Document) {
        let Ok(user) = Username::try_from(text(document, "user")) else { return };
        if document.get("viewed") == Some(&true.into()) {
            self.tell_inbox(&user, News::Viewed(vec![text(document, "_id").to_owned()]), None);
        } else if let Some(notification) = shelf::notification(document) {
            self.tell_inbox(&user, News::Notified(notification), None);
        }
    }

    /// Tells a user's sockets that a notification is gone.
    pub fn notification_gone(&self, user: &str, id: &str) {
        if let Ok(user) = Username::try_from(user) {
            self.tell_inbox(&user, News::Viewed(vec![id.to_owned()]), None);
        }
    }

    /// Tells the user's sockets, here and on other nodes.
    pub(crate) fn tell_inbox(&self, user: &Username, news: News, except: Option<SessionId>) {
        if let Some(inbox) = self.open_inbox(user) {
            inbox.do_send(Hear { news: news.clone(), except });
        }
        let (node, topic) = (self.node(), Topic::Inbox(user.clone()));
        self.bus().publish(Announcement { node, topic, news });
    }

    /// The actor of a user's inbox, started on this thread if the node has none. Must be called on
    /// a thread that runs actors.
    #[must_use]
    pub fn inbox(&self, user: &Username) -> Addr<Inbox> {
        let mut inboxes = self.inboxes().lock();
        match inboxes.get(user) {
            Some(address) if address.connected() => address.clone(),
            _ => {
                let address = Inbox::open(user.clone(), self.clone());
                inboxes.insert(user.clone(), address.clone());
                address
            }
        }
    }

    /// The actor of a user's inbox, if this node has one.
    pub(crate) fn open_inbox(&self, user: &Username) -> Option<Addr<Inbox>> {
        self.inboxes().lock().get(user).cloned()
    }

    /// Forgets an inbox that stops, unless another actor has taken its place.
    pub(crate) fn forget_inbox(&self, user: &Username, address: &Addr<Inbox>) {
        let mut inboxes = self.inboxes().lock();
        if inboxes.get(user).is_some_and(|known| known == address) {
            inboxes.remove(user);
        }
    }
}
