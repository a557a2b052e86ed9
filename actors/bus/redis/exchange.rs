//! What the tasks of the bus share: who listens, what is owed, and how the bus is.

use std::time::{Duration, Instant};

use actix::{Recipient, dev::SendError};
use ihs_config::BusSettings;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use super::{
    channels::{Channel, Channels},
    line::Heard,
    probe::Probe,
    server::Trouble,
    table::{Step, Table},
    wire,
};
use crate::bus::{Announcement, Health, News, NodeId, Topic};

/// Channels in one subscribing command.
const STEP: usize = 500;

/// What is known of the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing yet, and nothing was said.
    Starting,
    Up,
    Away,
}

/// Shared by the handle and the tasks.
pub(super) struct Exchange {
    channels: Channels,
    table: Mutex<Table<Recipient<Announcement>>>,
    probe: Mutex<Probe>,
    /// The channels on which our probes come back, one for each lane.
    probes: Vec<Channel>,
    birth: Instant,
    state: watch::Sender<State>,
    /// The last thing that went wrong, until nothing does.
    trouble: Mutex<Option<String>>,
    /// Something is wanted, or not wanted any more.
    pub(super) wanted: Notify,
    /// Somebody is owed a word.
    pub(super) owing: Notify,
}

impl Exchange {
    /// Nobody listens, and nothing is known of the bus.
    pub(super) fn new(channels: Channels, settings: &BusSettings) -> Self {
        // Tells this process from others that look at the same Redis.
        let name = format!("{:016x}", rand::random::<u64>());
        let lanes = channels.lanes();
        Self {
            table: Mutex::new(Table::new()),
            probe: Mutex::new(Probe::new(lanes, Duration::from_millis(settings.away_ms))),
            probes: (0..lanes).map(|lane| channels.probe(lane, &name)).collect(),
            channels,
            birth: Instant::now(),
            state: watch::Sender::new(State::Starting),
            trouble: Mutex::default(),
            wanted: Notify::new(),
            owing: Notify::new(),
        }
    }

    /// The channel of a topic.
    pub(super) fn channel(&self, topic: &Topic) -> Channel {
        self.channels.of(topic)
    }

    /// The channels of our probes.
    pub(super) fn probes(&self) -> &[Channel] {
        &self.probes
    }

    /// How the bus is.
    pub(super) fn health(&self) -> Health {
        match *self.state.borrow() {
            State::Up => Health::Up,
            State::Starting | State::Away => Health::Away,
        }
    }

    /// Waits until the bus is up.
    pub(super) async fn up(&self) {
        let mut state = self.state.subscribe();
        // It cannot fail while the exchange is there.
        let _ = state.wait_for(|state| *state == State::Up).await;
    }

    /// What is wrong.
    pub(super) fn trouble(&self) -> Option<String> {
        self.trouble.lock().clone()
    }

    /// Notes what went wrong.
    pub(super) fn note(&self, trouble: &Trouble) {
        tracing::debug!(%trouble, "bus");
        *self.trouble.lock() = Some(trouble.to_string());
    }

    /// A node wants to hear of a topic.
    pub(super) fn subscribe(&self, topic: Topic, node: NodeId, to: Recipient<Announcement>) {
        self.table.lock().subscribe(self.channel(&topic), topic, node, to);
        self.wanted.notify_one();
    }

    /// A node wants to hear no more of it.
    pub(super) fn unsubscribe(&self, topic: &Topic, node: NodeId) {
        self.table.lock().unsubscribe(self.channel(topic), node);
        self.wanted.notify_one();
    }

    /// A new connection listens: to our probes, and from now on to what is asked for.
    pub(super) fn connected(&self) {
        self.table.lock().connected();
    }

    /// What to ask Redis for next.
    pub(super) fn next_step(&self) -> Option<Step> {
        self.table.lock().next(STEP)
    }

    /// Redis has confirmed a step.
    pub(super) fn settle(&self, step: Step) {
        self.table.lock().settle(step);
        self.owing.notify_one();
    }

