//! What is held is what the database shows, whoever comes between.

use ihs_config::StoreSettings;
use proptest::prelude::*;

use super::*;
use crate::{Change, Collection, Document, Filter, Store, Write, embedded::Embedded};

const THINGS: &str = "things";

/// Enough for whatever is in these tests.
const PLENTY: usize = 1 << 20;

const IDS: usize = 3;
const READERS: usize = 4;

fn held(recent: &Recent, id: &str) -> Option<String> {
    match recent.look(THINGS, id) {
        Look::Held(text) => Some(text.as_ref().to_owned()),
        Look::Missing(_) => None,
    }
}

fn put(recent: &Recent, id: &str, text: &str) {
    if let Look::Missing(place) = recent.look(THINGS, id) {
        recent.keep(place, text);
    }
}

fn bytes(recent: &Recent) -> usize {
    recent.parts.iter().map(|part| part.lock().bytes).sum()
}

/// One step of those who read, and of the one who writes.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// A reader looks, and is to read if there is nothing.
    Look { reader: usize, id: usize },
    /// It reads what the database shows.
    Read(usize),
    /// It puts in what it has read.
    Keep(usize),
    /// The writer changes a document.
    Change(usize),
    /// It commits, or undoes what it did.
    Commit(bool),
    /// It says that it has.
    End,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..READERS, 0..IDS).prop_map(|(reader, id)| Step::Look { reader, id }),
        4 => (0..READERS).prop_map(Step::Read),
        4 => (0..READERS).prop_map(Step::Keep),
        2 => (0..IDS).prop_map(Step::Change),
        1 => any::<bool>().prop_map(Step::Commit),
        2 => Just(Step::End),
    ]
}

/// Where a reader is.
enum Reader {
    Idle,
    Waiting { place: Place, id: usize },
    Done { place: Place, text: String },
}

/// A database with one document for each id, and those who use it.
struct World {
    recent: Arc<Recent>,
    changing: Changing,
    readers: [Reader; READERS],
    shown: [u32; IDS],
    written: [u32; IDS],
    last: u32,
    is_over: bool,
}

impl World {
    fn new() -> Self {
        let recent = Arc::new(Recent::new(PLENTY));
        Self {
            changing: Changing::new(Arc::clone(&recent)),
            recent,
            readers: std::array::from_fn(|_| Reader::Idle),
            shown: [0; IDS],
            written: [0; IDS],
            last: 0,
            is_over: false,
        }
    }

    /// Does a step. What was held is answered, with what the database shows.
    fn step(&mut self, step: Step) -> Option<(String, String)> {
        match step {
            Step::Look { reader, id } => match self.recent.look(THINGS, &id.to_string()) {
                Look::Held(text) => return Some((text.to_string(), self.shown[id].to_string())),
                Look::Missing(place) => self.readers[reader] = Reader::Waiting { place, id },
            },
            Step::Read(reader) => {
                self.readers[reader] = match self.take(reader) {
                    Reader::Waiting { place, id } => {
                        Reader::Done { place, text: self.shown[id].to_string() }
                    }
                    other => other,
                }
            }
            Step::Keep(reader) => match self.take(reader) {
                Reader::Done { place, text } => self.recent.keep(place, &text),
                other => self.readers[reader] = other,
            },
            Step::Change(id) if !self.is_over => {
                self.changing.change(THINGS, &id.to_string());
                self.last += 1;
                self.written[id] = self.last;
            }
            Step::Commit(done) if !self.is_over => {
                if done {
                    self.shown = self.written;
                }
                self.is_over = true;
            }
            // It says so before it writes anything else.
            Step::Change(_) | Step::Commit(_) => {}
            Step::End => {
                self.written = self.shown;
                self.changing.end();
                self.is_over = false;
            }
        }
        None
    }

    fn take(&mut self, reader: usize) -> Reader {
        std::mem::replace(&mut self.readers[reader], Reader::Idle)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn nobody_gets_what_the_database_does_not_show(
        steps in prop::collection::vec(step(), 1..100)
    ) {
        let mut world = World::new();
        for step in steps {
            if let Some((held, shown)) = world.step(step) {
                prop_assert_eq!(held, shown);
            }
        }
    }

    #[test]
    fn no_more_is_held_than_may_be(sizes in prop::collection::vec(0..2_000_usize, 1..200)) {
        let most = PARTS * 4_000;
        let recent = Arc::new(Recent::new(most));
        let mut changing = Changing::new(Arc::clone(&recent));
        for (number, size) in sizes.iter().enumerate() {
            let id = (number % 40).to_string();
            if number % 7 == 0 {
                changing.change(THINGS, &id);
                changing.end();
            }
            put(&recent, &id, &"x".repeat(*size));
            prop_assert!(bytes(&recent) <= most);
        }
        for id in 0..40 {
            changing.change(THINGS, &id.to_string());
        }
        prop_assert_eq!(bytes(&recent), 0);
    }
}

#[test]
fn what_was_read_is_held_until_it_changes_and_again_afterwards() {
    let recent = Arc::new(Recent::new(PLENTY));
    let mut changing = Changing::new(Arc::clone(&recent));
    put(&recent, "a", "old");
    assert_eq!(held(&recent, "a").as_deref(), Some("old"));
    changing.change(THINGS, "a");
    put(&recent, "a", "old");
    assert_eq!(held(&recent, "a"), None);
    changing.end();
    put(&recent, "a", "new");
    assert_eq!(held(&recent, "a").as_deref(), Some("new"));
    assert_eq!(held(&recent, "b"), None);
}

#[test]
fn the_same_id_elsewhere_is_another_document() {
    let recent = Recent::new(PLENTY);
    put(&recent, "a", "a thing");
    assert!(matches!(recent.look("others", "a"), Look::Missing(_)));
}

#[test]
fn large_ones_are_not_held_and_none_where_nothing_may_be() {
    let recent = Recent::new(PLENTY);
    put(&recent, "a", &"x".repeat(PLENTY / PARTS / LARGEST));
    assert_eq!(held(&recent, "a"), None);
    let none = Recent::new(0);
    put(&none, "a", "");
    assert_eq!(held(&none, "a"), None);
}

#[tokio::test]
async fn what_the_store_has_read_by_its_id_it_holds_until_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open(folder.path(), &StoreSettings::default()).await.unwrap();
    let things = Collection { name: THINGS, indexes: Vec::new(), searched: Vec::new() };
    store.prepare(&[things]).await.unwrap();
    let document = Document::from_iter([("_id".to_owned(), "a".into())]);
    store.commit(vec![Write::Insert { collection: THINGS, document }]).await.unwrap();
    assert_eq!(held(&store.recent, "a"), None);
    store.get(THINGS, "a").await.unwrap();
    assert_eq!(held(&store.recent, "a").as_deref(), Some(r#"{"_id":"a"}"#));
    let (filter, change) = (Filter::id("a"), Change::set("n", 1));
    store.commit(vec![Write::Update { collection: THINGS, filter, change }]).await.unwrap();
    assert_eq!(held(&store.recent, "a"), None);
    store.get(THINGS, "a").await.unwrap();
    assert_eq!(held(&store.recent, "a").as_deref(), Some(r#"{"_id":"a","n":1}"#));
}
