//! The `rig` command.

use std::process::ExitCode;

use rig::command::{Cli, Exit, Expected};

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
            error.complain();
            error.exit()
        }
    };
    ExitCode::from(exit.code())
}
