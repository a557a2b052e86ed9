//! A set of places, as one bit each.

/// A set of places below a length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bits {
    words: Vec<u64>,
    length: usize,
}

impl Bits {
    /// None of so many.
    pub(super) fn none(length: usize) -> Self {
        Self { words: vec![0; length.div_ceil(64)], length }
    }

    /// All of so many.
    pub(super) fn all(length: usize) -> Self {
        let mut bits = Self { words: vec![u64::MAX; length.div_ceil(64)], length };
        bits.trim();
        bits
    }

    /// These places.
    pub(super) fn of(length: usize, places: impl IntoIterator<Item = usize>) -> Self {
        let mut bits = Self::none(length);
        places.into_iter().for_each(|place| bits.add(place));
        bits
    }

    /// This one, too.
    pub(super) fn add(&mut self, place: usize) {
        if let Some(word) = self.words.get_mut(place / 64) {
            *word |= 1 << (place % 64);
        }
    }

    /// No longer this one.
    pub(super) fn remove(&mut self, place: usize) {
        if let Some(word) = self.words.get_mut(place / 64) {
            *word &= !(1 << (place % 64));
        }
    }

    /// Whether it is among them.
    pub(super) fn has(&self, place: usize) -> bool {
        self.words.get(place / 64).is_some_and(|word| word >> (place % 64) & 1 == 1)
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// Those in both.
    pub(super) fn and(mut self, other: &Self) -> Self {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= other);
        self
    }

    /// Those in either.
    pub(super) fn or(mut self, other: &Self) -> Self {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
        self
    }

    /// All others.
    pub(super) fn not(mut self) -> Self {
        self.words.iter_mut().for_each(|word| *word = !*word);
        self.trim();
        self
    }

    /// No bit stands behind the last place.
    fn trim(&mut self) {
        let rest = self.length % 64;
        if let Some(last) = self.words.last_mut().filter(|_| rest > 0) {
            *last &= (1 << rest) - 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_joined_and_turned() {
        for length in [0, 1, 63, 64, 65, 130] {
            let even = Bits::of(length, (0..length).step_by(2));
            let odd = even.clone().not();
            assert_eq!(even.count() + odd.count(), length as u64);
            assert_eq!(even.clone().or(&odd), Bits::all(length));
            assert_eq!(even.clone().and(&odd), Bits::none(length));
            assert!((0..length).all(|place| even.has(place) == (place % 2 == 0)));
        }
    }

    #[test]
    fn a_place_that_was_removed_is_not_there() {
        let mut bits = Bits::all(70);
        bits.remove(69);
        bits.remove(700);
        assert!(!bits.has(69) && !bits.has(70) && bits.count() == 69);
    }
}
