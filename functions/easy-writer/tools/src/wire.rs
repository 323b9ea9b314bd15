//! Shapes that several endpoints share.

use domain::easy_writer::Tool;
use domain::generation::Mode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a tool runs.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ModeView {
    /// At once; the answer has the result.
    Quick,
    /// In the background; the WebSocket tells the progress.
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

/// The modes of a tool.
pub(crate) fn modes(tool: &Tool) -> Vec<ModeView> {
    tool.modes().into_iter().map(ModeView::from).collect()
}
