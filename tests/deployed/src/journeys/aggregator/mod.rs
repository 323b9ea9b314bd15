//! What companies and operators do with AI Aggregator.

pub(super) mod chats;
pub(super) mod companies;
pub(super) mod hooks;
pub(super) mod money;
pub(super) mod upkeep;
