//! Chance from a seed, and the trace of what it led to.

use std::{
    fmt::{self, Write},
    hash::{DefaultHasher, Hasher},
};

use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};

/// The one source of chance of a schedule.
pub(crate) struct Dice {
    random: Xoshiro256PlusPlus,
    trace: Trace,
}

/// What happened, as a hash and, when somebody watches, as text.
struct Trace {
    hash: DefaultHasher,
    lines: u64,
    printed: bool,
}

impl Dice {
    pub(crate) fn new(seed: u64, printed: bool) -> Self {
        let trace = Trace { hash: DefaultHasher::new(), lines: 0, printed };
        Self { random: Xoshiro256PlusPlus::seed_from_u64(seed), trace }
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.random.random_range(0..end)
    }

    pub(crate) fn between(&mut self, least: u64, most: u64) -> u64 {
        self.random.random_range(least..=most)
    }

    pub(crate) fn chance(&mut self, percent: u32) -> bool {
        self.random.random_range(0..100) < percent
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        if from.is_empty() { None } else { Some(&from[self.below(from.len())]) }
    }

    /// One of these, each as likely as its weight says.
    pub(crate) fn weighted<T: Copy>(&mut self, from: &[(u32, T)]) -> T {
        let sum: u32 = from.iter().map(|(weight, _)| weight).sum();
        let mut rest = self.random.random_range(0..sum);
        for (weight, one) in from {
            if rest < *weight {
                return *one;
            }
            rest -= weight;
        }
        unreachable!("the weights have a sum")
    }

    pub(crate) fn note(&mut self, line: fmt::Arguments<'_>) {
        self.trace.lines += 1;
        if self.trace.printed {
            println!("{:5} {line}", self.trace.lines);
        }
        self.trace.write_fmt(line).expect("a hash takes everything");
    }

    /// Shows more of what happens to whoever watches.
    pub(crate) fn show(&self, line: fmt::Arguments<'_>) {
        if self.trace.printed {
            println!("      {line}");
        }
    }

    /// So many lines were noted: the clock of the schedule.
    pub(crate) fn lines(&self) -> u64 {
        self.trace.lines
    }

    /// The same for the same events.
    pub(crate) fn hash(&self) -> u64 {
        self.trace.hash.finish()
    }
}

impl Write for Trace {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.hash.write(text.as_bytes());
        Ok(())
    }
}
