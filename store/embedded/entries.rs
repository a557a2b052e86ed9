//! The log of rooms: how it is appended to and read.

use std::borrow::Cow;

use rusqlite::{Connection, OptionalExtension, Row, Statement, params};
use serde::{Deserialize, Serialize};

use super::{
    fault::{Fault, failed},
    keys::Keys,
};
use crate::{
    id::{EntryId, RoomId, Seq},
    log::{Appended, Body, LogEntry, Stop},
    time::Timestamp,
};

const MESSAGE: i64 = 0;
const EDITED: i64 = 1;
const DELETED: i64 = 2;
const MEMBERS: i64 = 3;

/// Flags of a message.
const WAS_EDITED: i64 = 1;
/// It was deleted.
pub(super) const WAS_DELETED: i64 = 2;

const INSERT: &str = "INSERT INTO log (room, seq, id, time, sender, key, kind, flags, target, text)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// The columns that [`entry`] reads.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT seq, id, time, sender, key, kind, flags, target, text FROM log WHERE room = ?1 ",
            $rest
        )
    };
}

/// The members that came and went, as the text of an entry.
#[derive(Serialize, Deserialize)]
struct Members {
    added: Vec<String>,
    removed: Vec<String>,
}

/// Whether an entry's insertion alone is not all that appending it does.
pub(super) fn changes_another(entry: &LogEntry) -> bool {
    matches!(entry.body, Body::Edited { .. } | Body::Deleted { .. })
}

/// Whether entries are new or were in a log before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// What they would change must still be there.
    New,
    /// What they changed may have been deleted by later ones.
    Restored,
}

/// Appends until an entry cannot be. The transaction has the only writer, so that nothing comes
/// between the look at the head and the insertion. After an error the outcome is unknown, unless
/// the caller undoes what was inserted before it.
pub(super) fn append(
    connection: &Connection,
    keys: &mut Keys,
    room: RoomId,
    entries: &[LogEntry],
    origin: Origin,
) -> Result<Appended, Fault> {
    let mut head = head_seq(connection, room)?;
    let mut insert = connection.prepare_cached(INSERT)?;
    for (stored, entry) in entries.iter().enumerate() {
        let stop = |stop| Appended { stored, stop: Some(stop) };
        if entry.seq != head.next() {
            return Ok(stop(Stop::SeqTaken));
        }
        let key = entry.key.clone().map(|key| (entry.sender.clone(), key));
        if let Some(key) = &key
            && let Some(first) = keys.find(connection, room, key)?
        {
            let first = at(connection, room, first)?;
            return Ok(stop(Stop::KeyTaken(Box::new(first))));
        }
        if let Body::Edited { target, .. } | Body::Deleted { target } = &entry.body
            && origin == Origin::New
            && is_deleted(connection, room, *target)?
        {
            return Ok(stop(Stop::TargetGone));
        }
        insert_entry(connection, &mut insert, room, entry)?;
        if let Some(key) = key {
            keys.add(connection, room, key, entry.seq)?;
        }
        keys.passed(connection, room, entry.seq)?;
        head = entry.seq;
    }
    Ok(Appended { stored: entries.len(), stop: None })
}

/// Inserts an entry and does to its target what it says.
fn insert_entry(
    connection: &Connection,
    insert: &mut Statement<'_>,
    room: RoomId,
    entry: &LogEntry,
) -> Result<(), Fault> {
    let (kind, flags, target, text) = columns(&entry.body)?;
    insert.execute(params![
        room.bytes(),
        sql_seq(entry.seq),
        entry.id.bytes(),
        entry.time.millis(),
        entry.sender,
        entry.key,
        kind,
        flags,
        target,
        &*text,
    ])?;
    match &entry.body {
        Body::Edited { target, text } => edit(connection, room, entry, *target, text)?,
        Body::Deleted { target } => delete(connection, room, entry, *target)?,
        Body::Message { .. } | Body::Members { .. } => {}
    }
    Ok(())
}

/// A body's kind, flags, target and text.
fn columns(body: &Body) -> Result<(i64, i64, Option<i64>, Cow<'_, str>), Fault> {
    Ok(match body {
        Body::Message { text, edited, deleted } => {
            let flags = i64::from(*edited) * WAS_EDITED + i64::from(*deleted) * WAS_DELETED;
            (MESSAGE, flags, None, Cow::Borrowed(text.as_str()))
        }
        Body::Edited { target, text } => {
            (EDITED, 0, Some(sql_seq(*target)), Cow::Borrowed(text.as_str()))
        }
        Body::Deleted { target } => (DELETED, 0, Some(sql_seq(*target)), Cow::Borrowed("")),
        Body::Members { added, removed } => {
            let members = Members { added: added.clone(), removed: removed.clone() };
            let text = serde_json::to_string(&members).map_err(failed)?;
            (MEMBERS, 0, None, Cow::Owned(text))
        }
    })
}

fn is_deleted(connection: &Connection, room: RoomId, target: Seq) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM log WHERE room = ? AND seq = ? AND kind = 0 AND flags & 2")?
        .exists(params![room.bytes(), sql_seq(target)])
}

fn edit(
    connection: &Connection,
    room: RoomId,
    by: &LogEntry,
    target: Seq,
    text: &str,
) -> rusqlite::Result<()> {
    let (amended, updated) = (sql_seq(by.seq), by.time.millis());
    connection
        .prepare_cached(
            "UPDATE log SET text = ?, flags = flags | 1, amended = ?, updated = ?
             WHERE room = ? AND seq = ? AND kind = 0 AND NOT flags & 2",
        )?
        .execute(params![text, amended, updated, room.bytes(), sql_seq(target)])?;
    Ok(())
}

