//! Easy Writer: the function `maintenance-cron`.

fn main() -> Result<(), edge::RunError> {
    edge::run(easy_writer_maintenance_cron::FUNCTION)
}
