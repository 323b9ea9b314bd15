//! Easy Writer.

mod journey;
