//! A client: one device of a user, with at most one socket at a time. It joins, sends, edits and
//! deletes; it resumes behind what it has, and sends again what was not answered.

use std::collections::BTreeMap;

use ihs_actors::Username;
use ihs_store::{EntryId, RoomId, Seq};

use crate::{
    dice::Dice,
    session::Session,
    view::{From, View, Word},
};

/// One device.
pub(crate) struct Client {
    pub(crate) user: Username,
    pub(crate) session: Option<Session>,
    pub(crate) views: BTreeMap<RoomId, View>,
    /// What waits for an answer.
    pub(crate) asked: BTreeMap<u64, Asked>,
    /// Drafts that are to be acknowledged.
    pub(crate) todo: Vec<usize>,
    /// It does not read just now.
    pub(crate) slow: bool,
    /// What it reads may be of a log that was put back meanwhile.
    pub(crate) haunted: bool,
    references: u64,
}

/// A request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asked {
    /// When it was asked, on the clock of the schedule.
    Join(RoomId, u64),
    Leave(RoomId),
    /// The same.
    Sync(u64),
    Send(usize),
    Amend(Seq),
    /// The same.
    History(u64),
    Anything,
}

/// A message that somebody wants to send, from one device or from several.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) user: Username,
    pub(crate) room: RoomId,
    pub(crate) key: Option<String>,
    pub(crate) text: String,
    pub(crate) ack: Option<(Seq, EntryId)>,
}

impl Client {
    pub(crate) fn new(user: Username, rooms: &[RoomId]) -> Self {
        let view = View::wanted;
        Self {
            user,
            session: None,
            views: rooms.iter().map(|room| (*room, view())).collect(),
            asked: BTreeMap::new(),
            todo: Vec::new(),
            slow: false,
            haunted: false,
            references: 0,
        }
    }

    /// The socket has ended: nothing that was asked will be answered.
    pub(crate) fn hang_up(&mut self, drafts: &[Draft]) -> Option<Session> {
        self.asked.clear();
        self.todo.retain(|draft| drafts[*draft].key.is_some());
        for view in self.views.values_mut() {
            view.end();
            view.word = None;
        }
        (self.slow, self.haunted) = (false, false);
        self.session.take()
    }

    pub(crate) fn join(&mut self, room: RoomId, dice: &mut Dice) {
        let view = &self.views[&room];
        let from = match (view.cursor(), dice.below(20)) {
            (_, 0) | (None, 1..=4) => From::Now,
            (_, 1) | (None, 5..=9) => From::History(dice.between(1, 4)),
            (_, 2) | (None, _) => From::After(Seq::ZERO, None),
            (Some((seq, last)), _) => From::After(seq, last),
        };
        let rest = match from {
            From::Now => String::new(),
            From::History(count) => format!(r#","history":{count}"#),
            From::After(seq, None) => format!(r#","after":{seq}"#),
            From::After(seq, Some(last)) => format!(r#","after":{seq},"last":"{last}""#),
        };
        let reference = self.ask(Asked::Join(room, dice.lines()), "join", room, &rest, dice);
        let view = self.view(room);
        (view.wanted, view.refused, view.word) = (true, false, Some((reference, Word::Join(from))));
    }

    pub(crate) fn leave(&mut self, room: RoomId, dice: &mut Dice) {
        let reference = self.ask(Asked::Leave(room), "leave", room, "", dice);
        let view = self.view(room);
        (view.wanted, view.refused, view.word) = (false, false, Some((reference, Word::Leave)));
    }

    /// Joins all rooms at once. The last word about a room is then this. Nothing in it tells that
    /// a log was put back and has grown again.
    pub(crate) fn sync(&mut self, dice: &mut Dice) {
        let named = self.views.iter().filter(|_| dice.chance(70));
        let named = named.filter_map(|(room, view)| Some((*room, view.cursor()?.0)));
        let named: BTreeMap<RoomId, Seq> = named.collect();
        let rooms = serde_json::to_string(&named).expect("rooms");
        let rest = format!(r#""rooms":{rooms},"newest":{}"#, dice.below(4));
        let reference = self.put(Asked::Sync(dice.lines()), "sync", &rest, dice);
        for (room, view) in &mut self.views {
            let from = named.get(room).map_or(From::Now, |seq| From::After(*seq, None));
            (view.wanted, view.refused) = (true, false);
            view.word = Some((reference, Word::Join(from)));
        }
    }

    /// Whether it waits for word of all rooms.
    pub(crate) fn awaits_sync(&self) -> bool {
        self.asked.values().any(|asked| matches!(asked, Asked::Sync(_)))
    }

    /// Whether it is fed from no room, and has not asked to be: of rooms that are fed already,
    /// nothing tells where the feed starts that a sync brings.
    pub(crate) fn is_fresh(&self) -> bool {
        let word =
            |asked: &Asked| matches!(asked, Asked::Join(..) | Asked::Leave(_) | Asked::Sync(_));
        let fed = self.views.values().any(|view| view.fed || view.unsure || view.word.is_some());
        !fed && !self.asked.values().any(word)
    }

    pub(crate) fn send(&mut self, number: usize, draft: &Draft, dice: &mut Dice) {
        let mut rest = format!(r#","text":"{}""#, draft.text);
        if let Some(key) = &draft.key {
            rest = format!(r#"{rest},"key":"{key}""#);
        }
        self.ask(Asked::Send(number), "message", draft.room, &rest, dice);
    }

    pub(crate) fn amend(&mut self, room: RoomId, target: Seq, text: Option<&str>, dice: &mut Dice) {
        let (kind, rest) = match text {
            Some(text) => ("edit", format!(r#","seq":{target},"text":"{text}""#)),
            None => ("delete", format!(r#","seq":{target}"#)),
        };
        self.ask(Asked::Amend(target), kind, room, &rest, dice);
    }

    pub(crate) fn recall(&mut self, room: RoomId, dice: &mut Dice) {
        let rest = format!(r#","limit":{}"#, dice.between(1, 5));
        self.ask(Asked::History(dice.lines()), "history", room, &rest, dice);
    }

    pub(crate) fn mark_read(&mut self, room: RoomId, seq: Seq, dice: &mut Dice) {
        self.ask(Asked::Anything, "read", room, &format!(r#","seq":{seq}"#), dice);
    }

    pub(crate) fn is_sending(&self, draft: usize) -> bool {
        self.asked.values().any(|asked| matches!(asked, Asked::Send(sent) if *sent == draft))
    }

    pub(crate) fn view(&mut self, room: RoomId) -> &mut View {
        self.views.get_mut(&room).expect("a view of each room")
    }

    fn ask(&mut self, asked: Asked, kind: &str, room: RoomId, rest: &str, dice: &mut Dice) -> u64 {
        self.put(asked, kind, &format!(r#""room":"{room}"{rest}"#), dice)
    }

    fn put(&mut self, asked: Asked, kind: &str, rest: &str, dice: &mut Dice) -> u64 {
        self.references += 1;
        let reference = self.references;
        let frame = format!(r#"{{"type":"{kind}","ref":{reference},{rest}}}"#);
        dice.note(format_args!("{} asks {frame}", self.user.as_str()));
        if let Some(session) = &mut self.session {
            session.up.push_back(frame);
            self.asked.insert(reference, asked);
        }
        reference
    }
}
