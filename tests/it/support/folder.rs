//! A temporary folder.
#![allow(dead_code, reason = "each test binary uses some of it")]

use std::fs;
use std::path::PathBuf;

/// A temporary folder that is removed when dropped.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("smartpay-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    /// Writes a file as editors do, by renaming a new file to the old one's name. Returns its path.
    pub fn write(&self, name: &str, text: &str) -> String {
        let temporary = self.0.join(format!(".{name}.temporary"));
        fs::write(&temporary, text).unwrap();
        fs::rename(temporary, self.0.join(name)).unwrap();
        self.path(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
