use std::io::Write as _;

use ihs_store::{Document, Timestamp};
use serde_json::json;

use super::*;
use crate::transfer::line::FORMAT;

fn header() -> Header {
    Header {
        format: FORMAT,
        created: Timestamp::default(),
        source: String::new(),
        collections: Vec::new(),
    }
}

fn document(number: usize) -> Document {
    Document::from_iter([("_id".to_owned(), json!(format!("{number:04}")))])
}

/// Writes documents from this one on.
fn write(writer: &mut Writer<BufWriter<&File>>, from: usize) {
    for number in from..1_200 {
        writer.document("users", &document(number)).unwrap();
    }
}

#[test]
fn a_file_that_was_cut_off_anywhere_becomes_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("whole");
    let part = Part::open(&target).unwrap();
    let mut writer = part.begin(&header()).unwrap();
    write(&mut writer, 0);
    drop(writer.end().unwrap());
    part.finish().unwrap();
    let whole = fs::read(&target).unwrap();

    for tenth in 0..=10 {
        let again = folder.path().join(format!("again {tenth}"));
        let part = Part::open(&again).unwrap();
        (&part.file).write_all(&whole[..whole.len() * tenth / 10]).unwrap();
        let writer = match part.begun().unwrap() {
            None => {
                let mut writer = part.begin(&header()).unwrap();
                write(&mut writer, 0);
                writer
            }
            Some(begun) if begun.is_complete => {
                assert_eq!(tenth, 10);
                part.finish().unwrap();
                continue;
            }
            Some(begun) => {
                let from = match &begun.position {
                    Position::Document { id, .. } => id.parse::<usize>().unwrap() + 1,
                    _ => 0,
                };
                assert!(from == 0 || tenth > 3, "{from} of {tenth}");
                let mut writer = part.resume(begun.seal).unwrap();
                write(&mut writer, from);
                writer
            }
        };
        drop(writer.end().unwrap());
        part.finish().unwrap();
        assert_eq!(fs::read(&again).unwrap(), whole, "cut off at {tenth} tenths");
    }
}

#[test]
fn nobody_else_may_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("export");
    let path = folder.path().join("export.part");
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    let part = Part::open(&target).unwrap();
    drop(part.begin(&header()).unwrap().end().unwrap());
    part.finish().unwrap();
    assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, PRIVATE);
    assert!(!path.exists());
}

#[test]
fn a_file_is_written_by_one_at_a_time_and_never_over() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("export");
    let part = Part::open(&target).unwrap();
    assert!(Part::open(&target).is_err());
    drop(part.begin(&header()).unwrap().end().unwrap());
    part.finish().unwrap();
    assert!(Part::open(&target).is_err());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
