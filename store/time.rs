//! Time: the clock port, and timestamps as they are stored and shown.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize, de::Error as _};

/// A point in time: UTC, in whole milliseconds. Shown and stored as RFC 3339 with three decimals
/// and `Z`, which sorts as text in the order of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// 0000-01-01 and 9999-12-31: beyond them the text form no longer has a fixed width.
const RANGE_MILLIS: std::ops::RangeInclusive<i64> = -62_167_219_200_000..=253_402_300_799_999;

impl Timestamp {
    /// Milliseconds since 1970, cut to the years 0 to 9999.
    #[must_use]
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(*RANGE_MILLIS.start(), *RANGE_MILLIS.end()))
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// So many milliseconds later, or earlier when negative.
    #[must_use]
    pub fn plus_millis(self, millis: i64) -> Self {
        Self::from_millis(self.0.saturating_add(millis))
    }

    /// Reads any RFC 3339 time; `None` when it is not one, or beyond the years 0 to 9999.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let millis = DateTime::parse_from_rfc3339(text).ok()?.timestamp_millis();
        RANGE_MILLIS.contains(&millis).then_some(Self(millis))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = DateTime::<Utc>::from_timestamp_millis(self.0).unwrap_or_default();
        formatter.write_str(&time.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl From<Timestamp> for serde_json::Value {
    fn from(time: Timestamp) -> Self {
        Self::String(time.to_string())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("not an RFC 3339 time"))
    }
}

/// Where the time comes from: a port, so that tests are exact.
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the port meets the machine")]
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(Utc::now().timestamp_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_in_utc_with_milliseconds() {
        let time = Timestamp::parse("2026-11-23T20:00:00+01:00");
        assert_eq!(time.map(|time| time.to_string()).as_deref(), Some("2026-11-23T19:00:00.000Z"));
    }

    #[test]
    fn text_order_is_time_order() {
        let times = [-62_167_219_200_000, -1, 0, 1, 1_700_000_000_000, 253_402_300_799_999];
        let texts: Vec<String> =
            times.iter().map(|millis| Timestamp::from_millis(*millis).to_string()).collect();
        assert!(texts.is_sorted(), "{texts:?}");
    }
}
