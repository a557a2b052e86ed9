//! The REST layer over a real embedded store, as its clients see it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod appointments;
mod appointments_leaving;
mod appointments_lists;
mod appointments_races;
mod audit;
mod auth;
mod auth_races;
mod catalogue;
mod clinics;
mod concurrency;
mod drf;
mod errors;
mod followers;
mod glass;
mod keyset;
mod lists;
mod matrix;
mod meddler;
mod messages;
mod negotiation;
mod openapi;
mod policy;
mod profiles;
mod records;
mod reviews;
mod rooms;
mod sockets;
mod support;
mod sweep;
mod throttle;
mod treatments;
mod treatments_nurses;
mod users;
mod verification;
mod ward;
mod wire;
