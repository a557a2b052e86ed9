//! What callers are told when a transaction ends well, or does not.

use tokio::sync::oneshot;

use super::*;

fn session() -> Session {
    Session {
        connection: Connection::open_in_memory().unwrap(),
        schema: Arc::new(Schema::default()),
        pending: Pending::default(),
        keys: Keys::default(),
        changing: Changing::new(Arc::new(Recent::new(0))),
        maker: Maker::idle(),
    }
}

/// What a caller is told whose write was refused, when the transaction ends so.
fn told(lost: Option<&Lost>) -> StoreError {
    let (reply, mut answer) = oneshot::channel();
    let taken =
        || StoreError::Taken { write: 0, collection: "c".to_owned(), index: "i".to_owned() };
    let refused = move |_: &mut Session| Err::<(), _>(Fault::from(taken()));
    let mut refused = job(Arc::default(), reply, Apart::Wholly, refused);
    let mut session = session();
    session.execute("BEGIN").unwrap();
    refused.run(&mut session).unwrap();
    refused.answer(lost);
    answer.try_recv().unwrap().unwrap_err()
}

#[test]
fn a_refusal_stands_only_when_the_transaction_does() {
    assert!(matches!(told(None), StoreError::Taken { .. }));
    let undone = Lost::Undone("full".to_owned());
    assert!(matches!(told(Some(&undone)), StoreError::Unavailable(_)));
    let unknown = Lost::Unknown("gone".to_owned());
    assert!(matches!(told(Some(&unknown)), StoreError::OutcomeUnknown(_)));
}
