//! The REST layer over a real embedded store, as its clients see it.

mod auth;
mod concurrency;
mod errors;
mod lists;
mod matrix;
mod negotiation;
mod profiles;
mod records;
mod rooms;
mod support;
mod users;
