//! What clients read, and what they make of it.

use ihs_store::{Body, RoomId, Seq};

use crate::{
    client::Asked,
    model::Log,
    session::Down,
    view::{Frame, Word},
    world::World,
};

impl World {
    /// A client reads one frame, if there is one.
    pub(crate) fn read(&mut self, number: usize) -> bool {
        let session = self.clients[number].session.as_mut();
        let Some(down) = session.and_then(|session| session.down.pop_front()) else { return false };
        match down {
            Down::Text(_) if self.clients[number].haunted => {}
            Down::Text(text) => {
                let user = self.clients[number].user.clone();
                self.dice.note(format_args!("{}.{number} reads {text}", user.as_str()));
                let frame: Frame = serde_json::from_str(&text).expect("a frame");
                self.take(number, &frame);
            }
            Down::Close => self.hang_up(number),
        }
        true
    }

    fn take(&mut self, number: usize, frame: &Frame) {
        let asked = frame.reference.map(|reference| {
            let asked = self.clients[number].asked.remove(&reference);
            asked.unwrap_or_else(|| panic!("nobody asked for {frame:?}"))
        });
        if frame.is_entry() {
            return self.take_entry(number, frame);
        }
        let client = &mut self.clients[number];
        match (frame.kind.as_str(), asked) {
            ("joined", Some(Asked::Join(room, since))) => {
                client.view(room).hear_online(frame);
                self.joined(number, room, since, frame);
            }
            ("synced", Some(Asked::Sync(since))) => self.synced(number, since, frame),
            ("ok", Some(Asked::Leave(room))) => {
                client.view(room).end();
                client.view(room).settle(frame.reference);
            }
            ("ok", Some(Asked::Anything)) | ("read", None) => {}
            ("presence", None) => client.view(frame.room.expect("a room")).hear_online(frame),
            ("left", None) => client.view(frame.room.expect("a room")).end(),
            ("ack", Some(Asked::Send(draft))) => self.acknowledged(number, draft, frame),
            ("ack", Some(Asked::Amend(target))) => self.amended(number, target, frame),
            ("history", Some(Asked::History(since))) => {
                let room = frame.room.expect("a room");
                for message in &frame.messages {
                    self.check(number, room, message, since);
                }
            }
            ("error", Some(asked)) => self.refused(number, asked, frame),
            _ => panic!("{frame:?} is no answer to {asked:?}"),
        }
    }

    fn joined(&mut self, number: usize, room: RoomId, since: u64, frame: &Frame) {
        let restored = self.restored;
        let desk = self.ground.desk.lock();
        let view = self.clients[number].view(room);
        match view.word {
            Some((reference, Word::Join(from))) if Some(reference) == frame.reference => {
                assert!(restored || !frame.diverged, "the log did not diverge");
                view.join(from, frame, desk.model.log(room), since);
            }
            // An earlier join, which the last word may have outdone or not.
            Some(_) => view.unsure = true,
            None => view.unsure |= view.refused && !view.fed,
        }
    }

    /// Each room is as if it had been joined; those that are not named are none of the user's.
    fn synced(&mut self, number: usize, since: u64, frame: &Frame) {
        for room in self.rooms.clone() {
            let rows: Vec<&Frame> =
                frame.rooms.iter().filter(|row| row.room == Some(room)).collect();
            assert!(rows.len() <= 1, "a room is named twice: {rows:?}");
            let view = self.clients[number].view(room);
            let ours = view.word.is_some_and(|(word, _)| Some(word) == frame.reference);
            let Some(row) = rows.first() else {
                if ours {
                    view.end();
                    view.refuse(frame.reference);
                }
                continue;
            };
            for message in &row.newest {
                assert!(message.seq <= row.seq, "newer than the head: {row:?}");
                self.check(number, room, message, since);
            }
            let desk = self.ground.desk.lock();
            let view = self.clients[number].view(room);
            view.online = None;
            match view.word {
                Some((_, Word::Join(from))) if ours => {
                    assert!(self.restored || !row.diverged, "the log did not diverge");
                    view.join(from, row, desk.model.log(room), since);
                }
                word => panic!("nobody speaks of a room while all are asked for: {word:?}"),
            }
        }
    }

    fn take_entry(&mut self, number: usize, frame: &Frame) {
        let room = frame.room.expect("a room");
        let since = self.clients[number].views[&room].since;
        self.check(number, room, frame, since);
        self.clients[number].view(room).take(frame);
        if frame.kind == "deleted" {
            let place = self.place_of(number, room, frame.target.expect("a target"));
            let now = self.dice.lines();
            self.deleted.entry(place).or_insert(now);
        }
    }

