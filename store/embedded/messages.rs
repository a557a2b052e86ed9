//! Messages out of the logs of many rooms. Each room's part is read by its primary key, a few places
//! at a time, and merged with the others; only the messages of the page itself are then read whole.

use std::collections::{BTreeMap, VecDeque};

use rusqlite::{Connection, Row, params, types::Value as SqlValue};

use super::{
    entries::{WAS_DELETED, sql_seq},
    fault::Fault,
    span::Span,
};
use crate::{
    id::{EntryId, RoomId, Seq},
    message::{By, Message, MessageQuery, Place},
    query::Direction,
    time::Timestamp,
};

/// So many places of a room are read at first; then ever more, up to [`MOST`].
const FEW: u64 = 4;

/// So many places of a room are read at a time at most.
const MOST: u64 = 512;

/// The columns that [`message`] reads.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT room, seq, id, time, sender, flags, text, amended, updated FROM log WHERE ",
            $rest
        )
    };
}

/// The message with this id.
pub(super) fn by_id(connection: &Connection, id: EntryId) -> Result<Option<Message>, Fault> {
    let mut statement =
        connection.prepare_cached(select!("id = ? AND kind = 0 ORDER BY room, seq LIMIT 1"))?;
    let mut rows = statement.query([id.bytes()])?;
    Ok(rows.next()?.map(message).transpose()?)
}

/// The messages that a query means, in its order.
pub(super) fn list(connection: &Connection, query: &MessageQuery) -> Result<Vec<Message>, Fault> {
    let mut merge = Merge::new(connection, query)?;
    for _ in 0..query.skip {
        if merge.next()?.is_none() {
            return Ok(Vec::new());
        }
    }
    let mut found = Vec::new();
    let mut whole = connection.prepare_cached(select!("room = ? AND seq = ?"))?;
    while (found.len() as u64) < query.limit {
        let Some(place) = merge.next()? else { break };
        let params = params![place.room.bytes(), sql_seq(place.seq)];
        found.push(whole.query_row(params, message)?);
    }
    Ok(found)
}

/// How many messages a query means. Without a sender to look for, they are what is left of a span
/// without what is no message.
pub(super) fn count(connection: &Connection, query: &MessageQuery) -> Result<u64, Fault> {
    let condition = Condition::of(&query.by);
    let sql = match query.by {
        By::Anyone => "SELECT count(*) FROM log INDEXED BY log_other
             WHERE room = ?1 AND seq BETWEEN ?2 AND ?3 AND kind <> 0 AND ?4 IS NULL"
            .to_owned(),
        By::These(_) | By::Others(_) => format!(
            "SELECT count(*) FROM log
             WHERE room = ?1 AND seq BETWEEN ?2 AND ?3 AND kind = 0 AND {}",
            condition.sql
        ),
    };
    let mut statement = connection.prepare_cached(&sql)?;
    let mut count = 0;
    for room in &query.rooms {
        let span = Span::between(connection, *room, query)?;
        let params = params![room.bytes(), span.first, span.last, condition.param];
        let found: i64 = statement.query_row(params, |row| row.get(0))?;
        count += if query.by == By::Anyone { span.length() - found } else { found };
    }
    Ok(count.unsigned_abs())
}

/// The statement that reads a chunk of a room's places.
fn places_sql(condition: &Condition, direction: Direction) -> String {
    let order = match direction {
        Direction::Ascending => "ASC",
        Direction::Descending => "DESC",
    };
    format!(
        "SELECT seq, time FROM log WHERE room = ?1 AND seq BETWEEN ?2 AND ?3 AND kind = 0
         AND {} ORDER BY seq {order} LIMIT ?5",
        condition.sql
    )
}

/// Whose messages, as SQL with one parameter, the fourth.
struct Condition {
    sql: &'static str,
    param: SqlValue,
}

impl Condition {
    fn of(by: &By) -> Self {
        match by {
            By::Anyone => Self { sql: "?4 IS NULL", param: SqlValue::Null },
            By::These(names) => Self {
                sql: "sender IN (SELECT value FROM json_each(?4))",
                param: SqlValue::Text(serde_json::Value::from(names.as_slice()).to_string()),
            },
            By::Others(name) => Self { sql: "sender <> ?4", param: SqlValue::Text(name.clone()) },
        }
    }
}

/// The places of many rooms as one row of them, in the order of a query.
struct Merge<'a> {
    connection: &'a Connection,
    sql: String,
    condition: Condition,
    direction: Direction,
    /// The next place of each room that has one, and which lane it is of.
    heads: BTreeMap<Place, usize>,
    lanes: Vec<Lane>,
}

/// What is left of one room.
struct Lane {
    room: RoomId,
    span: Span,
    chunk: u64,
    waiting: VecDeque<Place>,
}

