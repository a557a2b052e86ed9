//! Identifiers: 24-hex ObjectIds, sequence numbers, and the port that makes new ids.

use std::{fmt, str::FromStr};

use bson::oid::ObjectId;
use serde::{Deserialize, Serialize};

/// A text that is not an id of 24 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id of 24 hexadecimal digits")]
pub struct InvalidId;

macro_rules! object_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name([u8; 12]);

        impl $name {
            /// From the twelve bytes of an ObjectId.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 12]) -> Self {
                Self(bytes)
            }

            /// The twelve bytes.
            #[must_use]
            pub const fn bytes(self) -> [u8; 12] {
                self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                ObjectId::parse_str(text).map(|id| Self(id.bytes())).map_err(|_| InvalidId)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut digits = [0; 24];
                hex::encode_to_slice(self.0, &mut digits).map_err(|_| fmt::Error)?;
                formatter.write_str(std::str::from_utf8(&digits).map_err(|_| fmt::Error)?)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, formatter)
            }
        }
    };
}

object_id! {
    /// A chat room.
    RoomId
}

object_id! {
    /// One entry of a room's log, made by the node that first took it in.
    EntryId
}

/// The place of an entry in its room's log: 1, 2, 3 … without gaps. 0 stands before the first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Seq(u64);

impl Seq {
    /// Before the first entry.
    pub const ZERO: Self = Self(0);

    /// The seq with this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The seq behind this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The seq `count` places on.
    #[must_use]
    pub const fn plus(self, count: u64) -> Self {
        Self(self.0.saturating_add(count))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Where new ids come from: a port, so that tests are exact.
pub trait Ids: Send + Sync + 'static {
    /// Twelve bytes, different at each call on any node, growing with time on one node.
    fn next(&self) -> [u8; 12];

    /// A new record id, as text.
    fn record(&self) -> String {
        RoomId::from_bytes(self.next()).to_string()
    }
}

/// ObjectIds: seconds, a random number per process, a counter.
#[derive(Debug, Default, Clone, Copy)]
pub struct ObjectIds;

impl Ids for ObjectIds {
    fn next(&self) -> [u8; 12] {
        ObjectId::new().bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_back_as_it_is_shown() {
        let id = RoomId::from_bytes(ObjectIds.next());
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "12", "zzzzzzzzzzzzzzzzzzzzzzzz", "0123456789abcdef0123456789"] {
            assert_eq!(text.parse::<RoomId>(), Err(InvalidId));
        }
    }
}
