//! What others are told of a write: notifications that are stored in the same commit, and brought
//! to the inboxes of their users afterwards. So nobody is told of what did not happen, and nothing
//! happens that those whom it concerns are never told.

use ihs_actors::{
    inbox::shelf::{self, NOTIFICATIONS},
    protocol::{self, Category},
};
use ihs_store::{Document, Write};

use crate::{Ctx, plugins};

/// Somebody is told of something.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    /// Username of whom.
    pub(crate) user: String,
    /// What.
    pub(crate) what: protocol::Notice,
}

impl Notice {
    /// For this user.
    pub(crate) fn new(user: &str, category: Category, title: &str, text: String) -> Self {
        let what = protocol::Notice { title: title.to_owned(), text, category };
        Self { user: user.to_owned(), what }
    }
}

/// Notifications on their way into the store.
pub(crate) struct Notices(Vec<Document>);

impl Notices {
    /// Makes notifications; none while they are switched off.
    pub(crate) fn of(ctx: &Ctx, notices: &[Notice]) -> Self {
        if !plugins::is_served(&ctx.settings.api, NOTIFICATIONS) {
            return Self(Vec::new());
        }
        let now = ctx.clock.now();
        let document =
            |notice: &Notice| shelf::document(&notice.user, &ctx.ids.record(), &notice.what, now);
        Self(notices.iter().map(document).collect())
    }

    /// What stores them.
    pub(crate) fn writes(&self) -> impl Iterator<Item = Write> {
        let insert = |document: &Document| Write::Insert {
            collection: NOTIFICATIONS,
            document: document.clone(),
        };
        self.0.iter().map(insert)
    }

    /// Tells the users' inboxes, once they are stored.
    pub(crate) fn tell(&self, ctx: &Ctx) {
        for document in &self.0 {
            ctx.hub.notification_changed(document);
        }
    }
}
