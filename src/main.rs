//! The command line of the mock server. The library documents what the server does.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    smartpay_oauth_mock::cli::main()
}
