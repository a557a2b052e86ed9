//! What processes use, as Linux accounts for it in `/proc`.

use std::{fs, time::Duration};

use crate::failure::Failure;

/// `USER_HZ`: the unit of CPU times in `/proc/PID/stat` (proc(5)), 100 on every Linux that matters.
const TICKS_PER_SECOND: u32 = 100;

/// Processes whose use is measured together.
#[derive(Debug, Clone)]
pub(crate) struct Processes(pub(crate) Vec<u32>);

impl Processes {
    /// User and system time so far; `None` when no process was named.
    pub(crate) fn cpu(&self) -> Result<Option<Duration>, Failure> {
        let mut total = Duration::ZERO;
        for pid in &self.0 {
            let stat = read(*pid, "stat")?;
            // Behind the parenthesised name, utime and stime are fields 14 and 15 of proc(5).
            let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
            let ticks: u32 =
                fields.skip(11).take(2).filter_map(|field| field.parse::<u32>().ok()).sum();
            total += Duration::from_secs(1) * ticks / TICKS_PER_SECOND;
        }
        Ok((!self.0.is_empty()).then_some(total))
    }

    /// Resident memory in KiB; `None` when no process was named.
    pub(crate) fn resident_kib(&self) -> Result<Option<u64>, Failure> {
        let mut total = 0;
        for pid in &self.0 {
            let status = read(*pid, "status")?;
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
            let field = line.and_then(|line| line.split_whitespace().next());
            total += field.and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
        }
        Ok((!self.0.is_empty()).then_some(total))
    }
}

fn read(pid: u32, file: &str) -> Result<String, Failure> {
    fs::read_to_string(format!("/proc/{pid}/{file}"))
        .map_err(|error| Failure::usage(format!("cannot measure process {pid}")).because(error))
}
