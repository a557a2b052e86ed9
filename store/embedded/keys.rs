//! Which idempotency keys a room's log has.
//!
//! Keys are random, so that an index over them would have a page written for almost every
//! message, which costs more than all else together. Table `log_keys` therefore lags: it has the
//! keys of the entries up to `log_keyed.upto` of the room, and is brought up to date many keys at
//! once. The keys behind that, at most [`TAIL`], are in the log itself; the writer keeps those of
//! busy rooms in memory. `upto` follows the log every [`SPAN`] entries even when they have no keys,
//! so that nobody ever has to look for keys in more entries than that.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{Connection, OptionalExtension, params};

use crate::id::{RoomId, Seq};

/// So many keys of a room wait for the table at most.
const TAIL: usize = 256;

/// So many entries of a room, with or without keys, lie behind what the table knows at most.
const SPAN: u64 = 1_024;

/// So many keys are held in memory at most; those of a room left out are read again.
const HELD: usize = 200_000;

/// The keys of a room that the table lacks.
const TAIL_OF: &str = "SELECT sender, key, seq FROM log WHERE room = ?1 AND key IS NOT NULL
    AND seq > coalesce((SELECT upto FROM log_keyed WHERE room = ?1), 0)";

/// Sender and key.
type Key = (String, String);

/// What the writer holds of the keys that the table lacks.
#[derive(Debug, Default)]
pub(super) struct Keys {
    tails: HashMap<RoomId, BTreeMap<Key, Seq>>,
    held: usize,
    touched: Vec<RoomId>,
}

impl Keys {
    /// The entry that has this key already.
    pub(super) fn find(
        &mut self,
        connection: &Connection,
        room: RoomId,
        key: &Key,
    ) -> rusqlite::Result<Option<Seq>> {
        let tail = self.tail(connection, room)?;
        if let Some(seq) = tail.get(key) {
            return Ok(Some(*seq));
        }
        let (sender, key) = key;
        let mut statement = connection
            .prepare_cached("SELECT seq FROM log_keys WHERE room = ? AND sender = ? AND key = ?")?;
        let params = params![room.bytes(), sender, key];
        let seq: Option<i64> = statement.query_row(params, |row| row.get(0)).optional()?;
        Ok(seq.map(|seq| Seq::new(seq.unsigned_abs())))
    }

    /// An entry with this key was appended.
    pub(super) fn add(
        &mut self,
        connection: &Connection,
        room: RoomId,
        key: Key,
        seq: Seq,
    ) -> rusqlite::Result<()> {
        self.touched.push(room);
        let tail = self.tail(connection, room)?;
        tail.insert(key, seq);
        if tail.len() >= TAIL {
            move_to_table(connection, room, tail, seq)?;
            self.forget(room);
        } else {
            self.held += 1;
        }
        Ok(())
    }

    /// An entry was appended, with a key or without: now and then the table catches up.
    pub(super) fn passed(
        &mut self,
        connection: &Connection,
        room: RoomId,
        seq: Seq,
    ) -> rusqlite::Result<()> {
        if seq.get().is_multiple_of(SPAN) {
            self.touched.push(room);
            let tail = self.tail(connection, room)?;
            move_to_table(connection, room, tail, seq)?;
            self.forget(room);
        }
        Ok(())
    }

    fn tail(
        &mut self,
        connection: &Connection,
        room: RoomId,
    ) -> rusqlite::Result<&mut BTreeMap<Key, Seq>> {
        if !self.tails.contains_key(&room) {
            if self.held > HELD {
                self.tails.clear();
                self.held = 0;
            }
            let tail = read_tail(connection, room)?;
            self.held += tail.len();
            self.tails.insert(room, tail);
        }
        Ok(self.tails.entry(room).or_default())
    }

    fn forget(&mut self, room: RoomId) {
        let tail = self.tails.remove(&room);
        self.held = self.held.saturating_sub(tail.map_or(0, |tail| tail.len()));
    }

    /// How many entries with keys the transaction appended: a mark for
    /// [`Keys::forget_behind`].
    pub(super) fn mark(&self) -> usize {
        self.touched.len()
    }

    /// Forgets what was held of the rooms appended to behind a mark, because it was undone.
    pub(super) fn forget_behind(&mut self, mark: usize) {
        for room in self.touched.split_off(mark.min(self.touched.len())) {
            self.forget(room);
        }
    }

    /// The transaction has ended well.
    pub(super) fn keep(&mut self) {
        self.touched.clear();
    }
}

