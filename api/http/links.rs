//! Absolute addresses, as the client reached us.

use actix_web::HttpRequest;

use crate::hex;

/// `http://host:port` of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin(String);

impl Origin {
    /// From the request line, `Host`, and what a proxy says in front.
    pub(crate) fn of(request: &HttpRequest) -> Self {
        let seen = request.connection_info();
        Self(format!("{}://{}", seen.scheme(), seen.host()))
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
                escaped.push_str(&hex::encode(&[byte]).to_ascii_uppercase());
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
