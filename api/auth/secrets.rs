//! Random secrets, and the hashes by which the store knows them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// 32 random bytes as text.
pub(crate) fn random() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// SHA-256 as hexadecimal digits: enough for what is random to begin with.
pub(crate) fn digest(secret: &[u8]) -> String {
    hex::encode(Sha256::digest(secret))
}
