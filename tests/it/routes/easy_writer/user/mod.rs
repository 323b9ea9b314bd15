//! The signed-in user.

mod change_password;
mod change_profile;
mod list_transactions;
mod show_balance;
mod show_profile;
