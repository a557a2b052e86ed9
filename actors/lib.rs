//! The realtime core of IHS.

pub mod hub;

pub use hub::Hub;