    /// Checks an entry that came by a feed, or in an answer, that was asked for at `since`. What
    /// somebody on this thread has seen deleted before, it does not show.
    fn check(&self, number: usize, room: RoomId, frame: &Frame, since: u64) {
        let desk = self.ground.desk.lock();
        frame.check(desk.model.log(room), self.clients[number].user.as_str());
        if let Some(target) = frame.shows() {
            let deleted = self.deleted.get(&self.place_of(number, room, target));
            let shown_late = deleted.is_some_and(|deleted| *deleted < since);
            assert!(!shown_late, "shown after it was deleted: {frame:?}");
        }
    }

    fn place_of(&self, number: usize, room: RoomId, target: Seq) -> (u32, usize, RoomId, Seq) {
        let session = self.clients[number].session.as_ref().expect("a session");
        (session.node, session.thread, room, target)
    }

    fn acknowledged(&mut self, number: usize, draft: usize, frame: &Frame) {
        self.clients[number].todo.retain(|todo| *todo != draft);
        let desk = self.ground.desk.lock();
        let draft = &mut self.drafts[draft];
        let log = desk.model.log(draft.room);
        let Some(entry) = log.at(frame.seq) else { panic!("{frame:?} is not in the log") };
        assert_eq!(Some(entry.id), frame.id, "another entry is acknowledged");
        assert_eq!(entry.sender, draft.user.as_str());
        assert_eq!(entry.key, draft.key);
        assert!(matches!(entry.body, Body::Message { .. }), "{entry:?} is a message");
        // Of a message that was changed since, it is not kept what it said first.
        let changed =
            matches!(entry.body, Body::Message { edited, deleted, .. } if edited || deleted);
        assert!(
            changed || log.texts(frame.seq).contains(&draft.text),
            "{entry:?} says something else"
        );
        let ack = (entry.seq, entry.id);
        assert_eq!(*draft.ack.get_or_insert(ack), ack, "acknowledged twice, differently");
    }

    fn amended(&self, number: usize, target: Seq, frame: &Frame) {
        let desk = self.ground.desk.lock();
        let log = desk.model.log(frame.room.expect("a room"));
        let Some(entry) = log.at(frame.seq) else { panic!("{frame:?} is not in the log") };
        assert_eq!(Some(entry.id), frame.id, "another entry is acknowledged");
        assert_eq!(entry.sender, self.clients[number].user.as_str());
        let of = match &entry.body {
            Body::Edited { target, .. } | Body::Deleted { target } => Some(*target),
            Body::Message { .. } | Body::Members { .. } => None,
        };
        assert_eq!(of, Some(target), "{entry:?} is another change");
    }

    fn refused(&mut self, number: usize, asked: Asked, frame: &Frame) {
        let code = frame.code.as_deref().expect("a code");
        let expected = match asked {
            Asked::Amend(_) => ["unavailable", "not_found", "forbidden"],
            _ => ["unavailable", "not_found", "conflict"],
        };
        assert!(expected.contains(&code), "{frame:?}");
        let client = &mut self.clients[number];
        match asked {
            Asked::Join(room, _) | Asked::Leave(room) => {
                if code == "not_found" {
                    client.view(room).end();
                }
                client.view(room).refuse(frame.reference);
            }
            Asked::Send(draft) => {
                if code == "conflict" {
                    let desk = self.ground.desk.lock();
                    self.check_conflict(draft, desk.model.log(self.drafts[draft].room));
                }
                self.check_refusal(frame);
                // Worth another try with a key, and lost without.
                if code == "conflict" || self.drafts[draft].key.is_none() {
                    self.clients[number].todo.retain(|todo| *todo != draft);
                }
            }
            Asked::Sync(_) => {
                for view in client.views.values_mut() {
                    view.refuse(frame.reference);
                }
            }
            Asked::Amend(_) | Asked::History(_) | Asked::Anything => {}
        }
    }

    /// Nobody is told to come again without need.
    fn check_refusal(&self, frame: &Frame) {
        let (reads, writes) = self.ground.desk.lock().failed;
        let rooms = &self.ground.settings.rooms;
        let spacious = rooms.pending > 1_000 && rooms.idle_seconds > 10;
        match frame.detail.as_deref() {
            Some("the store is away") => assert!(reads + writes > 0, "no call failed: {frame:?}"),
            Some("the room is busy") => {
                assert!(reads > 0 || !spacious, "nothing holds the room up: {frame:?}");
            }
            _ => {}
        }
    }

    /// A key is in conflict only with another text: that of another draft, or the one that the
    /// message got since.
    fn check_conflict(&self, number: usize, log: &Log) {
        let draft = &self.drafts[number];
        let key = draft.key.as_deref().expect("only keys conflict");
        let entry = log.by_key(draft.user.as_str(), key).expect("the key is in the log");
        let changed = log.texts(entry.seq).len() > 1;
        assert!(changed || log.texts(entry.seq)[0] != draft.text, "{draft:?} is in conflict");
    }
}
