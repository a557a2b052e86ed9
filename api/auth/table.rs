//! Times by name, in a memory of fixed size. Names are hashes; those of one row share its places.

/// Rows; a power of two.
const ROWS: usize = 8_192;

/// Places in a row.
const PLACES: usize = 8;

/// A name and its time; nobody has the earliest time.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    name: u64,
    time: i64,
}

/// The table.
pub(super) struct Table(Vec<[Place; PLACES]>);

impl Table {
    /// The time of this name; 0 when there is none, or not any more.
    pub(super) fn get(&self, name: u64) -> i64 {
        let mut row = self.0.get(row_of(name)).into_iter().flatten();
        row.find(|place| place.name == name).map_or(0, |place| place.time)
    }

    /// Sets it. In a row without a place, the name with the earliest time goes.
    pub(super) fn set(&mut self, name: u64, time: i64) {
        let Some(row) = self.0.get_mut(row_of(name)) else { return };
        let known = row.iter().position(|place| place.name == name);
        let earliest = || (0..PLACES).min_by_key(|place| row[*place].time);
        if let Some(place) = known.or_else(earliest) {
            row[place] = Place { name, time };
        }
    }

    /// Forgets it.
    pub(super) fn remove(&mut self, name: u64) {
        let row = self.0.get_mut(row_of(name)).into_iter().flatten();
        for place in row.filter(|place| place.name == name) {
            *place = Place::default();
        }
    }
}

impl Default for Table {
    fn default() -> Self {
        Self(vec![[Place::default(); PLACES]; ROWS])
    }
}

#[expect(clippy::cast_possible_truncation, reason = "only the last bits count")]
const fn row_of(name: u64) -> usize {
    name as usize % ROWS
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name in the first row.
    fn name(number: u64) -> u64 {
        number * ROWS as u64
    }

    #[test]
    fn a_row_that_is_full_forgets_the_earliest() {
        let mut table = Table::default();
        for number in 1..=PLACES as u64 {
            table.set(name(number), 100 - i64::try_from(number).unwrap());
        }
        table.set(name(100), 50);
        let last = PLACES as u64;
        assert_eq!((table.get(name(last)), table.get(name(100)), table.get(name(1))), (0, 50, 99));
    }

    #[test]
    fn a_name_has_one_time_until_it_is_removed() {
        let mut table = Table::default();
        table.set(name(1), 5);
        table.set(name(1), 3);
        assert_eq!((table.get(name(1)), table.get(name(1) + 1)), (3, 0));
        table.remove(name(1));
        assert_eq!(table.get(name(1)), 0);
    }
}
