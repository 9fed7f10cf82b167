//! The command line of the mock server; see the library for what it does.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    smartpay_oauth_mock::cli::main()
}
