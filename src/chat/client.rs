//! Connects, reconnects, and carries out what the conversation asks for.

mod orders;

use std::{
    io,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::time;

use crate::{
    chat::{
        account::{Account, NotRenewed, RoomSummary},
        backoff::Backoff,
        conversation::{Conversation, Effect},
        frame::Frame,
        input::Lines,
        link::{Event, Link, Loss, NoLink},
        screen::{Screen, printable},
    },
    failure::Failure,
};

/// How often the client shows the node that it lives, and looks whether the node does.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// A connection over which nothing came for so long is lost.
const SILENCE: Duration = Duration::from_mins(1);
/// A connection that held for so long was a good one: the next waits are short again.
const STABLE: Duration = Duration::from_secs(5);
/// How long a client without a person keeps trying to connect.
const PATIENCE: Duration = Duration::from_mins(2);
/// How long it waits, when all is said, for entries that the node has announced.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// The client.
pub(crate) struct Client {
    account: Account,
    screen: Screen,
    lines: Lines,
    /// Whether lines may still come.
    open: bool,
    conversation: Conversation,
    /// The last list of rooms, which `/join N` counts in.
    rooms: Vec<RoomSummary>,
    retry_at: Option<Instant>,
    /// Why there was no connection, when last told.
    told: String,
}

impl Client {
    /// A client that is not connected yet.
    pub(crate) fn new(account: Account, screen: Screen, lines: Lines) -> Self {
        Self {
            account,
            screen,
            lines,
            open: true,
            conversation: Conversation::default(),
            rooms: Vec::new(),
            retry_at: None,
            told: String::new(),
        }
    }

    /// Chats until the person leaves, or until every line of a script is carried out.
    pub(crate) async fn run(mut self) -> Result<(), Failure> {
        let mut backoff = Backoff::default();
        let mut connected = Instant::now();
        loop {
            let (address, token) = (self.account.address().socket(), self.account.token());
            let wait = match Link::open(&address, token).await {
                Ok(link) => {
                    let since = Instant::now();
                    let ended = self.talk(link).await?;
                    connected = Instant::now();
                    if since.elapsed() > STABLE {
                        backoff.reset();
                        self.told.clear();
                    }
                    self.after(ended, &mut backoff).await?
                }
                Err(NoLink::Unauthenticated) => self.renew(&mut backoff).await?,
                Err(NoLink::Passing(reason)) => self.away(&reason, &mut backoff)?,
                Err(NoLink::Refused(reason)) => return Err(Failure::failed(reason)),
            };
            if self.has_left() {
                return self.goodbye();
            }
            if self.is_script() && connected.elapsed() > PATIENCE {
                return Err(Failure::failed("the node cannot be reached any more"));
            }
            time::sleep(wait).await;
        }
    }

    /// One connection, from its first frame until it is lost, or until nothing is left to do.
    async fn talk(&mut self, mut link: Link) -> Result<Option<Loss>, Failure> {
        let mut heard = Instant::now();
        let mut heartbeat = time::interval(HEARTBEAT);
        let effects = self.conversation.connected();
        let mut outcome = self.carry_out(&mut link, effects).await?;
        while outcome.is_none() {
            if self.is_done(heard) {
                self.conversation.settle();
                link.close().await;
                return Ok(None);
            }
            outcome = tokio::select! {
                event = link.next() => {
                    heard = Instant::now();
                    self.happened(&mut link, event).await?
                }
                typed = self.lines.recv(), if self.open && self.conversation.is_ready() => {
                    heard = Instant::now();
                    self.take_line(&mut link, typed).await?
                }
                () = until(self.retry_at) => {
                    self.retry_at = None;
                    let effects = self.conversation.retry();
                    self.carry_out(&mut link, effects).await?
                }
                () = until(Some(self.account.stale())) => self.refresh(&mut link).await?,
                _ = heartbeat.tick() => {
                    self.beat(&mut link, heard).await
                }
                () = time::sleep(LAST_WORDS), if !self.open => None,
            };
        }
        Ok(outcome)
    }

    const fn is_script(&self) -> bool {
        matches!(self.screen, Screen::Plain)
    }

    /// Whether nobody waits for another connection.
    fn has_left(&self) -> bool {
        let gone = !self.open || (self.lines.is_closed() && self.lines.is_empty());
        gone && (self.conversation.is_settled() || !self.is_script())
    }

    /// Whether the script is at its end and everything it led to was shown.
    fn is_done(&self, heard: Instant) -> bool {
        let quiet = self.conversation.is_ready() && heard.elapsed() >= LAST_WORDS;
        !self.open && (self.conversation.is_settled() || quiet)
    }

    /// Shows the node that we live, unless the node itself has fallen silent.
    async fn beat(&self, link: &mut Link, heard: Instant) -> Option<Loss> {
        if heard.elapsed() > SILENCE {
            return Some(Loss::Broken);
        }
        link.send(&json!({"type": "ping"})).await.err()
    }

    async fn happened(&mut self, link: &mut Link, event: Event) -> Result<Option<Loss>, Failure> {
        match event {
            Event::Text(text) => {
                let effects = self.conversation.received(Frame::read(&text));
                self.carry_out(link, effects).await
            }
            Event::Alive => Ok(None),
            Event::Lost(loss) => Ok(Some(loss)),
        }
    }

    async fn take_line(
        &mut self,
        link: &mut Link,
        typed: Option<String>,
    ) -> Result<Option<Loss>, Failure> {
        let Some(typed) = typed else {
            self.open = false;
            return Ok(None);
        };
        let effects = self.obey(&typed).await;
        self.carry_out(link, effects).await
    }

    async fn carry_out(
        &mut self,
        link: &mut Link,
        effects: Vec<Effect>,
    ) -> Result<Option<Loss>, Failure> {
        for effect in effects {
            match effect {
                Effect::Show(text) => self.screen.show(&text).map_err(unwritten)?,
                Effect::Note(text) => self.screen.note(&text).map_err(unwritten)?,
                Effect::RetryAfter(wait) => self.retry_at = Some(Instant::now() + wait),
                Effect::Send(frame) => {
                    if let Err(loss) = link.send(&frame).await {
                        return Ok(Some(loss));
                    }
                }
            }
        }
        Ok(None)
    }

    /// Renews the token on a connection that goes on.
    async fn refresh(&mut self, link: &mut Link) -> Result<Option<Loss>, Failure> {
        if self.account.renew().await.is_err() {
            // The node tells us when the old one has expired; there is time to try again.
            self.account.renew_later();
            return Ok(None);
        }
        let frame = json!({"type": "token", "token": self.account.token()});
        Ok(link.send(&frame).await.err())
    }

    /// How long to wait before the next connection.
    async fn after(
        &mut self,
        ended: Option<Loss>,
        backoff: &mut Backoff,
    ) -> Result<Duration, Failure> {
        self.retry_at = None;
        match ended {
            None => Ok(Duration::ZERO),
            Some(Loss::Unauthenticated) => self.renew(backoff).await,
            Some(Loss::Restarting(wait)) => Ok(wait),
            Some(Loss::Broken) => self.away("the connection is lost", backoff),
        }
    }

    /// Tells once why there is no connection, and how long to wait for the next try.
    fn away(&mut self, reason: &str, backoff: &mut Backoff) -> Result<Duration, Failure> {
        if self.told != reason {
            reason.clone_into(&mut self.told);
            let text = format!("Trying again: {}.", printable(reason));
            self.screen.note(&text).map_err(unwritten)?;
        }
        Ok(backoff.next())
    }

    /// Gets a fresh token before the next connection. A node that cannot be reached may come back.
    async fn renew(&mut self, backoff: &mut Backoff) -> Result<Duration, Failure> {
        match self.account.renew().await {
            Err(NotRenewed::Refused(failure)) => Err(failure),
            Ok(()) | Err(NotRenewed::Unreachable) => Ok(backoff.next()),
        }
    }

    fn goodbye(&self) -> Result<(), Failure> {
        match self.conversation.refused() {
            0 => Ok(()),
            _ if !self.is_script() => Ok(()),
            1 => Err(Failure::failed("one line was not carried out")),
            count => Err(Failure::failed(format!("{count} lines were not carried out"))),
        }
    }
}

/// Waits for a moment; for ever when there is none.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => time::sleep_until(moment.into()).await,
        None => std::future::pending().await,
    }
}

fn unwritten(error: io::Error) -> Failure {
    Failure::failed("cannot write").because(error)
}
