//! `functions/aggregator/auth`

mod create_api_key;
mod list_api_keys;
mod log_in;
mod refresh;
mod register;
mod resend_confirmation;
mod revoke_api_key;
mod verify_email;
