//! One socket in one room: sends when it may, and checks what it gets.

use std::{cell::Cell, io, rc::Rc, time::Instant};

use super::{
    tally::Tally,
    wire::{self, Frame, Receiver, Sender},
};

/// What all members of a run share.
pub(crate) struct Run {
    /// Start of the run's own clock.
    pub(crate) start: Instant,
    /// What was counted.
    pub(crate) tally: Tally,
    /// Whether members go on sending.
    pub(crate) sending: Cell<bool>,
    /// Text that fills messages up to the size asked for.
    pub(crate) padding: String,
}

/// A member's socket.
pub(crate) struct Member {
    sender: Sender,
    receiver: Receiver,
    room: String,
    /// The last seq that it was given; 0 before the first.
    last: u64,
    sent: u64,
}

/// What a frame means to a member.
enum Kind {
    Joined,
    Message { seq: u64 },
    Ack,
    Error,
    Other,
}

impl Member {
    /// Opens a socket and joins the room.
    pub(crate) async fn join(authority: &str, token: &str, room: &str) -> io::Result<Self> {
        let (sender, receiver) = wire::open(authority, &format!("/ws/chat/{room}/"), token).await?;
        let mut member = Self { sender, receiver, room: room.to_owned(), last: 0, sent: 0 };
        loop {
            if let Frame::Text(range) = member.receiver.next().await?
                && let Kind::Joined = kind(member.receiver.payload(range))
            {
                return Ok(member);
            }
        }
    }

    /// Sends and reads until the connection ends. `eager` members send the next message as soon
    /// as the one before is acknowledged.
    pub(crate) async fn closed_loop(mut self, run: Rc<Run>, eager: bool) -> io::Result<()> {
        if eager {
            self.send(&run).await?;
        }
        loop {
            match self.receiver.next().await? {
                Frame::Text(range) => {
                    let kind = self.count(range, &run);
                    if matches!(kind, Kind::Ack | Kind::Error) && eager && run.sending.get() {
                        self.send(&run).await?;
                    }
                }
                Frame::Ping => self.sender.pong().await?,
                Frame::Close => return Ok(()),
                Frame::Other => {}
            }
        }
    }

    /// Sends at fixed times, whatever comes back, and reads beside it.
    pub(crate) async fn open_loop(
        mut self,
        run: Rc<Run>,
        every: std::time::Duration,
        offset: std::time::Duration,
    ) -> io::Result<()> {
        let mut clock = tokio::time::interval_at(tokio::time::Instant::now() + offset, every);
        loop {
            tokio::select! {
                _ = clock.tick(), if run.sending.get() => self.send(&run).await?,
                frame = self.receiver.next() => match frame? {
                    Frame::Text(range) => { self.count(range, &run); }
                    Frame::Ping => self.sender.pong().await?,
                    Frame::Close => return Ok(()),
                    Frame::Other => {}
                }
            }
        }
    }

    async fn send(&mut self, run: &Run) -> io::Result<()> {
        self.sent += 1;
        run.tally.sent();
        let at = run.start.elapsed().as_micros();
        let text = format!(
            r#"{{"type":"message","ref":{},"room":"{}","text":"t={at} {}"}}"#,
            self.sent, self.room, run.padding
        );
        self.sender.text(&text).await
    }

    fn count(&mut self, range: std::ops::Range<usize>, run: &Run) -> Kind {
        let payload = self.receiver.payload(range);
        let kind = kind(payload);
        match kind {
            Kind::Message { seq } => {
                let micros = number_behind(payload, b"\"t=");
                let now = u64::try_from(run.start.elapsed().as_micros()).unwrap_or(u64::MAX);
                run.tally.delivered(self.last, seq, micros.map(|at| now.saturating_sub(at)));
                self.last = seq.max(self.last);
            }
            Kind::Ack => run.tally.acknowledged(),
            Kind::Error => run.tally.refused(&String::from_utf8_lossy(payload)),
            Kind::Joined | Kind::Other => {}
        }
        kind
    }
}

fn kind(payload: &[u8]) -> Kind {
    let Some(rest) = payload.strip_prefix(b"{\"type\":\"") else {
        return Kind::Other;
    };
    match rest.first() {
        Some(b'm') if rest.starts_with(b"message") => {
            number_behind(payload, b"\"seq\":").map_or(Kind::Other, |seq| Kind::Message { seq })
        }
        Some(b'a') => Kind::Ack,
        Some(b'e') if rest.starts_with(b"error") => Kind::Error,
        Some(b'j') => Kind::Joined,
        _ => Kind::Other,
    }
}

/// The number that stands behind the first `mark`.
fn number_behind(payload: &[u8], mark: &[u8]) -> Option<u64> {
    let place = payload.windows(mark.len()).position(|window| window == mark)?;
    let digits = payload[place + mark.len()..].iter().take_while(|byte| byte.is_ascii_digit());
    Some(digits.fold(0_u64, |number, digit| {
        number.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_told_from_answers() {
        let entry = br#"{"type":"message","room":"r","seq":12,"text":"t=34 x"}"#;
        assert!(matches!(kind(entry), Kind::Message { seq: 12 }));
        assert_eq!(number_behind(entry, b"\"t="), Some(34));
        assert!(matches!(kind(br#"{"type":"ack","seq":1}"#), Kind::Ack));
        assert!(matches!(kind(br#"{"type":"error","code":"x"}"#), Kind::Error));
        assert!(matches!(kind(br#"{"type":"edited","seq":1}"#), Kind::Other));
    }
}
