//! What a template is evaluated against: the account that the local stack pretends to be.

use crate::secrets::Secrets;

/// Where the local stack says it is, and what it knows before it reads a template.
pub struct Surroundings<'a> {
    /// The region of every ARN.
    pub region: &'a str,
    /// The twelve digits of the account.
    pub account: &'a str,
    /// Where the queue engine is served; queue URLs start with it.
    pub queues: &'a str,
    /// Secrets that templates ask to be generated.
    pub secrets: &'a Secrets,
}
