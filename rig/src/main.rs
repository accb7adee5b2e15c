//! The `rig` command.

use std::process::ExitCode;

use rig::command::{Cli, Exit, Expected};

fn main() -> ExitCode {
    let exit = match Cli::from_command_line().run() {
        Ok(exit) => exit,
        // Whoever read the output has gone, as in `rig list | head`: nothing is wrong.
        Err(Expected::Print(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Exit::Pass,
        Err(error) => {
            if let Expected::Scenarios { messages } = &error {
                for message in messages {
                    eprintln!("{message}\n");
                }
            }
            eprintln!("rig: failed to {error}");
            error.exit()
        }
    };
    ExitCode::from(exit.code())
}
