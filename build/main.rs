//! The build script: the version for `--version`, and the files of the console.

mod commit;
mod console;

fn main() {
    println!("cargo::rerun-if-changed=build");

    commit::set_version();
    console::write_files();
}
