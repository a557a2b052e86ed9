//! Sessions: one per login. A session that is not in the store has ended.
//!
//! A refresh token is `session.family.secret`. The family is the same for all tokens of a session,
//! the secret is new each time; the store has hashes of both. So a token whose family is right but
//! whose secret is not is one that was spent before: somebody has a copy.
//!
//! A user's epoch ends with a new password and with deactivation, and with it all sessions of that
//! epoch; so does one that is begun meanwhile, and of which the commit that ends the others knows
//! nothing.

use std::collections::HashSet;

use futures_util::future::try_join;
use ihs_actors::fan_out::Logins;
use ihs_store::{Change, Document, Filter, Query, StoreError, Timestamp, Write, document::text};
use serde_json::Value;

use super::{
    end_sockets, principal_of, secrets,
    tokens::{self, Claims},
};
use crate::{
    Ctx,
    audit::{
        self,
        entry::{Action, Entry},
    },
    error::ApiError,
};

/// The collection.
pub(crate) const SESSIONS: &str = "sessions";

/// Why a session was ended whose refresh token was used twice.
const STOLEN: &str = "a refresh token was used again";

/// How often a write of unknown outcome is made again.
const TRIES: u32 = 2;

/// In a user: how often all sessions have been ended. In a session: the same, when it began.
const EPOCH: &str = "epoch";

/// What a login, or a refresh, hands out.
#[derive(Debug)]
pub(crate) struct Pair {
    /// The access token.
    pub(crate) token: String,
    /// The refresh token.
    pub(crate) refresh: String,
}

impl Pair {
    /// The session that it belongs to.
    pub(crate) fn session(&self) -> &str {
        self.refresh.split('.').next().unwrap_or_default()
    }
}

/// Begins a session of this user.
pub(crate) async fn begin(ctx: &Ctx, user: &Document) -> Result<Pair, ApiError> {
    let (id, family, secret) = (ctx.ids.record(), secrets::random(), secrets::random());
    let now = ctx.clock.now();
    let document = Document::from_iter([
        ("_id".to_owned(), Value::String(id.clone())),
        ("user".to_owned(), text(user, "_id").into()),
        (EPOCH.to_owned(), epoch(user).into()),
        ("family".to_owned(), secrets::digest(family.as_bytes()).into()),
        ("secret".to_owned(), secrets::digest(secret.as_bytes()).into()),
        ("created".to_owned(), now.into()),
        ("expires".to_owned(), refresh_end(ctx, now).into()),
    ]);
    ctx.store.commit(vec![Write::Insert { collection: SESSIONS, document }]).await?;
    pair(ctx, user, &id, &family, &secret)
}

/// Spends a refresh token for what `grant` makes of the next pair; `None` when it is no good. One
/// that was spent before ends its session. It is spent last of all: whoever is told that something
/// failed may come with it again.
pub(crate) async fn refresh<T>(
    ctx: &Ctx,
    token: &str,
    grant: impl AsyncFnOnce(&Document, Pair) -> Result<T, ApiError>,
) -> Result<Option<T>, ApiError> {
    let Some((id, family, spent)) = parts(token) else {
        return Ok(None);
    };
    let Some(session) = live(ctx, id).await? else {
        return Ok(None);
    };
    if text(&session, "family") != secrets::digest(family.as_bytes()) {
        return Ok(None);
    }
    let (Some(user), Some(session)) = with_user(ctx, id, text(&session, "user")).await? else {
        return Ok(None);
    };
    if !is_active(&user) || !is_of(&session, &user) {
        return Ok(None);
    }
    if text(&session, "secret") == secrets::digest(spent.as_bytes()) {
        let secret = secrets::random();
        let granted = grant(&user, pair(ctx, &user, id, family, &secret)?).await?;
        if rotate(ctx, id, spent, &secret).await? {
            return Ok(Some(granted));
        }
    }
    let principal = principal_of(ctx, &user, id, 0);
    let entry = Entry::new(ctx, Action::Logout).by(&principal).because(STOLEN);
    audit::commit(ctx, vec![revoke_one(id), audit::write(&entry)?]).await?;
    end_sockets(ctx, text(&user, "username"), &Logins::Only(id.to_owned()));
    Ok(None)
}

/// The session with this id, unless it has ended.
pub(crate) async fn live(ctx: &Ctx, id: &str) -> Result<Option<Document>, StoreError> {
    let now = ctx.clock.now().to_string();
    let session = ctx.store.get(SESSIONS, id).await?;
    Ok(session.filter(|session| text(session, "expires") > now.as_str()))
}

