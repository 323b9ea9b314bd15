//! `functions/aggregator/analytics`

mod show_usage;
