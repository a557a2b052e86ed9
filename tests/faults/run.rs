//! A run: people come, talk while everything fails in turn, and are asked what they saw.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    fault::Fault,
    follower::follow,
    proof::{Log, judge},
    report::summary,
    site::Site,
    steward::Steward,
    talker::{Habit, Talker},
    view::View,
    world::{Stage, Weather, World},
};

/// Longest wait for messages to be acknowledged again after a fault, and for everybody to have
/// everything at the end. A transaction that a killed node leaves open holds up, for a minute, who
/// writes to the same place (`transactionLifetimeLimitSeconds` of MongoDB).
const RECOVERY: Duration = Duration::from_secs(100);

/// Time for which it is looked whether Redis is used again as before.
const BACK: Duration = Duration::from_secs(3);

/// Time between two faults in which nothing is wrong.
const QUIET: Duration = Duration::from_secs(1);

/// Rooms, people who are always in all of them, and people who come and go.
const ROOMS: usize = 3;
const GUESTS: usize = 2;

/// What a run does.
pub(crate) struct Plan {
    pub(crate) faults: &'static [Fault],
    pub(crate) speakers: usize,
    /// Time between two things that one client says.
    pub(crate) pace: Duration,
}

/// Who takes part.
struct People {
    members: Vec<(String, String)>,
    guests: Vec<(String, String)>,
    rooms: Vec<String>,
}

impl Plan {
    /// Does it, and fails unless everybody saw what the logs hold.
    pub(crate) async fn run(&self, mut site: Site) {
        let seed = number("IHS_TEST_SEED").unwrap_or_else(|| u64::from(rand::random::<u32>()));
        let rounds = number("IHS_TEST_ROUNDS").unwrap_or(1);
        eprintln!("IHS_TEST_SEED={seed}, {rounds} rounds");
        let begin = Instant::now();
        let people = self.invite(&site).await;
        let world = Arc::new(World::new(site.doors(), site.client.clone()));
        let mut clients = self.start(&world, &people, seed);
        let steward = steward(&world, &people);
        let steward = tokio::spawn(steward.run(seed));
        let happened = self.fail(&mut site, &world, rounds, seed).await;

        world.stage.send_replace(Stage::Settling);
        let is_calm = || world.pending.load(Ordering::Relaxed) == 0 && steward.is_finished();
        until("everything is acknowledged", &site, &world, is_calm).await;
        let logs = logs(&site, &people).await;
        let heads = logs.iter().map(|(room, log)| (room.clone(), log.head())).collect();
        *world.heads.lock().unwrap() = heads;
        world.stage.send_replace(Stage::Ending);
        let views = gather(&world, &mut clients).await;
        let verdict = judge(&world, &logs, &views);
        eprintln!("{}", summary(&world, &happened, &views, &verdict, begin.elapsed()));
        let wrong = &verdict.faults[..verdict.faults.len().min(20)];
        assert!(
            verdict.is_good(),
            "IHS_TEST_SEED={seed}, {} things are wrong:\n{}\n{}",
            verdict.faults.len(),
            wrong.join("\n"),
            site.said()
        );
    }

    async fn invite(&self, site: &Site) -> People {
        let (mut members, mut guests, mut rooms) = (Vec::new(), Vec::new(), Vec::new());
        for number in 0..self.speakers {
            let name = format!("member{number}");
            members.push((name.clone(), site.sign_up(&name).await));
        }
        for number in 0..GUESTS {
            let name = format!("guest{number}");
            guests.push((name.clone(), site.sign_up(&name).await));
        }
        let names: Vec<String> = members.iter().map(|(name, _)| name.clone()).collect();
        for number in 0..ROOMS {
            let guests: &[(String, String)] = if number == 0 { &guests } else { &[] };
            let guests = guests.iter().map(|(name, _)| name.clone());
            let all: Vec<String> = names.iter().cloned().chain(guests).collect();
            rooms.push(site.room(&members[0].1, &format!("room {number}"), &all).await);
        }
        People { members, guests, rooms }
    }

