use ihs_store::{Body, Document, EntryId, LogEntry, RoomId, Seq, Timestamp};
use proptest::{collection::vec, option, prelude::*, sample::Index};
use serde_json::{Value, json};

use super::*;
use crate::transfer::{line::Part, seal::RUN_ITEMS, writer::Writer};

fn header() -> Header {
    let part = Part { name: "users".to_owned(), documents: Some(7) };
    Header {
        format: FORMAT,
        created: Timestamp::from_millis(1_800_000_000_000),
        source: "0123456789abcdef".to_owned(),
        collections: vec![part],
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e300..1e300).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            vec((any::<String>(), inner), 0..3)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn document() -> impl Strategy<Value = Item> {
    ("[a-z]{1,8}", vec((any::<String>(), value()), 0..4)).prop_map(|(collection, fields)| {
        let mut document = Document::from_iter([("_id".to_owned(), json!("1"))]);
        document.extend(fields);
        Item::Document { collection, document }
    })
}

fn body() -> impl Strategy<Value = Body> {
    let names = || vec("[a-zا-ی]{1,5}", 0..3);
    prop_oneof![
        (any::<String>(), any::<bool>(), any::<bool>())
            .prop_map(|(text, edited, deleted)| Body::Message { text, edited, deleted }),
        (any::<u64>(), any::<String>())
            .prop_map(|(target, text)| Body::Edited { target: Seq::new(target), text }),
        any::<u64>().prop_map(|target| Body::Deleted { target: Seq::new(target) }),
        (names(), names()).prop_map(|(added, removed)| Body::Members { added, removed }),
    ]
}

fn entry() -> impl Strategy<Value = Item> {
    let ids = (any::<[u8; 12]>(), any::<[u8; 12]>());
    let texts = (any::<String>(), option::of(any::<String>()));
    (ids, any::<u64>(), 0..4_000_000_000_000_i64, texts, body()).prop_map(
        |((room, id), seq, time, (sender, key), body)| Item::Entry {
            room: RoomId::from_bytes(room),
            entry: LogEntry {
                seq: Seq::new(seq),
                id: EntryId::from_bytes(id),
                time: Timestamp::from_millis(time),
                sender,
                key,
                body,
            },
        },
    )
}

/// Some items, now and then enough of them for checkpoints.
fn items() -> impl Strategy<Value = Vec<Item>> {
    let few = vec(prop_oneof![document(), entry()], 0..6);
    (few, prop_oneof![4 => Just(1_usize), 1 => 100_usize..400])
        .prop_map(|(few, times)| few.iter().cycle().take(few.len() * times).cloned().collect())
}

fn written(items: &[Item]) -> Vec<u8> {
    let mut writer = Writer::begin(Vec::new(), &header()).unwrap();
    for item in items {
        writer.item(Written::from(item)).unwrap();
    }
    writer.end().unwrap().0
}

fn read(bytes: &[u8]) -> Result<Vec<Item>, Broken> {
    let mut reader = Reader::open(bytes)?;
    let mut items = Vec::new();
    while let Some(run) = reader.next_run()? {
        items.extend(run.items);
    }
    Ok(items)
}

fn lines(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_is_written_is_read(items in items()) {
        prop_assert_eq!(read(&written(&items)).unwrap(), items);
    }

    #[test]
    fn a_bit_that_flips_is_found(items in items(), at: Index, bit in 0..8_u8) {
        let mut bytes = written(&items);
        let at = at.index(bytes.len());
        bytes[at] ^= 1_u8 << bit;
        prop_assert!(read(&bytes).is_err());
    }

    #[test]
    fn a_line_that_is_gone_is_found(items in items(), at: Index) {
        let mut lines = lines(&written(&items));
        lines.remove(at.index(lines.len()));
        prop_assert!(read(&lines.concat()).is_err());
    }

    #[test]
    fn a_line_that_comes_twice_is_found(items in items(), at: Index) {
        let mut lines = lines(&written(&items));
        let at = at.index(lines.len());
        lines.insert(at, lines[at].clone());
        prop_assert!(read(&lines.concat()).is_err());
    }

    #[test]
    fn lines_that_change_places_are_found(items in items(), one: Index, other: Index) {
        let mut lines = lines(&written(&items));
        let (one, other) = (one.index(lines.len()), other.index(lines.len()));
        prop_assume!(lines[one] != lines[other]);
        lines.swap(one, other);
        prop_assert!(read(&lines.concat()).is_err());
    }

    #[test]
    fn an_end_that_is_cut_off_is_found(items in items(), at: Index) {
        let bytes = written(&items);
        prop_assert!(read(&bytes[..at.index(bytes.len())]).is_err());
    }
}

#[test]
fn items_come_in_runs_that_a_checkpoint_has_confirmed() {
    let item = Item::Document {
        collection: "users".to_owned(),
        document: Document::from_iter([("_id".to_owned(), json!("1"))]),
    };
    let count = usize::try_from(RUN_ITEMS).unwrap();
    let bytes = written(&vec![item; 2 * count + 1]);
    let mut reader = Reader::open(&*bytes).unwrap();
    let mut runs = Vec::new();
    while let Some(run) = reader.next_run().unwrap() {
        runs.push((run.items.len(), run.is_last));
    }
    assert_eq!(runs, [(count, false), (count, false), (1, true)]);

    let mut damaged = lines(&bytes);
    damaged[count + 5].copy_within(..1, 2);
    let damaged = damaged.concat();
    let mut reader = Reader::open(&*damaged).unwrap();
    assert!(reader.next_run().is_ok(), "what stands before is good");
    assert!(reader.next_run().is_err());
}

#[test]
fn other_files_and_formats_are_named() {
    assert!(matches!(read(b"{\"users\": []}\n"), Err(Broken::NoExport)));
    assert!(matches!(read(b""), Err(Broken::CutOff { number: 0 })));
    let newer = Header { format: FORMAT + 1, ..header() };
    let bytes = Writer::begin(Vec::new(), &newer).unwrap().end().unwrap().0;
    assert!(matches!(read(&bytes), Err(Broken::Format { found }) if found == FORMAT + 1));
}

#[test]
fn what_follows_the_end_is_found() {
    let mut bytes = written(&[]);
    bytes.push(b'\n');
    assert!(matches!(read(&bytes), Err(Broken::Trailing { .. })));
}