fn read_tail(connection: &Connection, room: RoomId) -> rusqlite::Result<BTreeMap<Key, Seq>> {
    connection
        .prepare_cached(TAIL_OF)?
        .query_map([room.bytes()], |row| {
            let seq: i64 = row.get(2)?;
            Ok(((row.get(0)?, row.get(1)?), Seq::new(seq.unsigned_abs())))
        })?
        .collect()
}

/// Writes a tail in the order of the table, so that neighbours share a page.
fn move_to_table(
    connection: &Connection,
    room: RoomId,
    tail: &BTreeMap<Key, Seq>,
    upto: Seq,
) -> rusqlite::Result<()> {
    let number = |seq: Seq| i64::try_from(seq.get()).unwrap_or(i64::MAX);
    let mut insert = connection.prepare_cached(
        "INSERT OR IGNORE INTO log_keys (room, sender, key, seq) VALUES (?, ?, ?, ?)",
    )?;
    for ((sender, key), seq) in tail {
        insert.execute(params![room.bytes(), sender, key, number(*seq)])?;
    }
    connection
        .prepare_cached("INSERT OR REPLACE INTO log_keyed (room, upto) VALUES (?, ?)")?
        .execute(params![room.bytes(), number(upto)])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        embedded::{connection::BASE, entries},
        id::EntryId,
        log::{Body, LogEntry, Stop},
        time::Timestamp,
    };

    const ROOM: RoomId = RoomId::from_bytes([7; 12]);

    fn database() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(BASE).unwrap();
        connection
    }

    fn entry(seq: u64, key: Option<&str>) -> LogEntry {
        LogEntry {
            seq: Seq::new(seq),
            id: EntryId::from_bytes([0; 12]),
            time: Timestamp::default(),
            sender: "ada".to_owned(),
            key: key.map(str::to_owned),
            body: Body::message("x"),
        }
    }

    fn append(connection: &Connection, keys: &mut Keys, entries: &[LogEntry]) -> Option<Stop> {
        entries::append(connection, keys, ROOM, entries, entries::Origin::New).unwrap().stop
    }

    fn upto(connection: &Connection) -> u64 {
        let upto = "SELECT coalesce(max(upto), 0) FROM log_keyed";
        let upto: i64 = connection.query_row(upto, [], |row| row.get(0)).unwrap();
        upto.unsigned_abs()
    }

    #[test]
    fn keys_are_never_looked_for_in_more_than_a_span_of_the_log() {
        let connection = database();
        let mut keys = Keys::default();
        for seq in 1..=3 * SPAN + 5 {
            append(&connection, &mut keys, &[entry(seq, None)]);
            assert!(seq - upto(&connection) < SPAN, "{seq}");
        }
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {TAIL_OF}")).unwrap();
        let plan: Vec<String> =
            statement.query_map([ROOM.bytes()], |row| row.get(3)).unwrap().flatten().collect();
        assert!(plan[0].contains("(room=? AND seq>?)"), "{plan:?}");
    }

    #[test]
    fn a_key_is_known_whichever_span_it_lies_in() {
        let connection = database();
        let mut keys = Keys::default();
        let keyed = [1, 2, SPAN - 1, SPAN, SPAN + 1, 2 * SPAN + 1];
        for seq in 1..=2 * SPAN + 2 {
            let key = keyed.contains(&seq).then(|| format!("k{seq}"));
            assert_eq!(append(&connection, &mut keys, &[entry(seq, key.as_deref())]), None);
        }
        for mut keys in [keys, Keys::default()] {
            for seq in keyed {
                let again = entry(2 * SPAN + 3, Some(&format!("k{seq}")));
                let stop = append(&connection, &mut keys, &[again]);
                let Some(Stop::KeyTaken(first)) = stop else { panic!("{seq}: {stop:?}") };
                assert_eq!(first.seq, Seq::new(seq));
            }
        }
    }

    #[test]
    fn what_is_undone_at_the_end_of_a_span_leaves_every_key_known() {
        let connection = database();
        let mut keys = Keys::default();
        append(&connection, &mut keys, &[entry(1, Some("k"))]);
        for seq in 2..SPAN {
            append(&connection, &mut keys, &[entry(seq, None)]);
        }
        keys.keep();
        connection.execute_batch("SAVEPOINT work").unwrap();
        let mark = keys.mark();
        append(&connection, &mut keys, &[entry(SPAN, None), entry(SPAN + 1, Some("l"))]);
        connection.execute_batch("ROLLBACK TO work").unwrap();
        keys.forget_behind(mark);
        let stop = append(&connection, &mut keys, &[entry(SPAN, Some("k"))]);
        assert!(matches!(stop, Some(Stop::KeyTaken(_))), "{stop:?}");
        assert_eq!(append(&connection, &mut keys, &[entry(SPAN, Some("l"))]), None);
    }
}
