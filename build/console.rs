//! The files of the console, compressed, so that the program contains them as browsers load them.

use std::env;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

const FOLDER: &str = "console";
/// What browsers load. The folder also has licenses and settings.
const EXTENSIONS: [&str; 4] = ["js", "css", "svg", "html"];

/// Writes `console_files.rs` to the output folder: an array of `File`, sorted by name.
pub fn write_files() {
    println!("cargo::rerun-if-changed={FOLDER}");
    let output = PathBuf::from(env::var_os("OUT_DIR").expect("Cargo sets OUT_DIR"));
    let root = env::current_dir().expect("Cargo starts build scripts in the package");

    let mut files = files_of(Path::new(FOLDER));
    files.sort();

    let mut array = "[\n".to_owned();
    for (number, path) in files.iter().enumerate() {
        let compressed = output.join(format!("console-{number}.gz"));
        compress(path, &compressed);

        let name = path.strip_prefix(FOLDER).unwrap_or(path).to_string_lossy().replace('\\', "/");
        let text = root.join(path);
        let tag = tag(path);
        let _ = writeln!(
            array,
            "    File {{ name: {name:?}, text: include_str!({text:?}), \
             compressed: include_bytes!({compressed:?}), tag: {tag:?} }},"
        );
    }
    array.push_str("]\n");
    fs::write(output.join("console_files.rs"), array).expect("the output folder can be written");
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is part of the package");
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .flat_map(|path| if path.is_dir() { files_of(&path) } else { vec![path] })
        .filter(|path| {
            EXTENSIONS.iter().any(|known| path.extension().is_some_and(|it| it == *known))
        })
        .collect()
}

/// Returns the ETag of a file.
fn tag(path: &Path) -> String {
    let mut hasher = DefaultHasher::new();
    fs::read(path).expect("the file is part of the package").hash(&mut hasher);
    format!("W/\"{:016x}\"", hasher.finish())
}

fn compress(path: &Path, target: &Path) {
    let text = fs::read(path).expect("the file is part of the package");
    let file = File::create(target).expect("the output folder can be written");
    let mut encoder = GzEncoder::new(file, Compression::best());
    encoder.write_all(&text).and_then(|()| encoder.finish().map(drop)).expect("the disk has space");
}
