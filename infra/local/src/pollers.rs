//! What happens without anybody asking: deliveries, schedules, expiry.

use std::sync::Arc;
use std::time::Duration;

use domain::kernel::Timestamp;
use serde_json::json;

use crate::function::Function;
use crate::gateway::stamp::Stamp;
use crate::stack::Stack;
use crate::tasks::Tasks;
use crate::template::model::Schedule;

/// How often expired items are removed.
const SWEEP: Duration = Duration::from_mins(1);

/// Starts all of it; it ends with the stack's tasks.
pub(crate) fn start(stack: &Stack) {
    for source in &stack.sources {
        stack.tasks.spawn(Arc::clone(source).run(stack.tasks.clone()));
    }
    for schedule in &stack.schedules {
        if let Some(function) = stack.functions.get(&schedule.function) {
            let work = run_schedule(stack.stamp.clone(), schedule.clone(), Arc::clone(function), stack.tasks.clone());
            stack.tasks.spawn(work);
        }
    }
    let (tables, tasks) = (stack.table_engine.clone(), stack.tasks.clone());
    stack.tasks.spawn(async move {
        while sleep_unless_stopped(&tasks, SWEEP).await {
            let tables = tables.clone();
            match tokio::task::spawn_blocking(move || tables.sweep()).await {
                Ok(Ok(removed)) => tracing::debug!(removed, "expired items removed"),
                Ok(Err(error)) => tracing::error!(%error, "expired items stay"),
                Err(cause) => tracing::error!(%cause, "expired items stay"),
            }
        }
    });
}

async fn run_schedule(stamp: Stamp, schedule: Schedule, function: Arc<Function>, tasks: Tasks) {
    let mut due = schedule.rate.fires_at_start();
    while !tasks.is_stopped() {
        if due {
            // A failure is logged where it happens, and the next run comes anyway.
            let _ = function.invoke(&schedule_event(&stamp, &schedule)).await;
        }
        let Some(wait) = schedule.rate.next_after(stamp.now()) else { return };
        due = sleep_unless_stopped(&tasks, wait).await;
    }
}

/// Returns false if the stack stopped meanwhile.
async fn sleep_unless_stopped(tasks: &Tasks, time: Duration) -> bool {
    tokio::select! {
        () = tasks.stopped() => false,
        () = tokio::time::sleep(time) => true,
    }
}

/// What EventBridge sends when a rule fires.
pub(crate) fn schedule_event(stamp: &Stamp, schedule: &Schedule) -> serde_json::Value {
    let now = stamp.now();
    let parts: Vec<_> = schedule.arn.split(':').collect();
    let part = |index| parts.get(index).copied().unwrap_or_default();
    json!({
        "version": "0",
        "id": stamp.ids.uuid(now).to_string(),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": part(4),
        "time": Timestamp::from_second(now.as_second()).unwrap_or(now).to_string(),
        "region": part(3),
        "resources": [schedule.arn],
        "detail": {},
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::stamp::tests::stamp;
    use crate::schedule::Rate;

    #[test]
    fn a_schedules_event_is_that_of_eventbridge() {
        let arn = "arn:aws:events:eu-central-1:123456789012:rule/tick".to_owned();
        let rate = Rate::Every(Duration::from_mins(1));
        let schedule = Schedule { function: "f".to_owned(), rule: "tick".to_owned(), arn: arn.clone(), rate };
        let mut event = schedule_event(&stamp(), &schedule);
        assert!(event["id"].take().is_string());
        let expected = json!({
            "version": "0",
            "id": null,
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": "123456789012",
            "time": "2020-03-10T05:16:23Z",
            "region": "eu-central-1",
            "resources": [arn],
            "detail": {},
        });
        assert_eq!(event, expected);
    }
}
