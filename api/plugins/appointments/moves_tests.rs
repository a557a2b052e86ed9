use super::*;

const ALL: [Status; 6] = [
    Status::Open,
    Status::Reserved,
    Status::Confirmed,
    Status::Completed,
    Status::Cancelled,
    Status::NoShow,
];

/// What each party gets for a move from the status of the row to that of the column, both in the
/// order of [`ALL`]: `r` 403, `s` 409 whenever it is, `+` done whenever it is; `b` done before it has
/// begun, `a` done after, else 409.
const TABLES: [(Party, [&str; 6]); 3] = [
    (Party::Patient, ["r+rrrr", "rsrrbr", "rsrrbr", "rsrrsr", "rsrrsr", "rsrrsr"]),
    (Party::Doctor, ["srssbs", "sr+sbs", "srsaba", "srssss", "+rssss", "srssss"]),
    (Party::Other, ["rrrrrr"; 6]),
];

/// The letter of an answer, given what the table says of the hour.
fn expected(mark: u8, hour: Hour) -> char {
    match (mark, hour) {
        (b'b', Hour::Ahead) | (b'a', Hour::Begun) => '+',
        (b'b' | b'a', _) => 's',
        (other, _) => char::from(other),
    }
}

fn letter(decided: Result<Move, Refusal>, from: Status, to: Status) -> char {
    match decided.map_err(|refusal| refusal.error(from, to)) {
        Ok(_) => '+',
        Err(ApiError::Forbidden) => 'r',
        Err(ApiError::Conflict(_)) => 's',
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn every_move_by_everybody_at_any_time_ends_as_the_table_says() {
    for (by, table) in TABLES {
        for (from, row) in ALL.into_iter().zip(table) {
            for (to, mark) in ALL.into_iter().zip(row.bytes()) {
                for hour in [Hour::Ahead, Hour::Begun] {
                    let found = letter(decide(from, to, by, hour), from, to);
                    assert_eq!(found, expected(mark, hour), "{from:?} to {to:?}, {by:?}, {hour:?}");
                }
            }
        }
    }
}

#[test]
fn every_status_is_called_on_the_wire_what_it_is_stored_as() {
    for (status, name) in ALL.into_iter().zip(Status::NAMES) {
        assert_eq!(status.name(), *name);
        assert_eq!(serde_json::to_value(status).ok(), Some((*name).into()));
    }
}
