//! The commands `completions` and `man`, whose output packages install.

use crate::support::program::{run, text};

fn stdout_of(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn completions_exist_for_every_shell_with_all_commands_and_the_options_of_serve() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = stdout_of(&["completions", shell]);
        // `serve` is the default command, so its options complete without the word.
        let top_level = match shell {
            "bash" => {
                let mut lines = script.lines();
                lines.find(|line| line.contains("opts=\"-h -V")).expect("the program's options")
            }
            _ => &script,
        };

        for word in ["requests", "completions", "tls-listen", "ready-file"] {
            assert!(top_level.contains(word), "{shell} does not complete {word}");
        }
    }

    let unknown = run(&["completions", "tcsh"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("SHELL"), "{}", text(&unknown.stderr));
}

#[test]
fn the_manual_page_has_a_section_for_each_command_with_its_options() {
    let page = stdout_of(&["man"]);
    let section = |name: &str| {
        let start = page.find(&format!(".SH \"{name}\"")).unwrap_or_else(|| panic!("no {name}"));
        page[start + 1..].split("\n.SH ").next().unwrap_or_default()
    };

    assert!(page.contains(".TH smartpay-oauth-mock 1"), "{page}");
    for (name, option) in [
        ("SERVE", "tls\\-listen"),
        ("CERTS", "client\\-name"),
        ("INJECT", "times"),
        ("REQUESTS VERIFY", "exactly"),
        ("CLOCK ADVANCE", "DURATION"),
        ("COMPLETIONS", "SHELL"),
    ] {
        assert!(section(name).contains(option), "{name} does not describe {option}");
    }
    // The value of a secret that is set is never printed.
    assert!(!page.contains("SMARTPAY_MOCK_CONTROL_TOKEN="), "{page}");
}
