//! Where a node is.

use std::str::FromStr;

/// The address of a node, for REST and for its sockets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    http: String,
    socket: String,
}

/// A text that is not the address of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the address must be like http://127.0.0.1:8000 or https://ihs.example.org")]
pub(crate) struct NotAnAddress;

impl Address {
    /// The address of a REST resource; the path starts with a slash.
    pub(crate) fn rest(&self, path: &str) -> String {
        format!("{}{path}", self.http)
    }

    /// Host and port, where there is no TLS to speak over.
    pub(crate) fn authority(&self) -> Option<&str> {
        self.http.strip_prefix("http://")
    }

    /// The address of the socket that carries many rooms.
    pub(crate) fn socket(&self) -> String {
        format!("{}/ws/", self.socket)
    }
}

impl FromStr for Address {
    type Err = NotAnAddress;

    /// Takes ws:// and wss:// too: whoever copied a socket's address means the same node.
    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let (scheme, rest) = text.trim().split_once("://").ok_or(NotAnAddress)?;
        let (http, socket) = match scheme {
            "http" | "ws" => ("http", "ws"),
            "https" | "wss" => ("https", "wss"),
            _ => return Err(NotAnAddress),
        };
        let place = rest.trim_end_matches('/').trim_end_matches("/ws");
        if place.is_empty() || place.contains(['?', '#', ' ']) {
            return Err(NotAnAddress);
        }
        Ok(Self { http: format!("{http}://{place}"), socket: format!("{socket}://{place}") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scheme_leads_to_both_protocols() {
        for (text, rest, socket) in [
            ("http://a:1", "http://a:1/api/", "ws://a:1/ws/"),
            ("https://a/", "https://a/api/", "wss://a/ws/"),
            ("ws://a:1/ws/", "http://a:1/api/", "ws://a:1/ws/"),
            ("wss://a/ihs", "https://a/ihs/api/", "wss://a/ihs/ws/"),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.rest("/api/"), rest);
            assert_eq!(address.socket(), socket);
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "a:1", "ftp://a", "http://", "http://a?b"] {
            assert_eq!(text.parse::<Address>(), Err(NotAnAddress));
        }
    }
}
