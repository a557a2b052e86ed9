use rusqlite::params;
use tokio::sync::oneshot;

use super::*;
use crate::embedded::{connection, recent::Look};

/// A session on a database that cannot grow beyond so many pages.
fn session(folder: &tempfile::TempDir, pages: u32) -> Session {
    let connection = connection::writer(&folder.path().join("test.db")).unwrap();
    connection.execute_batch("CREATE TABLE filled (text TEXT)").unwrap();
    connection.pragma_update(None, "max_page_count", pages).unwrap();
    Session {
        connection,
        schema: Arc::default(),
        pending: Pending::default(),
        keys: Keys::default(),
        changing: Changing::new(Arc::new(Recent::new(0))),
        maker: Maker::idle(),
    }
}

fn writer(folder: &tempfile::TempDir, pages: u32) -> Writer {
    Writer {
        session: session(folder, pages),
        published: Arc::default(),
        pages: Arc::default(),
        checkpoint: bounded(1).0,
    }
}

/// A job that stores a text of this size, and its answer.
fn fill(bytes: usize) -> (Job, oneshot::Receiver<Result<(), StoreError>>) {
    let (reply, answer) = oneshot::channel();
    let work = move |session: &mut Session| {
        let text = "x".repeat(bytes);
        session.connection.execute("INSERT INTO filled VALUES (?)", params![text])?;
        Ok(())
    };
    (job(Arc::default(), reply, Apart::Wholly, work), answer)
}

fn run(writer: &mut Writer, sizes: &[usize]) -> Vec<Option<StoreError>> {
    let (mut group, answers): (Vec<Job>, Vec<_>) = sizes.iter().map(|bytes| fill(*bytes)).unzip();
    let lost = writer.transact(&mut group).err();
    if lost.is_some() {
        writer.forget();
    }
    for job in group {
        job.answer(lost.as_ref());
    }
    answers.into_iter().map(|mut answer| answer.try_recv().unwrap().err()).collect()
}

fn stored(writer: &Writer) -> i64 {
    let sql = "SELECT count(*) FROM filled";
    writer.session.connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn what_does_not_fit_the_disk_is_undone_and_the_writer_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = writer(&folder, 50);
    let outcomes = run(&mut writer, &[10, 1_000_000, 10]);
    let failed: Vec<&StoreError> = outcomes.iter().flatten().collect();
    assert!(failed.iter().all(|error| matches!(error, StoreError::Unavailable(_))), "{failed:?}");
    assert!(outcomes[1].is_some());
    let kept = outcomes.iter().filter(|outcome| outcome.is_none()).count();
    assert_eq!(stored(&writer), i64::try_from(kept).unwrap());
    assert!(run(&mut writer, &[10])[0].is_none());
}

#[test]
fn a_refused_piece_of_work_undoes_only_itself() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = writer(&folder, 10_000);
    let (reply, mut answer) = oneshot::channel::<Result<(), StoreError>>();
    let refused = |session: &mut Session| {
        session.connection.execute("INSERT INTO filled VALUES ('gone')", [])?;
        Err(StoreError::Unmatched { write: 0 }.into())
    };
    let mut group =
        vec![fill(10).0, job(Arc::default(), reply, Apart::Wholly, refused), fill(10).0];
    writer.transact(&mut group).unwrap();
    for job in group {
        job.answer(None);
    }
    let answer = answer.try_recv().unwrap();
    assert!(matches!(answer, Err(StoreError::Unmatched { .. })), "{answer:?}");
    assert_eq!(stored(&writer), 2);
}

#[test]
fn a_transaction_that_is_lost_is_said_to_everybody_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = writer(&folder, 10_000);
    let (reply, mut answer) = oneshot::channel::<Result<(), StoreError>>();
    let ending = |session: &mut Session| {
        session.connection.execute_batch("ROLLBACK")?;
        Err(rusqlite::Error::InvalidQuery.into())
    };
    let (first, mut first_answer) = fill(10);
    let mut group = vec![first, job(Arc::default(), reply, Apart::Wholly, ending)];
    let lost = writer.transact(&mut group).unwrap_err();
    writer.forget();
    for job in group {
        job.answer(Some(&lost));
    }
    for outcome in [first_answer.try_recv().unwrap(), answer.try_recv().unwrap()] {
        assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    }
    assert_eq!(stored(&writer), 0);
}

#[test]
fn what_a_lost_transaction_was_to_change_may_be_held_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = writer(&folder, 10_000);
    let recent = Arc::new(Recent::new(1 << 20));
    writer.session.changing = Changing::new(Arc::clone(&recent));
    let (reply, mut answer) = oneshot::channel::<Result<(), StoreError>>();
    let lost = |session: &mut Session| {
        session.changing.change("things", "a");
        session.connection.execute_batch("ROLLBACK")?;
        Err(rusqlite::Error::InvalidQuery.into())
    };
    let (queue, jobs) = bounded(1);
    queue.send(job(Arc::default(), reply, Apart::Wholly, lost)).unwrap();
    drop(queue);
    writer.run(&jobs);
    assert!(matches!(answer.try_recv().unwrap(), Err(StoreError::Unavailable(_))));
    let Look::Missing(place) = recent.look("things", "a") else {
        panic!("it was never held");
    };
    recent.keep(place, "as before");
    assert!(matches!(recent.look("things", "a"), Look::Held(_)));
}
