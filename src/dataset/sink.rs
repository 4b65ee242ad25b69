//! A file that is hashed while it is written.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::DatasetError;
use super::folder::Written;

/// Takes bytes in their order, writes and hashes them.
pub struct Sink {
    path: PathBuf,
    file: File,
    hash: Sha256,
    bytes: u64,
}

impl Sink {
    /// Starts writing to a file that is at its beginning; `path` is its name in errors.
    #[must_use]
    pub fn new(file: File, path: &Path) -> Self {
        Self { path: path.to_path_buf(), file, hash: Sha256::new(), bytes: 0 }
    }

    /// Writes the next bytes.
    ///
    /// # Errors
    /// They can't be written.
    pub fn put(&mut self, bytes: &[u8]) -> Result<(), DatasetError> {
        self.write_all(bytes).map_err(|error| DatasetError::file(&self.path, error))
    }

    /// Waits until everything is on the disk.
    ///
    /// # Errors
    /// The disk has no room, or is gone.
    pub fn finish(self) -> Result<Written, DatasetError> {
        self.file.sync_all().map_err(|error| DatasetError::file(&self.path, error))?;
        Ok(Written { bytes: self.bytes, sha256: self.hash.finalize().into() })
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_written_and_hashed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let mut sink = Sink::new(File::create(&path).unwrap(), &path);
        sink.put(b"a").unwrap();
        sink.put(b"").unwrap();
        sink.put(b"bc").unwrap();
        let written = sink.finish().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"abc");
        assert_eq!(written.bytes, 3);
        // The test vector of FIPS 180-2.
        let hex = written.hex();
        assert!(hex.starts_with("ba7816bf8f01cfea414140de5dae2223"), "{hex}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_told() {
        let path = Path::new("/dev/full");
        let mut sink = Sink::new(File::options().write(true).open(path).unwrap(), path);
        let message = sink.put(&[0; 64]).unwrap_err().to_string();
        assert!(message.contains("/dev/full") && message.contains("has room"), "{message}");
    }
}