impl<'a> Merge<'a> {
    fn new(connection: &'a Connection, query: &MessageQuery) -> rusqlite::Result<Self> {
        let condition = Condition::of(&query.by);
        let sql = places_sql(&condition, query.direction);
        let mut lanes = Vec::with_capacity(query.rooms.len());
        for room in &query.rooms {
            let span = Span::behind(connection, *room, query)?;
            lanes.push(Lane { room: *room, span, chunk: FEW, waiting: VecDeque::new() });
        }
        let direction = query.direction;
        let heads = BTreeMap::new();
        let mut merge = Self { connection, sql, condition, direction, heads, lanes };
        for lane in 0..merge.lanes.len() {
            merge.advance(lane)?;
        }
        Ok(merge)
    }

    fn next(&mut self) -> rusqlite::Result<Option<Place>> {
        let next = match self.direction {
            Direction::Ascending => self.heads.pop_first(),
            Direction::Descending => self.heads.pop_last(),
        };
        let Some((place, lane)) = next else { return Ok(None) };
        self.advance(lane)?;
        Ok(Some(place))
    }

    /// Puts the next place of a lane among the heads.
    fn advance(&mut self, lane: usize) -> rusqlite::Result<()> {
        let Some(left) = self.lanes.get_mut(lane) else { return Ok(()) };
        if left.waiting.is_empty() && left.span.length() > 0 {
            left.fill(self.connection, &self.sql, &self.condition, self.direction)?;
        }
        if let Some(place) = left.waiting.pop_front() {
            self.heads.insert(place, lane);
        }
        Ok(())
    }
}

impl Lane {
    /// Reads the next chunk, and takes it off the span.
    fn fill(
        &mut self,
        connection: &Connection,
        sql: &str,
        condition: &Condition,
        direction: Direction,
    ) -> rusqlite::Result<()> {
        let chunk = i64::try_from(self.chunk).unwrap_or(i64::MAX);
        let (room, span) = (self.room, self.span);
        let params = params![room.bytes(), span.first, span.last, condition.param, chunk];
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        while let Some(row) = rows.next()? {
            let seq = Seq::new(row.get::<_, i64>(0)?.unsigned_abs());
            let time = Timestamp::from_millis(row.get(1)?);
            self.waiting.push_back(Place { time, room, seq });
        }
        let full = self.waiting.len() as u64 == self.chunk;
        self.span = match (self.waiting.back().filter(|_| full), direction) {
            (None, _) => Span { first: 1, last: 0 },
            (Some(place), Direction::Ascending) => Span { first: sql_seq(place.seq) + 1, ..span },
            (Some(place), Direction::Descending) => Span { last: sql_seq(place.seq) - 1, ..span },
        };
        self.chunk = (self.chunk * 2).min(MOST);
        Ok(())
    }
}

/// Reads the columns of [`select`].
fn message(row: &Row<'_>) -> rusqlite::Result<Message> {
    let seq = Seq::new(row.get::<_, i64>(1)?.unsigned_abs());
    let time: i64 = row.get(3)?;
    let amended: Option<i64> = row.get(7)?;
    let updated: Option<i64> = row.get(8)?;
    Ok(Message {
        room: RoomId::from_bytes(row.get(0)?),
        seq,
        id: EntryId::from_bytes(row.get(2)?),
        time: Timestamp::from_millis(time),
        sender: row.get(4)?,
        text: row.get(6)?,
        deleted: row.get::<_, i64>(5)? & WAS_DELETED != 0,
        version: amended.map_or(seq, |amended| Seq::new(amended.unsigned_abs())),
        updated: Timestamp::from_millis(updated.unwrap_or(time)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::connection::BASE;

    fn plan(sql: &str) -> String {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(BASE).unwrap();
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let count = statement.parameter_count();
        let nulls = vec![SqlValue::Null; count];
        let rows = statement.query_map(rusqlite::params_from_iter(nulls), |row| row.get(3));
        let lines: Vec<String> = rows.unwrap().flatten().collect();
        lines.join("; ")
    }

    #[test]
    fn a_message_is_found_by_an_index_over_ids() {
        let plan = plan(select!("id = ? AND kind = 0 ORDER BY room, seq LIMIT 1"));
        assert!(plan.contains("USING INDEX log_id (id=?)"), "{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
    }

    #[test]
    fn a_room_is_read_by_its_primary_key_in_either_direction() {
        for by in [By::Anyone, By::Others("ada".to_owned()), By::These(vec!["ada".to_owned()])] {
            for direction in [Direction::Ascending, Direction::Descending] {
                let plan = plan(&places_sql(&Condition::of(&by), direction));
                assert!(plan.contains("PRIMARY KEY (room=? AND seq>? AND seq<?)"), "{plan}");
                assert!(!plan.contains("TEMP B-TREE FOR ORDER"), "{plan}");
            }
        }
    }
}