/// A user and the session with this id, unless it has ended. Two reads may see a user before, and
/// the session after the commit that lets it go on in another epoch: what does not fit is read again.
pub(super) async fn with_user(
    ctx: &Ctx,
    id: &str,
    user: &str,
) -> Result<(Option<Document>, Option<Document>), StoreError> {
    let read = || try_join(ctx.store.get("users", user), live(ctx, id));
    let (user, session) = read().await?;
    match (&user, &session) {
        (Some(known), Some(begun)) if !is_of(begun, known) => read().await,
        _ => Ok((user, session)),
    }
}

/// Which of these sessions have not ended.
pub(crate) async fn live_of(ctx: &Ctx, ids: &[String]) -> Result<HashSet<String>, StoreError> {
    let named = Filter::In("_id", ids.iter().map(|id| Value::from(id.as_str())).collect());
    let live = named.and(Filter::Gt("expires", ctx.clock.now().into()));
    let found = ctx.store.find(Query::new(SESSIONS, live, ids.len() as u64)).await?;
    Ok(found.iter().map(|session| text(session, "_id").to_owned()).collect())
}

/// Ends one session, as part of a commit.
pub(crate) fn revoke_one(session: &str) -> Write {
    Write::DeleteEvery { collection: SESSIONS, filter: Filter::id(session) }
}

/// Ends every session of a user, as part of a commit.
pub(crate) fn revoke_all(user_id: &str) -> Write {
    Write::DeleteEvery { collection: SESSIONS, filter: Filter::eq("user", user_id) }
}

/// Ends every session of a user but this one, as part of a commit.
pub(crate) fn revoke_others(user_id: &str, session: &str) -> Write {
    let others =
        Filter::Any(vec![Filter::Lt("_id", session.into()), Filter::Gt("_id", session.into())]);
    Write::DeleteEvery { collection: SESSIONS, filter: Filter::eq("user", user_id).and(others) }
}

/// Lets a session go on in another epoch of its user, as part of a commit.
pub(crate) fn carry_over(session: &str, epoch: i64) -> Write {
    let (filter, change) = (Filter::id(session), Change::set(EPOCH, epoch));
    Write::UpdateEvery { collection: SESSIONS, filter, change }
}

/// Whether a session is this user's, and of the present epoch.
pub(crate) fn is_of(session: &Document, user: &Document) -> bool {
    text(session, "user") == text(user, "_id") && epoch(session) == epoch(user)
}

/// Whether a user may still come in.
pub(crate) fn is_active(user: &Document) -> bool {
    user.get("is_active") == Some(&Value::Bool(true))
}

fn epoch(document: &Document) -> i64 {
    document.get(EPOCH).and_then(Value::as_i64).unwrap_or_default()
}

/// Of two that spend the same token at once, one wins. A write of unknown outcome is made again: it
/// may still be done, and whoever was told of a failure would be taken for a thief when they come
/// again. That is left to happen only where the store stays away.
async fn rotate(ctx: &Ctx, id: &str, spent: &str, secret: &str) -> Result<bool, StoreError> {
    let next = secrets::digest(secret.as_bytes());
    let expires = refresh_end(ctx, ctx.clock.now());
    let mut tries = 0;
    loop {
        let write = Write::Update {
            collection: SESSIONS,
            filter: Filter::id(id).and(Filter::eq("secret", secrets::digest(spent.as_bytes()))),
            change: Change::set("secret", next.clone()).and_set("expires", expires),
        };
        match ctx.store.commit(vec![write]).await {
            Ok(_) => return Ok(true),
            Err(StoreError::Unmatched { .. }) if tries == 0 => return Ok(false),
            Err(StoreError::Unmatched { .. }) => {
                let session = ctx.store.get(SESSIONS, id).await?;
                return Ok(session.is_some_and(|session| text(&session, "secret") == next));
            }
            Err(StoreError::OutcomeUnknown(_)) if tries < TRIES => tries += 1,
            Err(error) => return Err(error),
        }
    }
}

fn pair(
    ctx: &Ctx,
    user: &Document,
    id: &str,
    family: &str,
    secret: &str,
) -> Result<Pair, ApiError> {
    let now = ctx.clock.now();
    let claims = Claims {
        sub: text(user, "username").to_owned(),
        uid: text(user, "_id").to_owned(),
        sid: id.to_owned(),
        iat: now.millis().div_euclid(1_000),
        exp: tokens::end(now, ctx.settings.auth.access_seconds),
    };
    let token = ctx.tokens.sign(&claims).map_err(ApiError::internal)?;
    Ok(Pair { token, refresh: format!("{id}.{family}.{secret}") })
}

fn parts(token: &str) -> Option<(&str, &str, &str)> {
    let mut parts = token.split('.');
    let found = (parts.next()?, parts.next()?, parts.next()?);
    let empty = found.0.is_empty() || token.contains('\0');
    (parts.next().is_none() && !empty).then_some(found)
}

fn refresh_end(ctx: &Ctx, now: Timestamp) -> Timestamp {
    let millis = ctx.settings.auth.refresh_seconds.saturating_mul(1_000);
    now.plus_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}
