//! The command line of Plica: parse, call the library, print.

#![forbid(unsafe_code)]

mod audit;
mod bounds;
mod convexity;
mod directory;
mod error;
mod fold;
mod inputs;
mod interrupt;
mod net;
mod output;
mod paths;
mod progress;
mod regions;
mod trace;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Parser, Subcommand};
use error::Failure;
use output::{Format, Output};
use plica::report::plain;
use std::io::Write;
use std::process::ExitCode;

/// The forms of NET, DATA, POINT and SEL, at the end of each command's help.
const FORMS: &str = "\
NET     a .onnx, .npz, .safetensors or .json file, or built in: cantor:K,
        cantor-b:K, cantor-c:K, sawtooth:K, zigzag:N:P:L, digits:3x20,
        digits:gelu:3x20, digits:tanh:3x20, random:784-30-30-10@SEED,
        random-kaiming:...@SEED
DATA    a .npz (X, y), .npy, .csv or IDX file (.gz too), or the built-in digits
POINT   coordinates such as 0,3/4 or -0.1,2, a .npy file, or a row: DATA#17
SEL     hidden (default), all (the output as last layer), or layers: 0,2,4  0-3

Exit status: 0 done; 1 an error of the data; 2 an error of the call;
             3 a limit reached or a self-check failed; 130 interrupted.";

/// The exact geometry of ReLU networks: no sampling, no tolerance.
#[derive(Parser)]
#[command(name = "plica", version, max_term_width = 80, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,

    /// Print results as text, or as JSON and nothing else, one object per line
    #[arg(long, global = true, value_enum, default_value_t, display_order = 900, value_name = "FORMAT")]
    format: Format,
}

#[derive(Subcommand)]
enum Command {
    Trace(trace::Arguments),
    Fold(fold::Arguments),
    Audit(audit::Arguments),
    Regions(regions::Arguments),
    Convexity(convexity::Arguments),
    Bounds(bounds::Arguments),
    Net(net::Arguments),
}

fn main() -> ExitCode {
    interrupt::install();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(message) => {
            if let Some(line) = wrong_value(&message) {
                return Failure::Call(line).report();
            }
            let printed = print(&message).map_err(Failure::from);
            return match printed {
                // A wrong call keeps its exit status if its message cannot be written.
                Err(failure) if message.exit_code() == 0 => failure.report(),
                _ => ExitCode::from(message.exit_code() as u8),
            };
        }
    };
    let mut output = Output::new(cli.format);
    let done = match cli.command {
        Command::Trace(arguments) => trace::run(&arguments, &mut output),
        Command::Fold(arguments) => fold::run(&arguments, &mut output),
        Command::Audit(arguments) => audit::run(&arguments, &mut output),
        Command::Regions(arguments) => regions::run(&arguments, &mut output),
        Command::Convexity(arguments) => convexity::run(&arguments, &mut output),
        Command::Bounds(arguments) => bounds::run(&arguments, &mut output),
        Command::Net(arguments) => net::run(&arguments, &mut output),
    };
    match done.and_then(|()| output.finish()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// The line for a value that an option does not take, such as `--threads 0: expected 1 to 1024`; none for other errors.
fn wrong_value(error: &clap::Error) -> Option<String> {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) if !text.is_empty() => Some(text.as_str()),
        _ => None,
    };
    let (argument, value) = (text(ContextKind::InvalidArg)?, text(ContextKind::InvalidValue)?);
    let option = argument.split(' ').next().unwrap_or(argument); // without its placeholder
    let reason = match (error.kind(), error.get(ContextKind::ValidValue)) {
        (ErrorKind::InvalidValue, Some(ContextValue::Strings(values))) => format!("expected {}", values.join(" or ")),
        (ErrorKind::ValueValidation, _) => std::error::Error::source(error)?.to_string(),
        _ => return None,
    };
    // Some reasons begin with the value.
    Some(if reason.starts_with(&format!("`{value}`")) { format!("{option}: {reason}") } else { format!("{option} {value}: {reason}") })
}

/// Prints the message of the parser. It repeats arguments, so control characters are escaped.
fn print(message: &clap::Error) -> std::io::Result<()> {
    let is_odd = |argument: std::ffi::OsString| matches!(plain(&argument.to_string_lossy()), std::borrow::Cow::Owned(_));
    if !std::env::args_os().any(is_odd) {
        return message.print();
    }
    let lines: Vec<String> = message.render().to_string().split('\n').map(|line| plain(line).into_owned()).collect();
    write!(std::io::stderr(), "{}", lines.join("\n"))
}
