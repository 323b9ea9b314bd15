//! Views that several endpoints share.

use domain::easy_writer::Tool;
use domain::generation::Mode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Mode of a run.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ModeView {
    /// Synchronous: the response contains the result.
    Quick,
    /// In the background: progress is sent over the WebSocket.
    Standard,
}

impl From<Mode> for ModeView {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Quick => Self::Quick,
            Mode::Standard => Self::Standard,
        }
    }
}

impl From<ModeView> for Mode {
    fn from(mode: ModeView) -> Self {
        match mode {
            ModeView::Quick => Self::Quick,
            ModeView::Standard => Self::Standard,
        }
    }
}

pub(crate) fn modes(tool: &Tool) -> Vec<ModeView> {
    tool.modes().into_iter().map(ModeView::from).collect()
}
