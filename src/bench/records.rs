//! Records: how fast one is read, lists are paged and searched, and records are made and changed.
//! What is searched for is taken from the patients that are there.

use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};
use reqwest::Url;
use serde_json::{Value, json};

use super::{
    crew::log_in,
    http::{Connection, Response},
    phase::{self, Outcome, Setting, Step, accept},
    process::Processes,
};
use crate::{chat::address::Address, failure::Failure};

/// Pages of 100 patients that make the sample.
const SAMPLE_PAGES: u64 = 20;

/// The page of 25 to which keyset paging walks, and page numbers jump.
const DEEP_PAGE: u64 = 10_000;

const PATIENTS: &str = "/api/patients/";

/// What is asked.
pub(crate) struct Plan {
    pub(crate) address: Address,
    pub(crate) authority: String,
    pub(crate) staff: String,
    pub(crate) doctor: Option<String>,
    pub(crate) password: String,
    pub(crate) clients: usize,
    pub(crate) readers: usize,
    pub(crate) time: Duration,
    pub(crate) processes: Processes,
}

/// Some of the patients.
struct Sample {
    count: u64,
    usernames: Vec<String>,
    names: Vec<String>,
}

impl Sample {
    /// Different words of names that are accepted, in no order.
    fn words(&self, accepted: impl Fn(&str) -> bool) -> Vec<String> {
        let all = self.names.iter().flat_map(|name| name.split_whitespace());
        let mut words: Vec<String> = all.filter(|word| accepted(word)).map(str::to_owned).collect();
        words.sort();
        words.dedup();
        words.shuffle(&mut StdRng::seed_from_u64(1));
        words
    }

    fn beginnings(&self, letters: usize) -> Vec<String> {
        let words = self.words(|word| word.chars().count() >= letters);
        words.iter().map(|word| word.chars().take(letters).collect()).collect()
    }
}

/// Measures one phase after the other, and reports each.
pub(crate) async fn run(
    plan: &Plan,
    mut report: impl FnMut(&str, &Outcome),
) -> Result<(), Failure> {
    let staff = log_in(&plan.address, &plan.staff, &plan.password).await?;
    let sample = sample(plan, &staff.token).await?;
    println!("patients                       {}", sample.count);
    for (name, targets) in reads(plan, &staff.token, &sample).await? {
        report(&name, &read(plan, &staff.token, &targets).await?);
    }
    if let Some(doctor) = &plan.doctor {
        let doctor = log_in(&plan.address, doctor, &plan.password).await?;
        for (name, targets) in restricted(&sample) {
            report(name, &read(plan, &doctor.token, &targets).await?);
        }
    }
    report("create (notifications)", &create(plan, &staff.token, &sample).await?);
    report("PATCH with If-Match", &change(plan, &staff.token, &sample).await?);
    Ok(())
}

async fn sample(plan: &Plan, token: &str) -> Result<Sample, Failure> {
    let mut connection = connect(plan, token).await?;
    let first = fetch(&mut connection, format!("{PATIENTS}?page_size=100")).await?;
    let count = first["count"].as_u64().unwrap_or(0);
    let mut sample = Sample { count, usernames: Vec::new(), names: Vec::new() };
    let mut random = StdRng::seed_from_u64(2);
    for _ in 0..SAMPLE_PAGES {
        let page = random.random_range(1..=count.div_ceil(100).max(1));
        let body = fetch(&mut connection, format!("{PATIENTS}?page_size=100&page={page}")).await?;
        for row in body["results"].as_array().into_iter().flatten() {
            sample.usernames.extend(row["user"].as_str().map(str::to_owned));
            sample.names.extend(row["userfullname"].as_str().map(str::to_owned));
        }
    }
    if sample.usernames.is_empty() {
        return Err(Failure::failed("there are no patients: ihs demo --patients makes some"));
    }
    // A page may have been drawn twice.
    sample.usernames.sort_unstable();
    sample.usernames.dedup();
    sample.usernames.shuffle(&mut random);
    Ok(sample)
}

/// What staff read: a name for each phase, and what is asked in turn.
async fn reads(
    plan: &Plan,
    token: &str,
    sample: &Sample,
) -> Result<Vec<(String, Vec<String>)>, Failure> {
    let records = sample.usernames.iter().map(|name| format!("{PATIENTS}{name}/")).collect();
    let is_eastern =
        |word: &str| word.chars().any(|letter| ('\u{600}'..'\u{700}').contains(&letter));
    let named = |name: &str, targets: Vec<String>| (name.to_owned(), targets);
    let mut phases = vec![
        named("GET of a record", records),
        named("page of 25", vec![PATIENTS.to_owned()]),
        named("search: a name", searching("search", sample.words(|_| true))),
        named("search: Persian, Arabic", searching("search", sample.words(is_eastern))),
        named("search: three letters", searching("search", sample.beginnings(3))),
        named("search: two letters", searching("search", sample.beginnings(2))),
        named("search: first and last name", searching("search", sample.names.clone())),
        named("name= the whole name", searching("name", sample.names.clone())),
        named("search: nobody", searching("search", vec!["qzx".to_owned()])),
        named(
            "search, ordering=-userfullname",
            searching("ordering=-userfullname&search", sample.words(|_| true)),
        ),
    ];
    if sample.count > DEEP_PAGE * 25 {
        let deep = walk(plan, token).await?;
        phases.push(named("?page=10000", vec![format!("{PATIENTS}?page={DEEP_PAGE}")]));
        phases.push(named("?cursor= at page 10000", vec![deep]));
    }
    Ok(phases)
}

