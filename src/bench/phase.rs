//! One phase of a measurement: clients that send one request after the other for some time.

use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

use futures_util::future::try_join_all;

use super::{
    http::{Connection, Request, Response},
    process::Processes,
};
use crate::failure::Failure;

/// Where, how long and by how many is measured.
pub(crate) struct Setting<'a> {
    pub(crate) authority: &'a str,
    pub(crate) token: &'a str,
    pub(crate) clients: usize,
    pub(crate) time: Duration,
    pub(crate) processes: &'a Processes,
}

/// A client's next request, from its number, how many it has sent, and what came back last.
pub(crate) trait Script {
    /// Method, target, body and the version that must be there.
    fn next(&self, client: usize, turn: usize, last: Option<&Response>) -> Step;
}

/// A request, owned.
#[derive(Debug, Clone, Default)]
pub(crate) struct Step {
    pub(crate) method: &'static str,
    pub(crate) target: String,
    pub(crate) body: String,
    pub(crate) if_match: Option<String>,
}

impl Step {
    /// A GET.
    pub(crate) fn get(target: impl Into<String>) -> Self {
        Self { method: "GET", target: target.into(), ..Self::default() }
    }
}

impl<F: Fn(usize, usize, Option<&Response>) -> Step> Script for F {
    fn next(&self, client: usize, turn: usize, last: Option<&Response>) -> Step {
        self(client, turn, last)
    }
}

/// What came of a phase.
pub(crate) struct Outcome {
    /// Ascending.
    pub(crate) micros: Vec<u32>,
    pub(crate) time: Duration,
    pub(crate) cpu: Option<Duration>,
}

impl Outcome {
    /// The delay that so many of 1,000 requests stay within.
    pub(crate) fn delay(&self, per_mille: usize) -> Duration {
        let place = self.micros.len().saturating_sub(1) * per_mille / 1_000;
        Duration::from_micros(self.micros.get(place).copied().unwrap_or(0).into())
    }
}

/// Runs a phase.
pub(crate) async fn run(setting: &Setting<'_>, script: &impl Script) -> Result<Outcome, Failure> {
    let micros = RefCell::new(Vec::new());
    let (cpu, start) = (setting.processes.cpu()?, Instant::now());
    let end = start + setting.time;
    try_join_all((0..setting.clients).map(|client| drive(setting, script, client, end, &micros)))
        .await?;
    let time = start.elapsed();
    let cpu_after = setting.processes.cpu()?;
    let mut micros = micros.into_inner();
    micros.sort_unstable();
    let cpu = cpu_after.zip(cpu).map(|(after, before)| after.saturating_sub(before));
    Ok(Outcome { micros, time, cpu })
}

async fn drive(
    setting: &Setting<'_>,
    script: &impl Script,
    client: usize,
    end: Instant,
    micros: &RefCell<Vec<u32>>,
) -> Result<(), Failure> {
    let broken = |error| Failure::failed("the node cannot be reached").because(error);
    let mut connection =
        Connection::open(setting.authority, setting.token).await.map_err(broken)?;
    let mut last: Option<Response> = None;
    let mut turn = 0;
    while Instant::now() < end {
        let step = script.next(client, turn, last.as_ref());
        let request = Request {
            method: step.method,
            target: &step.target,
            body: &step.body,
            if_match: step.if_match.as_deref(),
        };
        let sent = Instant::now();
        let response = connection.send(&request).await.map_err(broken)?;
        micros.borrow_mut().push(u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX));
        accept(&step, &response)?;
        last = Some(response);
        turn += 1;
    }
    Ok(())
}

/// An answer that is no success ends the measurement.
pub(crate) fn accept(step: &Step, response: &Response) -> Result<(), Failure> {
    if (200..300).contains(&response.status) {
        return Ok(());
    }
    let (method, target, status) = (step.method, &step.target, response.status);
    let body = String::from_utf8_lossy(&response.body);
    Err(Failure::failed(format!("{method} {target} was answered {status}: {body}")))
}
