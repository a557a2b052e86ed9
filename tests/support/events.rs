//! A stream of Server-Sent Events as a client sees it.

use std::{collections::VecDeque, time::Duration};

use reqwest::{Response, header::HeaderMap};
use serde_json::Value;
use tokio::time::timeout;

/// Longest wait for what must come.
const PATIENCE: Duration = Duration::from_secs(15);

/// One event.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) id: Option<u64>,
    pub(crate) data: Value,
}

/// A stream, and what came over it that nobody has asked for yet.
pub(crate) struct Events {
    response: Response,
    bytes: Vec<u8>,
    waiting: VecDeque<Event>,
    /// The id that a browser would come back with.
    pub(crate) last_id: Option<u64>,
    /// Milliseconds that a browser would wait before it comes back.
    pub(crate) retry: Option<u64>,
    /// Comments so far.
    pub(crate) comments: usize,
}

impl Events {
    /// The stream in an answer.
    pub(crate) fn of(response: Response) -> Self {
        assert_eq!(response.status(), 200);
        let (bytes, waiting) = (Vec::new(), VecDeque::new());
        Self { response, bytes, waiting, last_id: None, retry: None, comments: 0 }
    }

    /// The headers of the answer.
    pub(crate) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The next event, or `None` at the end. A connection that was cut is an end, too.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        if let Some(event) = self.waiting.pop_front() {
            return Some(event);
        }
        timeout(PATIENCE, self.read()).await.expect("neither an event nor the end came")
    }

    /// The next event; `None` at the end, or when neither an event nor a comment came for so long.
    pub(crate) async fn try_next(&mut self, patience: Duration) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            let part = timeout(patience, self.part()).await.ok()??;
            self.waiting.extend(part);
        }
    }

    /// The next event that is an entry of a log.
    pub(crate) async fn next_entry(&mut self) -> Event {
        loop {
            let event = self.next().await.expect("an entry");
            if event.id.is_some() {
                return event;
            }
        }
    }

    /// The next event of this name; others wait until they are asked for.
    pub(crate) async fn next_of(&mut self, name: &str) -> Event {
        if let Some(place) = self.waiting.iter().position(|event| event.name == name) {
            return self.waiting.remove(place).unwrap();
        }
        let events = async {
            while let Some(event) = self.read().await {
                if event.name == name {
                    return Some(event);
                }
                self.waiting.push_back(event);
            }
            None
        };
        match timeout(PATIENCE, events).await {
            Ok(Some(event)) => event,
            end => panic!("no {name} but {end:?}; this came: {:?}", self.waiting),
        }
    }

    /// What is left, to the end.
    pub(crate) async fn rest(&mut self) -> Vec<Event> {
        let mut rest = Vec::new();
        while let Some(event) = self.next().await {
            rest.push(event);
        }
        rest
    }

    /// Waits for so many comments.
    pub(crate) async fn beats(&mut self, count: usize) {
        let before = self.comments;
        while self.comments < before + count {
            let part = timeout(PATIENCE, self.part()).await.expect("no heartbeat");
            let event = part.expect("the stream goes on");
            self.waiting.extend(event);
        }
    }

    async fn read(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.part().await? {
                return Some(event);
            }
        }
    }

    /// What stands before the next blank line: an event, or nothing of that kind.
    async fn part(&mut self) -> Option<Option<Event>> {
        let end = loop {
            if let Some(end) = self.bytes.windows(2).position(|pair| pair == b"\n\n") {
                break end + 2;
            }
            let chunk = self.response.chunk().await.ok()??;
            self.bytes.extend_from_slice(&chunk);
        };
        let part: Vec<u8> = self.bytes.drain(..end).collect();
        Some(self.understand(&String::from_utf8(part).unwrap()))
    }

    fn understand(&mut self, part: &str) -> Option<Event> {
        let mut event = Event::default();
        let mut has_data = false;
        for line in part.lines().filter(|line| !line.is_empty()) {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "" => self.comments += 1,
                "event" => value.clone_into(&mut event.name),
                "id" => event.id = Some(value.parse().unwrap()),
                "retry" => self.retry = Some(value.parse().unwrap()),
                "data" => {
                    assert!(!has_data, "one line of data");
                    event.data = serde_json::from_str(value).unwrap();
                    has_data = true;
                }
                other => panic!("no field of events: {other:?}"),
            }
        }
        self.last_id = event.id.or(self.last_id);
        has_data.then_some(event)
    }
}
