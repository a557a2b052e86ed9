//! The folded texts of one field, one behind the other.

use memchr::memmem;

use super::bits::Bits;

/// Stands between two texts; none has it in it.
const END: u8 = 0;

/// The texts of a field, by the place of their documents.
#[derive(Debug, Default)]
pub(super) struct Texts {
    bytes: Vec<u8>,
    /// Where the text of each place ends, and whether there is one at all.
    ends: Vec<u32>,
    missing: Vec<usize>,
}

impl Texts {
    /// The text of the next place. False when there is no room for it.
    pub(super) fn push(&mut self, text: Option<&str>) -> bool {
        match text {
            Some(text) => self.bytes.extend_from_slice(text.as_bytes()),
            None => self.missing.push(self.ends.len()),
        }
        self.bytes.push(END);
        let end = u32::try_from(self.bytes.len());
        end.map(|end| self.ends.push(end)).is_ok()
    }

    /// Where there is a text.
    pub(super) fn present(&self) -> Bits {
        Bits::of(self.ends.len(), self.missing.iter().copied()).not()
    }

    /// Where a folded needle is in the text. The empty one is in every text.
    pub(super) fn with(&self, needle: &str) -> Bits {
        if needle.is_empty() {
            return self.present();
        }
        let mut found = Bits::none(self.ends.len());
        if needle.as_bytes().contains(&END) {
            return found;
        }
        let finder = memmem::Finder::new(needle);
        let (mut from, mut place) = (0, 0);
        while let Some(hit) = self.bytes.get(from..).and_then(|rest| finder.find(rest)) {
            place +=
                self.ends[place..].iter().take_while(|end| **end as usize <= from + hit).count();
            found.add(place);
            from = self.ends.get(place).map_or(self.bytes.len(), |end| *end as usize);
            place += 1;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_text_with_the_needle_is_found(
            texts in proptest::collection::vec(proptest::option::of("[ab]{0,5}"), 0..70),
            needle in "[ab]{0,3}",
        ) {
            let mut all = Texts::default();
            for text in &texts {
                prop_assert!(all.push(text.as_deref()));
            }
            let found = all.with(&needle);
            for (place, text) in texts.iter().enumerate() {
                let wanted = text.as_ref().is_some_and(|text| text.contains(&needle));
                prop_assert_eq!(found.has(place), wanted);
            }
        }
    }

    #[test]
    fn needles_do_not_reach_over_the_end_of_a_text() {
        let mut all = Texts::default();
        assert!(all.push(Some("ab")) && all.push(Some("cd")));
        assert_eq!(all.with("bc").count() + all.with("b\0c").count(), 0);
    }
}
