//! Easy Writer: buying raits.
