//! A gateway's process, and what the kernel knows of it.

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};

use crate::Outcome;

/// How often one looks whether a gateway answers, and how long.
const GLANCE: Duration = Duration::from_millis(2);
const TIMEOUT: Duration = Duration::from_secs(90);

/// A tick of the kernel's clock of processes: `USER_HZ` is 100 on every platform that this runs on.
const TICK: Duration = Duration::from_millis(10);

/// A process that ends with this.
pub(crate) struct Process {
    child: Child,
    pub(crate) begun: Instant,
}

impl Process {
    /// Starts it. What it says goes to the file at `log`.
    pub(crate) fn start(mut command: Command, log: &Path) -> Outcome<Self> {
        let log = File::create(log)?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).kill_on_drop(true);
        let begun = Instant::now();
        Ok(Self { child: command.spawn()?, begun })
    }

    /// Looks again and again until `is_there` says so; how long that was since the start.
    pub(crate) async fn wait(&mut self, is_there: impl AsyncFn() -> bool) -> Outcome<Duration> {
        while !is_there().await {
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("ended at its start: {status}").into());
            }
            if self.begun.elapsed() > TIMEOUT {
                return Err("does not answer".into());
            }
            tokio::time::sleep(GLANCE).await;
        }
        Ok(self.begun.elapsed())
    }

    /// Ends it.
    pub(crate) async fn stop(mut self) -> Outcome {
        self.child.kill().await?;
        Ok(())
    }

    /// The processor's time that it has used.
    pub(crate) fn cpu(&self) -> Outcome<Duration> {
        let stat = self.read("stat")?;
        // The name, in parentheses, may hold anything. User and system time are fields 14 and 15, counted from 1.
        let fields = stat.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
        let ticks: u32 = fields.split_whitespace().skip(11).take(2).map_while(|field| field.parse::<u32>().ok()).sum();
        Ok(TICK * ticks)
    }

    /// The memory that it has, in MiB.
    pub(crate) fn memory(&self) -> Outcome<u32> {
        let status = self.read("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u32>().ok());
        Ok(kib.ok_or("no VmRSS")? / 1024)
    }

    fn read(&self, file: &str) -> Outcome<String> {
        let id = self.child.id().ok_or("the process has ended")?;
        Ok(fs::read_to_string(format!("/proc/{id}/{file}"))?)
    }
}
