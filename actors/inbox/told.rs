//! What the sockets of an inbox have been told, so that what is heard twice is told once.

use std::collections::{HashMap, VecDeque};

use crate::{bus::News, protocol::Notification};

/// Notifications that are remembered.
const MOST: usize = 2_000;

/// What was told of notifications, the latest of them.
#[derive(Debug, Default)]
pub struct Told {
    states: HashMap<String, State>,
    order: VecDeque<String>,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    /// It is there, and says so.
    Unseen(String),
    /// It was viewed.
    Viewed,
}

impl Told {
    /// What of these news is new.
    #[must_use]
    pub fn fresh(&mut self, news: News) -> Option<News> {
        match news {
            News::Notified(notification) => {
                let state = State::Unseen(notification.notice.text.clone());
                let fresh = self.note(&notification.id, state);
                fresh.then_some(News::Notified(notification))
            }
            News::Viewed(mut ids) => {
                ids.retain(|id| self.note(id, State::Viewed));
                (!ids.is_empty()).then_some(News::Viewed(ids))
            }
            _ => None,
        }
    }

    /// Whether a notification was told of.
    #[must_use]
    pub fn knows(&self, id: &str) -> bool {
        self.states.contains_key(id)
    }

    /// These are told, and some of them for the first time.
    #[must_use]
    pub fn list(&mut self, unseen: &[Notification]) -> Vec<Notification> {
        let mut new = Vec::new();
        for notification in unseen.iter().rev() {
            if self.note(&notification.id, State::Unseen(notification.notice.text.clone())) {
                new.push(notification.clone());
            }
        }
        new
    }

    fn note(&mut self, id: &str, state: State) -> bool {
        if self.states.get(id) == Some(&state) {
            return false;
        }
        if self.states.insert(id.to_owned(), state).is_none() {
            self.order.push_back(id.to_owned());
            if self.order.len() > MOST
                && let Some(oldest) = self.order.pop_front()
            {
                self.states.remove(&oldest);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use ihs_store::Timestamp;

    use super::*;
    use crate::protocol::{Category, Notice};

    fn notification(id: &str, text: &str) -> Notification {
        let notice =
            Notice { title: "title".into(), text: text.into(), category: Category::System };
        Notification { id: id.into(), notice, time_created: Timestamp::default() }
    }

    fn notified(id: &str, text: &str) -> News {
        News::Notified(notification(id, text))
    }

    #[test]
    fn what_is_heard_twice_is_told_once() {
        let mut told = Told::default();
        let first = [notification("a", "one")];
        assert_eq!(told.list(&first), first);
        assert_eq!(told.list(&first), []);
        assert_eq!(told.fresh(notified("a", "one")), None);
        assert_eq!(told.fresh(notified("a", "two")), Some(notified("a", "two")));
        let viewed = News::Viewed(vec!["a".into(), "b".into()]);
        assert_eq!(told.fresh(viewed.clone()), Some(viewed.clone()));
        assert_eq!(told.fresh(viewed), None);
    }

    #[test]
    fn no_more_is_remembered_than_may_be() {
        let mut told = Told::default();
        for number in 0..MOST + 10 {
            let _ = told.fresh(notified(&number.to_string(), "text"));
        }
        assert_eq!((told.states.len(), told.order.len()), (MOST, MOST));
    }
}
