//! SQLite connections: how they are opened and what they are set to.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, config::DbConfig};

/// The format of the database that this version writes: SQLite's `user_version`.
pub(super) const FORMAT: i64 = 2;

/// `IHS1`, as SQLite's `application_id`.
pub(super) const APPLICATION: i32 = 0x4948_5331;

/// How many prepared statements a connection keeps.
const STATEMENTS: usize = 256;

/// The log of all rooms, and the keys in it (see [`super::keys`]). `amended` and `updated` are seq and
/// time of the last entry that changed a message. The indexes have only what is looked for by them:
/// the edits that a deletion finds, messages by their ids (which grow, and so cost little), and what
/// is not a message, by which messages are counted without looking at them. Beside it, the version
/// of the folding of each search table.
pub(super) const BASE: &str = "
    CREATE TABLE IF NOT EXISTS log (
        room BLOB NOT NULL,
        seq INTEGER NOT NULL,
        id BLOB NOT NULL,
        time INTEGER NOT NULL,
        sender TEXT NOT NULL,
        key TEXT,
        kind INTEGER NOT NULL,
        flags INTEGER NOT NULL,
        target INTEGER,
        text TEXT NOT NULL,
        amended INTEGER,
        updated INTEGER,
        PRIMARY KEY (room, seq)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS log_target ON log (room, target) WHERE target IS NOT NULL;
    CREATE INDEX IF NOT EXISTS log_id ON log (id) WHERE kind = 0;
    CREATE INDEX IF NOT EXISTS log_other ON log (room, seq) WHERE kind <> 0;
    CREATE TABLE IF NOT EXISTS log_keys (
        room BLOB NOT NULL,
        sender TEXT NOT NULL,
        key TEXT NOT NULL,
        seq INTEGER NOT NULL,
        PRIMARY KEY (room, sender, key)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS search_folding (
        collection TEXT NOT NULL PRIMARY KEY,
        version INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS log_keyed (
        room BLOB NOT NULL PRIMARY KEY,
        upto INTEGER NOT NULL
    ) WITHOUT ROWID;
";

/// What format 1 lacked, apart from indexes.
const FROM_1: &str =
    "ALTER TABLE log ADD COLUMN amended INTEGER; ALTER TABLE log ADD COLUMN updated INTEGER;";

/// Opens the connection that writes, making the database when it is new.
pub(super) fn writer(file: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA wal_autocheckpoint = 0;
         PRAGMA journal_size_limit = 67108864;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -65536;",
    )?;
    let format: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let upgrade = if format == 1 { FROM_1 } else { "" };
    connection.execute_batch(&format!(
        "BEGIN IMMEDIATE;
         {upgrade}
         PRAGMA application_id = {APPLICATION};
         PRAGMA user_version = {FORMAT};
         {BASE}
         COMMIT;"
    ))?;
    keep_plans(&connection)?;
    Ok(connection)
}

/// Opens a connection that reads. The database is not mapped into memory: SQLite gives a mapping up
/// whenever somebody has written, so next to every read would make, fill and remove one.
pub(super) fn reader(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.execute_batch(
        "PRAGMA query_only = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -16384;",
    )?;
    keep_plans(&connection)?;
    Ok(connection)
}

/// Keeps prepared statements, whatever is bound to them: otherwise SQLite prepares one anew when
/// a parameter stands where another value could have meant another plan.
fn keep_plans(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Opens the connection that moves the write-ahead log into the database.
pub(super) fn checkpointer(file: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;")?;
    Ok(connection)
}
