//! The command line of Plica.

mod cli;

fn main() -> std::process::ExitCode {
    cli::run()
}
