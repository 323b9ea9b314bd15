//! Past and running sessions.

mod delete_session;
mod list_sessions;
mod show_session;
