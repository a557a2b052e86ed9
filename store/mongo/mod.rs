//! MongoDB behind the store port.
