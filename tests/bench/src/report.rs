//! The figures as tables. Of several rounds the best of each figure counts: what disturbs makes figures worse, and nothing makes them better.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use crate::race::Race;
use crate::subject::{DIRECT, Figures, Measured};

/// Everything that was measured.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    /// The best of each figure, in the order in which gateways came.
    best: Vec<Figures>,
    failures: BTreeMap<String, String>,
    pub(crate) races: Vec<Race>,
}

impl Report {
    pub(crate) fn add(&mut self, round: &Figures) {
        match self.best.iter_mut().find(|best| best.name == round.name) {
            Some(best) => best.improve(round),
            None => self.best.push(round.clone()),
        }
    }

    pub(crate) fn fail(&mut self, name: &str, cause: &str) {
        self.failures.insert(name.to_owned(), cause.to_owned());
    }

    pub(crate) fn markdown(&self) -> String {
        let mut text = String::new();
        let direct = self.best.iter().find(|figures| figures.name == DIRECT);
        let added = |of: fn(&Figures) -> &Vec<Measured>, title: &str, text: &mut String| {
            let callers: Vec<_> = direct.map(of).into_iter().flatten().map(|measured| measured.callers).collect();
            line(text, title, callers.iter().flat_map(|n| [format!("p50, {n}"), format!("p99, {n}")]));
            rule(text, callers.len() * 2);
            for figures in &self.best {
                let cells = of(figures).iter().enumerate().flat_map(|(index, measured)| {
                    let base = direct.filter(|it| it.name != figures.name).and_then(|it| of(it).get(index));
                    let over = |value: Duration, base: Option<Duration>| {
                        millis(value.saturating_sub(base.unwrap_or_default()))
                    };
                    [over(measured.p50, base.map(|it| it.p50)), over(measured.p99, base.map(|it| it.p99))]
                });
                line(text, &figures.name, cells);
            }
            text.push('\n');
        };
        added(|figures| &figures.whole, "whole answer, ms added", &mut text);
        added(|figures| &figures.streamed, "first streamed byte, ms added", &mut text);
        let callers: Vec<_> = direct.into_iter().flat_map(|it| &it.whole).map(|it| it.callers).collect();
        let heads =
            callers.iter().map(|n| format!("a second, {n}")).chain(callers.iter().map(|n| format!("CPU ms, {n}")));
        let heads = heads.chain(["streams a second, 32", "memory, MiB", "start, ms"].map(str::to_owned));
        line(&mut text, "throughput", heads);
        rule(&mut text, callers.len() * 2 + 3);
        for figures in &self.best {
            let rate = |measured: &Measured| format!("{:.0}", measured.per_second);
            let cpu = |measured: &Measured| measured.cpu.map_or_else(String::new, millis);
            let streams = figures.streamed.iter().find(|measured| measured.callers == 32).map(rate).unwrap_or_default();
            let memory = figures.memory.map_or_else(String::new, |it| it.to_string());
            let start = figures.start.map_or_else(String::new, |it| it.as_millis().to_string());
            let cells =
                figures.whole.iter().map(rate).chain(figures.whole.iter().map(cpu)).chain([streams, memory, start]);
            line(&mut text, &figures.name, cells);
        }
        // Writing to a string does not fail.
        for (name, cause) in &self.failures {
            let _ = write!(text, "\n{name} could not be measured: {cause}\n");
        }
        for Race { name, calls, ran, refused, seen } in &self.races {
            let _ = write!(
                text,
                "\n{name}: {calls} calls at once on a balance for one: {ran} ran, {refused} were refused, the vendor saw {seen}.\n"
            );
        }
        text
    }
}

impl Figures {
    fn improve(&mut self, round: &Self) {
        self.start = self.start.min(round.start);
        self.memory = self.memory.min(round.memory);
        let both = self.whole.iter_mut().zip(&round.whole).chain(self.streamed.iter_mut().zip(&round.streamed));
        for (best, measured) in both {
            best.p50 = best.p50.min(measured.p50);
            best.p99 = best.p99.min(measured.p99);
            best.per_second = best.per_second.max(measured.per_second);
            best.cpu = best.cpu.min(measured.cpu);
        }
    }
}

fn line(text: &mut String, name: &str, cells: impl Iterator<Item = String>) {
    let _ = writeln!(text, "| {name} | {} |", cells.collect::<Vec<_>>().join(" | "));
}

fn rule(text: &mut String, columns: usize) {
    let _ = writeln!(text, "| --- |{}", " ---: |".repeat(columns));
}

fn millis(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1000.0)
}
