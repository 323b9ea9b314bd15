//! Pictures in, pictures out: sizes, colours and places, and what hostile files get.
//!
//! The modules are marked as tests one by one, so that lints know their helpers as test code.

#[cfg(test)]
mod enlarge;
#[cfg(test)]
mod finish;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod thumbnail;
