//! Easy Writer's events on `/ws/generation/{session_id}` and `/ws/image/{image_id}`.

use domain::easy_writer::Picture;
use domain::generation::{Event, Failure, Frame, Render};
use domain::kernel::{Dependency, JobId, JobKind, Resource};
use serde_json::{Value, json};

use super::envelope::words;
use crate::problem::Problem;

/// API Gateway closes a connection on a frame above 32 KB. Escapes make JSON longer than its text.
const MAX_FRAME_BYTES: usize = 30 * 1024;

/// The wire format for subscribers of jobs of `kind`.
pub const fn render(kind: JobKind) -> Render {
    match kind {
        JobKind::Text => session_frame,
        JobKind::Image | JobKind::Upscale => image_frame,
    }
}

/// A frame for subscribers of a session. A result that does not fit is sent as `result: null` with the URL to read it
/// from.
fn session_frame(session: JobId, frame: &Frame) -> Option<String> {
    let text = session_event(session, frame)?.to_string();
    Some(match frame {
        Frame::Completed { cost, .. } if text.len() > MAX_FRAME_BYTES => json!({
            "event": "completed",
            "result": null,
            "result_url": format!("/api/v1/generation/sessions/{session}"),
            "cost_raits": cost.units(),
        })
        .to_string(),
        _ => text,
    })
}

fn session_event(session: JobId, frame: &Frame) -> Option<Value> {
    Some(match frame {
        Frame::Connected => json!({ "event": "connected", "session_id": session }),
        Frame::Progress(Event::StepStarted { step, name, total }) => {
            json!({ "event": "step_started", "step": step, "step_name": name, "total_steps": total })
        }
        Frame::Progress(Event::StepProgress { step, progress }) => {
            json!({ "event": "step_progress", "step": step, "progress": progress })
        }
        Frame::Progress(Event::StepCompleted { step, .. }) => json!({ "event": "step_completed", "step": step }),
        Frame::Completed { result, cost } => {
            json!({ "event": "completed", "result": result, "cost_raits": cost.units() })
        }
        Frame::Failed(failure) => failed(*failure, Resource::SESSION),
        Frame::Deleted => error(&Problem::NotFound(Resource::SESSION)),
        Frame::Progress(Event::Progress { .. } | Event::Ordered { .. } | Event::Drawn { .. }) => return None,
    })
}

/// A frame for subscribers of an image or its upscaling.
fn image_frame(image: JobId, frame: &Frame) -> Option<String> {
    let event = match frame {
        Frame::Connected => json!({ "event": "connected", "image_id": image }),
        Frame::Progress(Event::Progress { progress }) => json!({ "event": "processing", "progress": progress }),
        Frame::Progress(_) => return None,
        Frame::Completed { result, .. } => match Picture::parse(result) {
            Ok(picture) => json!({ "event": "completed", "url": picture.url() }),
            Err(_) => failed(Failure::GenerationFailed, Resource::IMAGE),
        },
        Frame::Failed(failure) => failed(*failure, Resource::IMAGE),
        Frame::Deleted => error(&Problem::NotFound(Resource::IMAGE)),
    };
    Some(event.to_string())
}

fn failed(failure: Failure, resource: Resource) -> Value {
    match failure {
        Failure::GenerationFailed => error(&Problem::Failed(resource)),
        Failure::ProviderUnavailable => error(&Problem::Unavailable(Dependency::Provider)),
    }
}

/// Code and message of the corresponding HTTP error.
fn error(problem: &Problem) -> Value {
    let (code, message) = words(problem);
    json!({ "event": "error", "code": code, "message": message })
}

#[cfg(test)]
mod tests {
    use domain::kernel::Amount;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn frames_have_the_contracts_shape() {
        let session = JobId::from(Uuid::nil());
        let text = |frame| session_frame(session, &frame).unwrap();
        assert_eq!(
            text(Frame::Connected),
            r#"{"event":"connected","session_id":"00000000-0000-0000-0000-000000000000"}"#
        );
        let started = Event::StepStarted { step: 1, name: "Анализ".to_owned(), total: 4 };
        assert_eq!(
            text(Frame::Progress(started)),
            r#"{"event":"step_started","step":1,"step_name":"Анализ","total_steps":4}"#
        );
        assert_eq!(
            text(Frame::Failed(Failure::GenerationFailed)),
            r#"{"event":"error","code":"GENERATION_FAILED","message":"Ошибка генерации, Райты не списаны"}"#
        );
    }

    #[test]
    fn a_result_that_does_not_fit_a_frame_is_announced() {
        let frame = Frame::Completed { result: "\"".repeat(20_000), cost: Amount::new(50) };
        let text = session_frame(JobId::from(Uuid::nil()), &frame).unwrap();
        assert!(text.len() < 1000);
        assert!(text.contains(r#""result":null"#) && text.contains("/api/v1/generation/sessions/"), "{text}");
    }
}