    /// Every member speaks on one socket and listens on another; the first ones dawdle on a third
    /// and follow a stream. Guests listen in the first room.
    fn start(&self, world: &Arc<World>, people: &People, seed: u64) -> JoinSet<Vec<View>> {
        let mut clients = JoinSet::new();
        let mut add = |(user, token): &(String, String), habit: Habit, rooms: &[String]| {
            let name = format!("{user}-{habit:?}");
            let seed = seed.wrapping_add(1_000 + clients.len() as u64);
            let talker = Talker::new(world, &name, (user, token), habit, rooms, seed);
            clients.spawn(talker.run(self.pace));
        };
        for (number, member) in people.members.iter().enumerate() {
            add(member, Habit::Speaks, &people.rooms);
            add(member, Habit::Listens, &people.rooms);
            if number < 2 {
                add(member, Habit::Dawdles, &people.rooms);
            }
        }
        for guest in &people.guests {
            add(guest, Habit::Visits, &people.rooms[..1]);
        }
        for (number, room) in people.rooms.iter().enumerate() {
            let (user, token) = people.members[number % people.members.len()].clone();
            let name = format!("{user}-Follows");
            let seed = seed.wrapping_add(2_000 + number as u64);
            clients.spawn(follow(Arc::clone(world), name, (user, token), room.clone(), seed));
        }
        clients
    }

    /// Has everything fail so often, in an order that the seed decides.
    async fn fail(
        &self,
        site: &mut Site,
        world: &World,
        rounds: u64,
        seed: u64,
    ) -> BTreeMap<Fault, usize> {
        let mut chance = StdRng::seed_from_u64(seed);
        let mut happened = BTreeMap::new();
        self.until_it_goes_on(site, world).await;
        for _ in 0..rounds {
            let mut faults = self.faults.to_vec();
            faults.shuffle(&mut chance);
            for fault in faults {
                let node = chance.random_range(0..site.posts.len());
                let time = Duration::from_millis(chance.random_range(500..4_000));
                let begin = Instant::now();
                world.set_weather(fault.weather());
                fault.happen(site, node, time).await;
                if fault.weather() == Weather::Away {
                    world.set_weather(Weather::Back);
                    site.until_well().await;
                    sleep(BACK).await;
                }
                site.until_well().await;
                self.until_it_goes_on(site, world).await;
                eprintln!("  {fault} at {node} for {time:?}: well after {:?}", begin.elapsed());
                *happened.entry(fault).or_default() += 1;
                world.set_weather(Weather::Up);
                world.note_calm_behind(&fault.to_string());
                sleep(QUIET).await;
            }
        }
        happened
    }

    /// Waits until messages are acknowledged again.
    async fn until_it_goes_on(&self, site: &Site, world: &World) {
        let wanted = world.acked() + 2 * self.speakers;
        until("messages are acknowledged", site, world, || world.acked() >= wanted).await;
    }
}

fn steward(world: &Arc<World>, people: &People) -> Steward {
    let names = |people: &[(String, String)]| people.iter().map(|(name, _)| name.clone()).collect();
    Steward {
        world: Arc::clone(world),
        token: people.members[0].1.clone(),
        room: people.rooms[0].clone(),
        members: names(&people.members),
        guests: names(&people.guests),
    }
}

async fn logs(site: &Site, people: &People) -> HashMap<String, Log> {
    let mut logs = HashMap::new();
    for room in &people.rooms {
        let mut entries = site.log(&people.members[0].1, room).await;
        // What was on its way to a node without anybody waiting for it may still come.
        loop {
            sleep(QUIET).await;
            let again = site.log(&people.members[0].1, room).await;
            let is_still = again.len() == entries.len();
            entries = again;
            if is_still {
                break;
            }
        }
        logs.insert(room.clone(), Log::new(entries));
    }
    logs
}

/// Waits until everybody has everything, or for long enough.
async fn gather(world: &World, clients: &mut JoinSet<Vec<View>>) -> Vec<View> {
    let mut views = Vec::new();
    let whole = async {
        while let Some(client) = clients.join_next().await {
            views.extend(client.expect("a client"));
        }
    };
    if timeout(RECOVERY, whole).await.is_err() {
        world.stage.send_replace(Stage::Over);
        while let Some(client) = clients.join_next().await {
            views.extend(client.expect("a client"));
        }
    }
    views
}

async fn until(what: &str, site: &Site, world: &World, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + RECOVERY;
    while !holds() {
        let is_in_time = Instant::now() < deadline;
        assert!(is_in_time, "not so: {what}\n{}\n{}", world.state(), site.said());
        sleep(Duration::from_millis(20)).await;
    }
}

fn number(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok().filter(|value| !value.is_empty())?;
    Some(value.parse().unwrap_or_else(|_| panic!("{variable} is no number: {value}")))
}