fn delete(
    connection: &Connection,
    room: RoomId,
    by: &LogEntry,
    target: Seq,
) -> rusqlite::Result<()> {
    let (amended, updated) = (sql_seq(by.seq), by.time.millis());
    let deleted = connection
        .prepare_cached(
            "UPDATE log SET text = '', flags = flags | 2, amended = ?, updated = ?
             WHERE room = ? AND seq = ? AND kind = 0",
        )?
        .execute(params![amended, updated, room.bytes(), sql_seq(target)])?;
    if deleted > 0 {
        connection
            .prepare_cached("UPDATE log SET text = '' WHERE room = ? AND target = ? AND kind = 1")?
            .execute(params![room.bytes(), sql_seq(target)])?;
    }
    Ok(())
}

/// The entries behind `after`, ascending.
pub(super) fn after(
    connection: &Connection,
    room: RoomId,
    after: Seq,
    limit: u64,
) -> Result<Vec<LogEntry>, Fault> {
    let sql = select!("AND seq > ? ORDER BY seq LIMIT ?");
    list(connection, sql, room, after, limit)
}

/// The last messages before `before`, ascending.
pub(super) fn before(
    connection: &Connection,
    room: RoomId,
    before: Seq,
    limit: u64,
) -> Result<Vec<LogEntry>, Fault> {
    let sql = select!("AND seq < ? AND kind = 0 ORDER BY seq DESC LIMIT ?");
    let mut entries = list(connection, sql, room, before, limit)?;
    entries.reverse();
    Ok(entries)
}

fn list(
    connection: &Connection,
    sql: &str,
    room: RoomId,
    bound: Seq,
    limit: u64,
) -> Result<Vec<LogEntry>, Fault> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![room.bytes(), sql_seq(bound), limit])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(entry(row)?);
    }
    Ok(entries)
}

/// The last entry.
pub(super) fn head(connection: &Connection, room: RoomId) -> Result<Option<LogEntry>, Fault> {
    let mut statement = connection.prepare_cached(select!("ORDER BY seq DESC LIMIT 1"))?;
    let mut rows = statement.query([room.bytes()])?;
    rows.next()?.map(entry).transpose()
}

/// The seq of the last entry; 0 when there is none.
pub(super) fn head_seq(connection: &Connection, room: RoomId) -> rusqlite::Result<Seq> {
    let mut statement = connection
        .prepare_cached("SELECT seq FROM log WHERE room = ? ORDER BY seq DESC LIMIT 1")?;
    let head: Option<i64> = statement.query_row([room.bytes()], |row| row.get(0)).optional()?;
    Ok(Seq::new(head.unwrap_or(0).unsigned_abs()))
}

/// The entry with this seq, which is there.
fn at(connection: &Connection, room: RoomId, seq: Seq) -> Result<LogEntry, Fault> {
    let mut statement = connection.prepare_cached(select!("AND seq = ?"))?;
    let mut rows = statement.query(params![room.bytes(), sql_seq(seq)])?;
    match rows.next()? {
        Some(row) => entry(row),
        None => Err(failed("the log lacks an entry that its keys name").into()),
    }
}

/// How many messages behind `after` others sent, up to `limit`.
pub(super) fn unread(
    connection: &Connection,
    room: RoomId,
    after: Seq,
    reader: &str,
    limit: u64,
) -> Result<u64, Fault> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(
        "SELECT count(*) FROM (SELECT 1 FROM log WHERE room = ? AND seq > ? AND kind = 0
         AND NOT flags & 2 AND sender <> ? LIMIT ?)",
    )?;
    let params = params![room.bytes(), sql_seq(after), reader, limit];
    let count = statement.query_row(params, |row| row.get(0));
    Ok(count.map(i64::unsigned_abs)?)
}

/// Reads the columns of [`select`].
fn entry(row: &Row<'_>) -> Result<LogEntry, Fault> {
    let flags: i64 = row.get(6)?;
    let text: String = row.get(8)?;
    let target = || row.get(7).map(|target: i64| Seq::new(target.unsigned_abs()));
    let body = match row.get::<_, i64>(5)? {
        MESSAGE => Body::Message {
            text,
            edited: flags & WAS_EDITED != 0,
            deleted: flags & WAS_DELETED != 0,
        },
        EDITED => Body::Edited { target: target()?, text },
        DELETED => Body::Deleted { target: target()? },
        MEMBERS => {
            let members: Members = serde_json::from_str(&text).map_err(failed)?;
            Body::Members { added: members.added, removed: members.removed }
        }
        kind => return Err(failed(format!("a log entry of unknown kind {kind}")).into()),
    };
    Ok(LogEntry {
        seq: Seq::new(row.get::<_, i64>(0)?.unsigned_abs()),
        id: EntryId::from_bytes(row.get(1)?),
        time: Timestamp::from_millis(row.get(2)?),
        sender: row.get(3)?,
        key: row.get(4)?,
        body,
    })
}

/// SQLite's integers end at 2^63; so do logs.
pub(super) fn sql_seq(seq: Seq) -> i64 {
    i64::try_from(seq.get()).unwrap_or(i64::MAX)
}
