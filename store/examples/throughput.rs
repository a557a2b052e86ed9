//! Measures the embedded store: durable messages a second over many rooms, inserts, and a
//! substring search over many documents.
//!
//!     cargo run --release -p ihs-store --example throughput [rooms] [batch] [documents]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ihs_config::StoreSettings;
use ihs_store::{
    Body, Collection, EntryId, Filter, Ids, Index, LogEntry, ObjectIds, Query, RoomId, Seq, Sort,
    Store, Timestamp, Write, embedded::Embedded,
};
use serde_json::{Value, json};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// How long the appends are measured.
const SPAN: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Outcome {
    let mut arguments = std::env::args().skip(1);
    let mut number = |otherwise: u64| -> u64 {
        let argument = arguments.next();
        argument.and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let (rooms, batch, documents) = (number(100), number(10), number(100_000));
    let folder = tempfile::tempdir_in(".")?;
    let store = Embedded::open(folder.path(), &StoreSettings::default()).await?;
    let store = Arc::new(store);
    for keyed in [false, true] {
        append(&store, rooms, batch, keyed).await?;
    }
    if documents > 0 {
        insert(&store, documents).await?;
        search(&store).await?;
    }
    store.close().await;
    Ok(())
}

async fn append(store: &Arc<Embedded>, rooms: u64, batch: u64, keyed: bool) -> Outcome {
    let (start, cpu) = (Instant::now(), cpu_time());
    let tasks: Vec<_> = (0..rooms)
        .map(|_| tokio::spawn(fill_room(Arc::clone(store), batch, keyed, start + SPAN)))
        .collect();
    let mut stored = 0;
    for task in tasks {
        stored += task.await?;
    }
    report(if keyed { "append, with keys" } else { "append" }, stored, start, cpu);
    Ok(())
}

async fn fill_room(store: Arc<Embedded>, batch: u64, keyed: bool, end: Instant) -> u64 {
    let room = RoomId::from_bytes(ObjectIds.next());
    let mut seq = Seq::ZERO;
    while Instant::now() < end {
        let entries = (1..=batch).map(|step| entry(seq.plus(step), keyed)).collect();
        match store.append(room, entries).await {
            Ok(appended) => seq = seq.plus(appended.stored as u64),
            Err(error) => eprintln!("{error:?}"),
        }
    }
    seq.get()
}

fn entry(seq: Seq, keyed: bool) -> LogEntry {
    let id = EntryId::from_bytes(ObjectIds.next());
    LogEntry {
        seq,
        id,
        time: Timestamp::from_millis(1_800_000_000_000),
        sender: format!("user{}", seq.get() % 10),
        key: keyed.then(|| {
            // As spread as the random keys of clients.
            let spread = seq.get().wrapping_mul(0x9E37_79B9_7F4A_7C15);
            format!("{spread:016x}-{id}")
        }),
        body: Body::message("a message of ordinary length, as people write them"),
    }
}

async fn insert(store: &Arc<Embedded>, documents: u64) -> Outcome {
    let people = Collection {
        name: "people",
        indexes: vec![Index::plain("owner", &["owner"]), Index::unique("user", &["user"])],
        searched: vec!["name"],
    };
    store.prepare(&[people]).await?;
    let (start, cpu) = (Instant::now(), cpu_time());
    let tasks: Vec<_> = (0..64)
        .map(|lane| {
            let store = Arc::clone(store);
            tokio::spawn(async move {
                for number in (lane..documents).step_by(64) {
                    let document = person(number);
                    let insert = Write::Insert { collection: "people", document };
                    if let Err(error) = store.commit(vec![insert]).await {
                        eprintln!("{error:?}");
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await?;
    }
    report("insert", documents, start, cpu);
    Ok(())
}

fn person(number: u64) -> serde_json::Map<String, Value> {
    const FIRST: [&str; 8] = ["Ada", "Alan", "Mohammad", "Zahra", "علی", "مریم", "José", "Noor"];
    const LAST: [&str; 8] =
        ["Ahmadi", "Turing", "Karimi", "کریمی", "Lovelace", "Smith", "Díaz", "Li"];
    let pick = |names: [&'static str; 8], salt: u64| -> &'static str {
        let spread = (number + salt).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 61;
        names[usize::try_from(spread).unwrap_or(0)]
    };
    let person = json!({
        "_id": format!("{number:024x}"), "owner": format!("user{}", number % 1_000),
        "user": format!("u{number}"), "name": format!("{} {} {number}", pick(FIRST, 0), pick(LAST, 7)),
        "time": "2026-11-23T19:00:00.000Z", "text": "some text of the record, so that it has a size",
    });
    match person {
        Value::Object(map) => map,
        _ => serde_json::Map::new(),
    }
}

async fn search(store: &Arc<Embedded>) -> Outcome {
    let contains = |needle: &str| Filter::Contains("name", needle.to_owned());
    let owned = Filter::eq("owner", "user7");
    for (what, filter) in [
        ("needle of 8, many matches", contains("mohammad")),
        ("needle of 3, many matches", contains("ada")),
        ("needle of 5, few matches", contains("99999")),
        ("needle of 2, many matches", contains("sm")),
        ("needle of 8 and an owner", owned.clone().and(contains("mohammad"))),
        ("owner", owned),
    ] {
        let sort = vec![Sort::descending("_id")];
        let query = Query::new("people", filter.clone(), 25).sorted(sort);
        let start = Instant::now();
        let found = store.find(query).await?.len();
        let listed = start.elapsed();
        let start = Instant::now();
        let count = store.count("people", filter).await?;
        println!("{what}: {found} in {listed:?}, {count} counted in {:?}", start.elapsed());
    }
    Ok(())
}

fn report(what: &str, count: u64, start: Instant, cpu: Duration) {
    let count = u32::try_from(count).unwrap_or(u32::MAX).max(1);
    let (wall, cpu) = (start.elapsed(), cpu_time().saturating_sub(cpu));
    let rate = f64::from(count) / wall.as_secs_f64();
    println!("{what}: {count} in {wall:.2?}, {rate:.0}/s, {:.2?} CPU each", cpu / count);
}

/// The CPU time of this process so far, from the kernel, in clock ticks of 10 ms.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = fields.split_whitespace().skip(11).take(2).flat_map(str::parse::<u64>).sum();
    Duration::from_millis(ticks * 10)
}
