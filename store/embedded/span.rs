//! Which part of a room's log a query of messages means. Times in a log never go back, so that the
//! ends of a span are found by halving, without an index over times that every message would have to
//! pay for.

use std::cmp::Ordering;

use rusqlite::{Connection, params};

use super::entries::{head_seq, sql_seq};
use crate::{
    id::RoomId,
    message::{MessageQuery, Place},
    query::Direction,
};

/// From the first to the last of these seqs; empty when they are the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// The first.
    pub(super) first: i64,
    /// The last.
    pub(super) last: i64,
}

/// A room's log, as spans are looked for in it.
struct Log<'a> {
    connection: &'a Connection,
    room: RoomId,
    head: i64,
}

impl Span {
    /// Everything between the times of the query.
    pub(super) fn between(
        connection: &Connection,
        room: RoomId,
        query: &MessageQuery,
    ) -> rusqlite::Result<Self> {
        let log = Log { connection, room, head: sql_seq(head_seq(connection, room)?) };
        let first = query.from.map_or(Ok(1), |time| log.first_at(time.millis()))?;
        let last = query.until.map_or(Ok(log.head), |time| log.last_at(time.millis()))?;
        Ok(Self { first, last })
    }

    /// The same, behind the place where the query starts.
    pub(super) fn behind(
        connection: &Connection,
        room: RoomId,
        query: &MessageQuery,
    ) -> rusqlite::Result<Self> {
        let whole = Self::between(connection, room, query)?;
        let Some(place) = &query.after else { return Ok(whole) };
        let log = Log { connection, room, head: whole.last };
        Ok(match query.direction {
            Direction::Ascending => {
                Self { first: whole.first.max(log.first_behind(place)?), ..whole }
            }
            Direction::Descending => {
                Self { last: whole.last.min(log.last_before(place)?), ..whole }
            }
        })
    }

    /// How many entries it has.
    pub(super) const fn length(self) -> i64 {
        if self.first > self.last { 0 } else { self.last - self.first + 1 }
    }
}

impl Log<'_> {
    /// The first entry of this time or later; behind the head when there is none.
    fn first_at(&self, millis: i64) -> rusqlite::Result<i64> {
        let mut time =
            self.connection.prepare_cached("SELECT time FROM log WHERE room = ? AND seq = ?")?;
        let (mut first, mut end) = (1, self.head + 1);
        while first < end {
            let middle = first + (end - first) / 2;
            let at: i64 = time.query_row(params![self.room.bytes(), middle], |row| row.get(0))?;
            if at < millis {
                first = middle + 1;
            } else {
                end = middle;
            }
        }
        Ok(first)
    }

    /// The last entry of this time or earlier.
    fn last_at(&self, millis: i64) -> rusqlite::Result<i64> {
        Ok(self.first_at(millis + 1)? - 1)
    }

    fn first_behind(&self, place: &Place) -> rusqlite::Result<i64> {
        let millis = place.time.millis();
        match self.room.cmp(&place.room) {
            Ordering::Less => self.first_at(millis + 1),
            Ordering::Equal => Ok(sql_seq(place.seq.next())),
            Ordering::Greater => self.first_at(millis),
        }
    }

    fn last_before(&self, place: &Place) -> rusqlite::Result<i64> {
        let millis = place.time.millis();
        match self.room.cmp(&place.room) {
            Ordering::Less => self.last_at(millis),
            Ordering::Equal => Ok(sql_seq(place.seq) - 1),
            Ordering::Greater => self.last_at(millis - 1),
        }
    }
}
