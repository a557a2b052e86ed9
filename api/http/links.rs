//! Absolute addresses, as the client reached us.

use actix_web::{HttpRequest, http::header};
use ihs_config::ServerSettings;

use super::body::text_of;

/// `http://host:port` of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin(String);

impl Origin {
    /// From `Host`; and, where the settings say that a proxy stands in front, from what it says.
    /// A host that is none is answered with the address that the node listens on.
    pub(crate) fn of(request: &HttpRequest, settings: &ServerSettings) -> Self {
        let seen = request.connection_info();
        let (scheme, host) = if settings.behind_proxy {
            (seen.scheme(), seen.host())
        } else {
            ("http", text_of(request.headers(), header::HOST).unwrap_or_default())
        };
        let plain = |letter: char| letter.is_alphanumeric() || ".-_:[]".contains(letter);
        if !host.is_empty() && host.chars().all(plain) && matches!(scheme, "http" | "https") {
            Self(format!("{scheme}://{host}"))
        } else {
            Self(format!("http://{}", settings.listen))
        }
    }

    /// The address of a path with a query string.
    pub(crate) fn to(&self, path: &str, query: &str) -> String {
        format!("{}{path}{query}", self.0)
    }

    /// The address of a resource.
    pub(crate) fn resource(&self, name: &str) -> String {
        format!("{}/api/{name}/", self.0)
    }

    /// The address of a record.
    pub(crate) fn record(&self, resource: &str, key: &str) -> String {
        format!("{}/api/{resource}/{}/", self.0, escape(key))
    }
}

/// A path segment: letters, digits and what is safe there as they are, the rest in escapes.
fn escape(segment: &str) -> String {
    let mut escaped = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'@' | b'+' => {
                escaped.push(char::from(byte));
            }
            _ => {
                escaped.push('%');
                escaped.push_str(&hex::encode([byte]).to_ascii_uppercase());
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_escaped() {
        let origin = Origin("https://clinic.example".to_owned());
        assert_eq!(
            origin.record("users", "a+b@علی"),
            "https://clinic.example/api/users/a+b@%D8%B9%D9%84%DB%8C/"
        );
        assert_eq!(origin.resource("rooms"), "https://clinic.example/api/rooms/");
    }
}
