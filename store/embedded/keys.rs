//! Which idempotency keys a room's log has.
//!
//! Keys are random, so that an index over them would have a page written for almost every
//! message, which costs more than all else together. Table `log_keys` therefore lags: it has the
//! keys of the entries up to `log_keyed.upto` of the room, and is brought up to date many keys at
//! once. The keys behind that, at most [`TAIL`], are in the log itself; the writer keeps those of
//! busy rooms in memory.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{Connection, OptionalExtension, params};

use crate::id::{RoomId, Seq};

/// So many keys of a room wait for the table at most.
const TAIL: usize = 256;

/// So many keys are held in memory at most; those of a room left out are read again.
const HELD: usize = 200_000;

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
        .prepare_cached(
            "SELECT sender, key, seq FROM log WHERE room = ?1 AND key IS NOT NULL
             AND seq > coalesce((SELECT upto FROM log_keyed WHERE room = ?1), 0)",
        )?
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
