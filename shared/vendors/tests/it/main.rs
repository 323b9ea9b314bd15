//! The vendors against a server that plays recorded bytes.
//!
//! The modules are marked as tests one by one, so that lints know their helpers as test code.

#[cfg(test)]
mod certificates;
#[cfg(test)]
mod chat;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod image;
#[cfg(test)]
mod oauth;
#[cfg(test)]
mod payments;
#[cfg(test)]
mod server;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod text;
#[cfg(test)]
mod unisender_go;
