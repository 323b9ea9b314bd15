//! Easy Writer.

pub(crate) mod auth;
mod generation;
mod images;
mod journey;
pub(crate) mod payments;
mod skin;
mod socket;
mod support;
mod tools;
mod user;
