//! `functions/aggregator/chat`

mod complete_chat;
mod embed;
mod list_models;
