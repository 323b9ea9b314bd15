//! `/ws/generation/{session_id}?token=`

mod connect;
mod disconnect;
mod frames;
mod image_frames;
mod messages;

use serde_json::{Value, json};

use crate::easy_writer::Session;
use crate::world::World;

/// The steps of an essay.
const ESSAY: [&str; 4] = ["Анализ", "План", "Черновик", "Редактура"];

fn connected(session: &str) -> Value {
    json!({ "event": "connected", "session_id": session })
}

/// The frame that ends a completed session, with result and cost as its owner reads them.
async fn completed(world: &World, user: &Session, session: &str) -> Value {
    let session = world.session(user, session).await;
    assert_eq!(session["status"], "completed", "{session}");
    json!({ "event": "completed", "result": session["result"], "cost_raits": session["cost_raits"] })
}

/// Asserts that these frames tell the whole story of a session: each event once and in order, with every field and no others.
#[track_caller]
fn assert_whole_story(frames: &[Value], session: &str, steps: &[&str], ending: &Value) {
    let mut rest = frames.iter().peekable();
    assert_eq!(rest.next(), Some(&connected(session)));
    for (number, name) in steps.iter().enumerate() {
        let step = number + 1;
        let started = json!({ "event": "step_started", "step": step, "step_name": name, "total_steps": steps.len() });
        assert_eq!(rest.next(), Some(&started), "{frames:#?}");
        let mut so_far = 0;
        while let Some(frame) = rest.next_if(|frame| frame["event"] == "step_progress") {
            let progress = frame["progress"].as_u64().unwrap();
            assert_eq!(*frame, json!({ "event": "step_progress", "step": step, "progress": progress }));
            assert!(progress > so_far, "{frames:#?}");
            so_far = progress;
        }
        assert_eq!(so_far, 100, "{frames:#?}");
        assert_eq!(rest.next(), Some(&json!({ "event": "step_completed", "step": step })), "{frames:#?}");
    }
    assert_eq!(rest.next(), Some(ending), "{frames:#?}");
    assert_eq!(rest.next(), None, "{frames:#?}");
}
