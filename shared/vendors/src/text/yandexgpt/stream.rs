//! The lines of an answer.

use domain::generation::text::TextError;
use serde::Deserialize;
use serde_json::Value;

use crate::http::{Failure, LineStream};
use crate::text::output::{self, Count, Draft, Ending, Step, Usage};

/// A line: a result, or an error as `{error: {…}}` or `{code, message}`.
#[derive(Deserialize)]
struct Line {
    result: Option<Reply>,
}

#[derive(Deserialize)]
struct Reply {
    alternatives: Option<Vec<Alternative>>,
    usage: Option<ReplyUsage>,
}

#[derive(Deserialize)]
struct Alternative {
    message: Option<AlternativeMessage>,
    status: Option<String>,
}

#[derive(Deserialize)]
struct AlternativeMessage {
    text: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ReplyUsage {
    input_text_tokens: Count,
    completion_tokens: Count,
}

/// What is known so far.
#[derive(Default)]
pub(super) struct Progress {
    /// The vendor's latest text.
    pub(super) text: String,
    pub(super) usage: Usage,
    /// Set by a final status; reading succeeds only after one.
    pub(super) ending: Option<Ending>,
}

/// Reads lines to the end of the stream. A stream that ends or fails before a final status is broken.
pub(super) async fn read(lines: &mut LineStream, draft: &mut Draft<'_>) -> Result<Progress, TextError> {
    let mut progress = Progress::default();
    loop {
        let step = step(lines, draft, &mut progress).await;
        if output::is_last(step, progress.ending.is_some())? {
            return Ok(progress);
        }
    }
}

async fn step(lines: &mut LineStream, draft: &mut Draft<'_>, progress: &mut Progress) -> Result<Step, TextError> {
    let Some(line) = lines.next().await? else { return Ok(Step::StreamEnded) };
    if !line.trim().is_empty() {
        take(&line, lines, draft, progress)?;
    }
    Ok(Step::More)
}

fn take(line: &str, lines: &LineStream, draft: &mut Draft<'_>, progress: &mut Progress) -> Result<(), TextError> {
    let parsed: Line = serde_json::from_str(line).map_err(|error| Failure::malformed("line", &error))?;
    let Some(reply) = parsed.result else {
        let error: Value = serde_json::from_str(line).unwrap_or_default();
        return Err(TextError::Broken(lines.complaint(&error).describe()));
    };
    if let Some(ReplyUsage { input_text_tokens, completion_tokens }) = reply.usage {
        progress.usage = Usage { input: input_text_tokens.0, output: completion_tokens.0 };
    }
    // One alternative was asked for.
    let Some(Alternative { message, status }) = reply.alternatives.and_then(|all| all.into_iter().next()) else {
        return Ok(());
    };
    let ending = match status.as_deref() {
        Some("ALTERNATIVE_STATUS_CONTENT_FILTER") => return Err(TextError::ContentRefused),
        Some("ALTERNATIVE_STATUS_FINAL" | "ALTERNATIVE_STATUS_TOOL_CALLS") => Some(Ending::Whole),
        Some("ALTERNATIVE_STATUS_TRUNCATED_FINAL") => Some(Ending::Truncated),
        _ => None,
    };
    progress.ending = ending.or(progress.ending);
    if let Some(text) = message.and_then(|message| message.text) {
        if let Some(piece) = text.strip_prefix(draft.text()) {
            draft.push(piece);
        }
        progress.text = text;
    }
    Ok(())
}
