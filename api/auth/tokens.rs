//! Access tokens: short-lived, signed, and bound to a session.

use ihs_config::Settings;
use ihs_store::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::{keys, keys::KeyError, secrets};

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    /// The username.
    pub(crate) sub: String,
    /// Id of the user's record.
    pub(crate) uid: String,
    /// The session.
    pub(crate) sid: String,
    /// When it was made, in seconds since 1970.
    pub(crate) iat: i64,
    /// When it ends.
    pub(crate) exp: i64,
}

/// Signs and checks access tokens.
pub struct Tokens {
    signing: EncodingKey,
    signing_id: String,
    checking: Vec<(String, DecodingKey)>,
}

impl Tokens {
    /// With the keys that the settings name.
    ///
    /// # Errors
    /// [`KeyError`] when there is no key, or a weak one.
    pub fn open(settings: &Settings) -> Result<Self, KeyError> {
        let keys = keys::load(settings)?;
        let named = |key: &Vec<u8>| (key_id(key), DecodingKey::from_secret(key));
        let first = keys.first().ok_or(KeyError::Missing)?;
        Ok(Self {
            signing: EncodingKey::from_secret(first),
            signing_id: key_id(first),
            checking: keys.iter().map(named).collect(),
        })
    }

    /// A token that says this.
    pub(crate) fn sign(&self, claims: &Claims) -> Result<String, jsonwebtoken::errors::Error> {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(self.signing_id.clone());
        jsonwebtoken::encode(&header, claims, &self.signing)
    }

    /// What a token says, if it is ours and has not ended.
    pub(crate) fn verify(&self, token: &str, now: Timestamp) -> Option<Claims> {
        let id = jsonwebtoken::decode_header(token).ok()?.kid?;
        let (_, key) = self.checking.iter().find(|(known, _)| *known == id)?;
        let decoded = jsonwebtoken::decode::<Claims>(token, key, &rules()).ok()?;
        Some(decoded.claims).filter(|claims| claims.exp > now.millis().div_euclid(1_000))
    }
}

/// When a token ends that is made now, in seconds since 1970: not before it has counted for as long
/// as is said of it, and less than a second later.
pub(crate) fn end(now: Timestamp, access_seconds: u64) -> i64 {
    now.plus_millis(999).millis().div_euclid(1_000).saturating_add_unsigned(access_seconds)
}

/// One algorithm only. The end is checked against the clock port instead.
fn rules() -> Validation {
    let mut rules = Validation::new(Algorithm::HS256);
    rules.validate_exp = false;
    rules.set_required_spec_claims(&["exp", "sub"]);
    rules
}

/// Tells keys apart without telling them.
fn key_id(key: &[u8]) -> String {
    secrets::digest(key).chars().take(16).collect()
}

#[cfg(test)]
mod tests {
    use ihs_config::Secret;

    use super::*;

    fn tokens(key: &str) -> Tokens {
        rotated(key, &[])
    }

    fn rotated(key: &str, old: &[&str]) -> Tokens {
        let secret = |key: &str| Secret::new(key.repeat(32));
        let mut settings = Settings::default();
        settings.auth.key = secret(key);
        settings.auth.old_keys = old.iter().map(|key| secret(key)).collect();
        Tokens::open(&settings).unwrap()
    }

    fn claims() -> Claims {
        Claims { sub: "ada".into(), uid: "1".into(), sid: "2".into(), iat: 0, exp: 100 }
    }

    #[test]
    fn a_token_counts_until_its_end() {
        let tokens = tokens("k");
        let token = tokens.sign(&claims()).unwrap();
        assert_eq!(tokens.verify(&token, Timestamp::from_millis(99_999)), Some(claims()));
        assert_eq!(tokens.verify(&token, Timestamp::from_millis(100_000)), None);
    }

    #[test]
    fn a_token_counts_for_as_long_as_is_said() {
        let tokens = tokens("k");
        for made in [0_i64, 1, 499, 500, 999, 1_000, 1_001] {
            let at = |later| Timestamp::from_millis(1_800_000_000_000 + made + later);
            let claims = Claims { exp: end(at(0), 3), ..claims() };
            let token = tokens.sign(&claims).unwrap();
            assert!(tokens.verify(&token, at(2_999)).is_some(), "{made}");
            assert!(tokens.verify(&token, at(4_000)).is_none(), "{made}");
        }
    }

    #[test]
    fn a_new_key_signs_and_what_old_ones_signed_still_counts() {
        let now = Timestamp::from_millis(0);
        let before = tokens("a").sign(&claims()).unwrap();
        let after = rotated("b", &["c", "a"]);
        assert_eq!(after.verify(&before, now), Some(claims()));
        let token = after.sign(&claims()).unwrap();
        assert_eq!(tokens("b").verify(&token, now), Some(claims()));
        assert_eq!(tokens("a").verify(&token, now), None);
        assert_eq!(tokens("b").verify(&before, now), None);
    }

    #[test]
    fn a_key_is_not_taken_for_another_by_its_name() {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(key_id("b".repeat(32).as_bytes()));
        let key = EncodingKey::from_secret("a".repeat(32).as_bytes());
        let forged = jsonwebtoken::encode(&header, &claims(), &key).unwrap();
        assert_eq!(rotated("b", &["a"]).verify(&forged, Timestamp::from_millis(0)), None);
    }

    #[test]
    fn tokens_of_others_do_not_count() {
        let foreign = tokens("x").sign(&claims()).unwrap();
        let ours = tokens("k").sign(&claims()).unwrap();
        let unsigned = format!("{}.", ours.rsplit_once('.').unwrap().0);
        for token in [foreign.as_str(), unsigned.as_str(), "", "a.b.c", "x"] {
            assert_eq!(tokens("k").verify(token, Timestamp::from_millis(0)), None);
        }
    }
}
