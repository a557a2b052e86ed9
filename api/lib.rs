//! The REST layer of IHS: a generic viewset layer, authentication, and one plugin per resource.
//!
//! For the composition root:
//! - [`Ctx::new`] makes the context that every request works with, [`Ctx::prepare`] its
//!   collections, [`Ctx::drain`] turns `/readyz` off, [`sweep`] removes what has expired
//! - [`configure`] serves everything; register what else is served before it
//! - [`authenticate`] and [`redeem_ticket`] check the credentials of sockets
//! - [`create_superuser`] makes the first account
//! - [`gate::Accounts`] answers what sockets ask about accounts
//! - [`seed`] makes records without a request
//! - [`audit`] proves that the audit log is whole, and records what commands hand out
//! - [`openapi`] describes all of it
//! - [`resources`] names what is served, and its methods
//!
//! Inside:
//! - `routes`: what is served where; `root`, `health`: endpoints that belong to nothing else
//! - `http`: between actix and endpoints; `error`, `faults`: what goes wrong
//! - `fields`: what a resource says about its fields; `viewset`: what follows from that
//! - `openapi`: the document that follows from it, and its page
//! - `auth`: who is asking; `plugins`: the resources; `ws`: who may open a socket
//! - `ctx`: what every request can reach; `collections`: what is kept in the store
//!
//! A handler never reads an owner from a body, and never reaches a record but through
//! `viewset::object`.

pub mod audit;
mod auth;
mod collections;
mod ctx;
mod error;
mod faults;
mod fields;
pub mod gate;
mod health;
mod http;
mod openapi;
mod plugins;
mod root;
mod routes;
pub mod seed;
mod viewset;
mod ws;

pub use auth::{
    AuthError, KeyError, PasswordError, Passwords, Principal, Rank, Role, SuperuserError, Tokens,
    authenticate, create_superuser, redeem_ticket,
};
pub use collections::{all as collections, lasting as lasting_collections, sweep};
pub use ctx::{Ctx, CtxError};
pub use error::Cause;
pub use openapi::document as openapi;
pub use plugins::resources;
pub use routes::configure;
pub use viewset::resource::Resource;
