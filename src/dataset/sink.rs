//! A file that is written and hashed on a thread of its own, while the next records are made.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use sha2::{Digest as _, Sha256};

use super::DatasetError;
use super::folder::Written;

/// Batches that wait to be written at the most: memory stays bounded when the disk is slow.
const WAITING: usize = 2;

/// Bytes that are gathered before a plain [`Write`] is passed on.
const BLOCK: usize = 1 << 20;

/// Takes batches of buffers, writes them in their order, and gives the buffers back.
pub struct Sink {
    path: PathBuf,
    batches: Option<SyncSender<Vec<Vec<u8>>>>,
    spare: Receiver<Vec<Vec<u8>>>,
    thread: Option<JoinHandle<io::Result<Written>>>,
    block: Vec<u8>,
}

impl Sink {
    /// Starts writing to a file that is at its beginning; `path` is its name in errors.
    #[must_use]
    pub fn start(mut file: File, path: &Path) -> Self {
        let (batches, inbox) = sync_channel::<Vec<Vec<u8>>>(WAITING);
        let (give_back, spare) = sync_channel::<Vec<Vec<u8>>>(WAITING + 1);
        let run = move || {
            let (mut hash, mut bytes) = (Sha256::new(), 0);
            for batch in inbox {
                for buffer in &batch {
                    file.write_all(buffer)?;
                    hash.update(buffer);
                    bytes += buffer.len() as u64;
                }
                // With nobody there to take them back, the buffers are dropped.
                let _ = give_back.try_send(batch);
            }
            file.sync_all()?;
            Ok(Written { bytes, sha256: hash.finalize().into() })
        };
        let thread = Some(std::thread::spawn(run));
        Self { path: path.to_path_buf(), batches: Some(batches), spare, thread, block: Vec::new() }
    }

    /// Buffers that have been written, to be filled again; none at first.
    pub fn spare(&self) -> Vec<Vec<u8>> {
        self.spare.try_recv().unwrap_or_default()
    }

    /// Hands over the next buffers.
    ///
    /// # Errors
    /// An earlier buffer couldn't be written.
    pub fn send(&mut self, batch: Vec<Vec<u8>>) -> Result<(), DatasetError> {
        let sent = self.batches.as_ref().is_some_and(|batches| batches.send(batch).is_ok());
        if sent { Ok(()) } else { self.end().map(|_| ()) }
    }

    /// Waits until everything is written.
    ///
    /// # Errors
    /// Something couldn't be written.
    pub fn finish(mut self) -> Result<Written, DatasetError> {
        if !self.block.is_empty() {
            let block = std::mem::take(&mut self.block);
            self.send(vec![block])?;
        }
        self.end()
    }

    fn end(&mut self) -> Result<Written, DatasetError> {
        self.batches = None;
        let gone = || io::Error::other("the writing thread has ended");
        let outcome = self.thread.take().and_then(|thread| thread.join().ok());
        outcome
            .unwrap_or_else(|| Err(gone()))
            .map_err(|error| DatasetError::file(&self.path, error))
    }
}

/// For writers that know nothing of batches.
impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.block.extend_from_slice(bytes);
        if self.block.len() >= BLOCK {
            let block = std::mem::replace(&mut self.block, Vec::with_capacity(BLOCK));
            self.send(vec![block]).map_err(|error| match error {
                DatasetError::File { cause, .. } => cause,
                other => io::Error::other(other),
            })?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_written_and_hashed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let mut sink = Sink::start(File::create(&path).unwrap(), &path);
        sink.write_all(b"a").unwrap();
        let written = {
            sink.send(Vec::new()).unwrap();
            sink.write_all(b"bc").unwrap();
            sink.finish().unwrap()
        };
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
        let mut sink = Sink::start(File::options().write(true).open(path).unwrap(), path);
        let mut outcome = Ok(());
        for _ in 0..100 {
            outcome = sink.send(vec![vec![0; 1 << 16]]);
            if outcome.is_err() {
                break;
            }
        }
        let message = outcome.unwrap_err().to_string();
        assert!(message.contains("/dev/full") && message.contains("has room"), "{message}");
    }
}