/// What a doctor reads, who sees only some of the patients.
fn restricted(sample: &Sample) -> Vec<(&'static str, Vec<String>)> {
    vec![
        ("doctor: page of 25", vec![PATIENTS.to_owned()]),
        ("doctor: search: a name", searching("search", sample.words(|_| true))),
        ("doctor: search: three letters", searching("search", sample.beginnings(3))),
        ("doctor: name= the whole name", searching("name", sample.names.clone())),
    ]
}

fn searching(parameter: &str, terms: Vec<String>) -> Vec<String> {
    let (before, name) = parameter.rsplit_once('&').unwrap_or(("", parameter));
    let encoded = |term: String| {
        let url = Url::parse_with_params("http://h/", [(name, term)]).ok()?;
        Some(format!("{PATIENTS}?{before}&{}", url.query()?))
    };
    terms.into_iter().filter_map(encoded).collect()
}

/// Follows `next` from the beginning, in large steps, to where page 10,000 of 25 begins.
async fn walk(plan: &Plan, token: &str) -> Result<String, Failure> {
    let mut connection = connect(plan, token).await?;
    let mut target = format!("{PATIENTS}?cursor=&page_size=100");
    for _ in 0..DEEP_PAGE / 4 {
        let body = fetch(&mut connection, target).await?;
        let next = body["next"].as_str().and_then(|next| Url::parse(next).ok());
        let next = next.ok_or_else(|| Failure::failed("the walk ended early"))?;
        target = format!("{}?{}", next.path(), next.query().unwrap_or_default());
    }
    Ok(target.replace("page_size=100", "page_size=25"))
}

async fn read(plan: &Plan, token: &str, targets: &[String]) -> Result<Outcome, Failure> {
    let setting = setting(plan, token, plan.readers);
    let script = |client: usize, turn: usize, _: Option<&Response>| {
        // Clients ask for different things at one time.
        let place = turn * plan.readers + client;
        Step::get(targets.get(place % targets.len().max(1)).cloned().unwrap_or_default())
    };
    phase::run(&setting, &script).await
}

async fn create(plan: &Plan, token: &str, sample: &Sample) -> Result<Outcome, Failure> {
    let script = |client: usize, turn: usize, _: Option<&Response>| {
        let user = &sample.usernames[(turn * plan.clients + client) % sample.usernames.len()];
        let body = json!({"user": user, "title": "Results", "text": "Your results are here."});
        let (method, target) = ("POST", "/api/notifications/".to_owned());
        Step { method, target, body: body.to_string(), if_match: None }
    };
    phase::run(&setting(plan, token, plan.clients), &script).await
}

/// Each client changes a record of its own, on the version that its last change made.
async fn change(plan: &Plan, token: &str, sample: &Sample) -> Result<Outcome, Failure> {
    let clients = plan.clients.min(sample.usernames.len());
    let mut connection = connect(plan, token).await?;
    let mut first = Vec::new();
    for username in &sample.usernames[..clients] {
        let step = Step::get(format!("{PATIENTS}{username}/"));
        first.push(ask(&mut connection, &step).await?.etag);
    }
    let script = |client: usize, turn: usize, last: Option<&Response>| Step {
        method: "PATCH",
        target: format!("{PATIENTS}{}/", sample.usernames[client]),
        body: json!({"weight": 50 + turn % 50}).to_string(),
        if_match: last.map_or_else(|| first[client].clone(), |last| last.etag.clone()),
    };
    phase::run(&setting(plan, token, clients), &script).await
}

fn setting<'a>(plan: &'a Plan, token: &'a str, clients: usize) -> Setting<'a> {
    let Plan { authority, time, processes, .. } = plan;
    Setting { authority, token, clients, time: *time, processes }
}

async fn connect(plan: &Plan, token: &str) -> Result<Connection, Failure> {
    Connection::open(&plan.authority, token).await.map_err(unreachable)
}

async fn fetch(connection: &mut Connection, target: String) -> Result<Value, Failure> {
    let response = ask(connection, &Step::get(target)).await?;
    serde_json::from_slice(&response.body)
        .map_err(|error| Failure::failed("the answer is not JSON").because(error))
}

async fn ask(connection: &mut Connection, step: &Step) -> Result<Response, Failure> {
    let request = super::http::Request::get(&step.target);
    let response = connection.send(&request).await.map_err(unreachable)?;
    accept(step, &response)?;
    Ok(response)
}

fn unreachable(error: std::io::Error) -> Failure {
    Failure::failed("the node cannot be reached").because(error)
}
