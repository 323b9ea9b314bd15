//! Easy Writer.

pub(crate) mod auth;
mod generation;
mod journey;
mod skin;
mod socket;
mod support;
mod tools;
mod user;