    /// A payload came, or the end of a channel, which may be one that nobody asked for.
    pub(super) fn hear(&self, heard: Heard) -> Result<(), Trouble> {
        let (name, payload) = match heard {
            Heard::Payload(name, payload) => (name, payload),
            Heard::Ended(name) => {
                let is_probe = self.probes.iter().any(|probe| *probe.name == name);
                let is_missed = is_probe || self.table.lock().counts_on(&name);
                return if is_missed { Err(Trouble::Moved) } else { Ok(()) };
            }
        };
        if let Some(probe) = self.probes.iter().find(|probe| *probe.name == name) {
            self.hear_probe(probe.lane, &payload);
            return Ok(());
        }
        if let Some((node, news)) = wire::decode(&payload) {
            self.deliver(&name, node, &news);
        } else {
            tracing::debug!(name, "not an announcement");
        }
        Ok(())
    }

    /// What a probe says that is sent now.
    pub(super) fn probe_payload(&self) -> Vec<u8> {
        self.birth.elapsed().as_millis().to_string().into_bytes()
    }

    fn hear_probe(&self, lane: usize, payload: &[u8]) {
        let sent = std::str::from_utf8(payload).ok().and_then(|text| text.parse().ok());
        if let Some(sent) = sent {
            let sent = self.birth + Duration::from_millis(sent);
            self.probe.lock().heard(lane, sent, Instant::now());
            self.judge();
        }
    }

    fn deliver(&self, name: &str, from: NodeId, news: &News) {
        let mut table = self.table.lock();
        let Some((topic, listeners)) = table.listeners(name) else { return };
        let others = listeners.iter().filter(|(node, _)| *node != from);
        let mut is_full = false;
        for (_, listener) in others {
            let announcement =
                Announcement { node: from, topic: topic.clone(), news: news.clone() };
            is_full |= matches!(listener.try_send(announcement), Err(SendError::Full(_)));
        }
        // Whoever has no place for it has much to do, and is told to look once that is done.
        if is_full && !news.is_passing() {
            table.owe(name);
            drop(table);
            self.owing.notify_one();
        }
    }

    /// Tells up to `limit` topics to look, and whether there are more.
    pub(super) fn tell_owed(&self, limit: usize) -> bool {
        let mut table = self.table.lock();
        let mut full = Vec::new();
        for _ in 0..limit {
            let Some(name) = table.next_owed() else { break };
            let Some((topic, listeners)) = table.listeners(&name) else { continue };
            for (node, listener) in listeners {
                let (node, topic) = (*node, topic.clone());
                let look = Announcement { node, topic, news: News::Changed };
                if let Err(SendError::Full(_)) = listener.try_send(look) {
                    full.push(name.clone());
                }
            }
        }
        for name in full {
            table.owe(&name);
        }
        let (is_settled, is_owing) = (table.is_settled(), table.is_owing());
        drop(table);
        if is_settled {
            self.probe.lock().ready(Instant::now());
            self.judge();
        }
        is_owing
    }

    /// Whether the connection is to be given up, as far as probes can say.
    pub(super) fn is_silent(&self) -> bool {
        self.judge();
        self.probe.lock().is_silent(Instant::now())
    }

    /// The connection that listens is gone, or could not be made.
    pub(super) fn lost(&self, trouble: &Trouble) {
        self.note(trouble);
        self.probe.lock().lost();
        self.table.lock().lost(|topic| self.channels.of(topic));
        self.turn(State::Away);
    }

    /// Whether probes come back.
    fn judge(&self) {
        if self.probe.lock().is_up(Instant::now()) {
            self.turn(State::Up);
        } else if self.health() == Health::Up {
            self.turn(State::Away);
        }
    }

    /// Says once when the bus has come or gone.
    fn turn(&self, to: State) {
        let is_new = self.state.send_if_modified(|state| std::mem::replace(state, to) != to);
        if is_new && to == State::Up {
            *self.trouble.lock() = None;
            tracing::info!("the bus is up");
        } else if is_new {
            let trouble = self.trouble().unwrap_or_else(|| Trouble::Silent.to_string());
            tracing::warn!(trouble, "the bus is away: what other nodes do is read from the log");
        }
    }
}
