//! The `rig` command.

use std::process::ExitCode;

use rig::command::{Cli, Exit, Expected, complain};

fn main() -> ExitCode {
    let cli = Cli::from_command_line();
    let only_shows = cli.only_shows();
    let exit = match cli.run() {
        Ok(exit) => exit,
        // Whoever read the output has gone, as in `rig list | head`: nothing is wrong.
        Err(Expected::Print(error))
            if only_shows && error.kind() == std::io::ErrorKind::BrokenPipe =>
        {
            Exit::Pass
        }
        Err(error) => {
            if let Expected::Scenarios { messages } = &error {
                for message in messages {
                    complain(format_args!("{message}\n"));
                }
            }
            complain(format_args!("rig: failed to {error}"));
            error.exit()
        }
    };
    ExitCode::from(exit.code())
}
