//! The function `reconciliation-cron`, which every product deploys.

fn main() -> Result<(), edge::RunError> {
    edge::run(reconciliation_cron::FUNCTION)
}
