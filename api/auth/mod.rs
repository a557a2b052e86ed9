//! Who is asking, and how they prove it.
//!
//! - [`principal`]: who is asking; [`header`]: the `Authorization` header
//! - [`tokens`]: signed access tokens; [`keys`]: what signs them
//! - [`sessions`]: logins, and the refresh tokens that carry them on; [`tickets`]: for sockets
//! - [`passwords`]: hashing, on threads of its own; [`rules`]: what a new one may not be
//! - [`throttle`]: who failed to log in too often ([`table`]: where that is kept);
//!   [`identify`](identify()): all of it for one request
//! - [`login`], [`refresh`], [`revoke`], [`ticket`]: one file per endpoint
//! - [`superuser`]: the first account

mod header;
mod identity;
mod keys;
pub(crate) mod login;
mod passwords;
mod pool;
mod principal;
pub(crate) mod refresh;
pub(crate) mod revoke;
mod rules;
mod secrets;
pub(crate) mod sessions;
mod superuser;
mod table;
mod throttle;
pub(crate) mod ticket;
pub(crate) mod tickets;
mod tokens;

pub use identity::{AuthError, authenticate, redeem_ticket};
pub(crate) use identity::{identify, principal_of};
pub use keys::KeyError;
pub use passwords::{PasswordError, Passwords};
pub(crate) use principal::{CLINICS, Caller, Glass};
pub use principal::{Principal, Rank, Role};
pub(crate) use revoke::end_sockets;
pub(crate) use rules::Owner;
pub(crate) use sessions::{SESSIONS, carry_over, revoke_all, revoke_others};
pub use superuser::{SuperuserError, create_superuser};
pub(crate) use throttle::Throttle;
pub(crate) use tickets::TICKETS;
pub use tokens::Tokens;
