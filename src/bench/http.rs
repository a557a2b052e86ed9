//! An HTTP client that costs little enough to run beside the server that it measures: one
//! connection that is kept, and nothing read of an answer but its status, `ETag` and body.

use std::io::{self, ErrorKind};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Largest head of an answer.
const MAX_HEAD: usize = 65_536;

/// A connection, for one request after the other.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    authority: String,
    token: String,
}

/// What is asked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    /// Path and query, encoded.
    pub(crate) target: &'a str,
    pub(crate) body: &'a str,
    pub(crate) if_match: Option<&'a str>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) etag: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl<'a> Request<'a> {
    /// A GET.
    pub(crate) fn get(target: &'a str) -> Self {
        Self { method: "GET", target, ..Self::default() }
    }
}

impl Connection {
    /// Connects to host and port, as whoever has the token.
    pub(crate) async fn open(authority: &str, token: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(authority).await?;
        stream.set_nodelay(true)?;
        let (authority, token) = (authority.to_owned(), token.to_owned());
        Ok(Self { stream, buffer: Vec::new(), authority, token })
    }

    /// Sends a request and waits for the answer.
    pub(crate) async fn send(&mut self, request: &Request<'_>) -> io::Result<Response> {
        let Request { method, target, body, if_match } = request;
        let condition = if_match.map(|etag| format!("If-Match: {etag}\r\n")).unwrap_or_default();
        let text = format!(
            "{method} {target} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n{condition}\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.authority,
            self.token,
            body.len()
        );
        self.stream.write_all(text.as_bytes()).await?;
        self.buffer.clear();
        let head = self.head().await?;
        let (status, length, etag) = {
            let text = String::from_utf8_lossy(&self.buffer[..head]);
            (status(&text)?, header(&text, "content-length"), header(&text, "etag"))
        };
        let length: usize = length.and_then(|text| text.parse().ok()).unwrap_or(0);
        while self.buffer.len() < head + length {
            self.fill().await?;
        }
        let body = self.buffer.split_off(head);
        Ok(Response { status, etag, body })
    }

    /// Reads up to the end of the head, and gives its length.
    async fn head(&mut self) -> io::Result<usize> {
        loop {
            let end = self.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
            if let Some(end) = end {
                return Ok(end + 4);
            }
            if self.buffer.len() > MAX_HEAD {
                return Err(ErrorKind::InvalidData.into());
            }
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

fn status(head: &str) -> io::Result<u16> {
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.ok_or_else(|| ErrorKind::InvalidData.into())
}

fn header(head: &str, name: &str) -> Option<String> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    let found = lines.find(|(found, _)| found.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_whatever_the_case() {
        let head = "HTTP/1.1 201 Created\r\ncontent-length: 7\r\nETag: \"3\"\r\n\r\n";
        assert_eq!(status(head).unwrap(), 201);
        assert_eq!(header(head, "Content-Length").as_deref(), Some("7"));
        assert_eq!(header(head, "etag").as_deref(), Some("\"3\""));
        assert_eq!(header(head, "location"), None);
    }
}
