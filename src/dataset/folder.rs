//! The folder of a data set: whole files only, one request, and where to go on after a kill.
//!
//! A shard is written aside, in `.twinworld/`, and renamed into its place once it's on the disk;
//! its checksum is written just before. So a shard that is there is whole, and a rerun makes those
//! that aren't.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::request::hex;
use super::{DatasetError, Request, Shard, TwinCounts};

/// The place for what is not data.
const ASIDE: &str = ".twinworld";

/// A written file: its length and its SHA-256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Bytes.
    pub bytes: u64,
    /// The checksum.
    pub sha256: [u8; 32],
}

impl Written {
    /// The checksum in hexadecimal digits.
    #[must_use]
    pub fn hex(&self) -> String {
        hex(&self.sha256)
    }
}

/// A folder that answers one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    path: PathBuf,
}

/// A shard that is being written, aside.
#[derive(Debug)]
pub struct Claim {
    folder: Folder,
    shard: Shard,
    aside: PathBuf,
    file: File,
    kept: bool,
}

impl Folder {
    /// Opens a folder for a request: a new or empty one, or one that was begun for the same.
    ///
    /// # Errors
    /// It can't be made, holds other files, or answers another request. Nothing in it is changed
    /// then.
    pub fn open(path: &Path, request: &Request) -> Result<Self, DatasetError> {
        let folder = Self { path: path.to_path_buf() };
        let aside = path.join(ASIDE);
        let manifest = aside.join("request.json");
        std::fs::create_dir_all(path).map_err(|error| DatasetError::file(path, error))?;
        match std::fs::read_to_string(&manifest) {
            Ok(text) => match request.difference(&text) {
                None => return Ok(folder),
                Some(difference) => {
                    let folder = folder.path;
                    return Err(DatasetError::OtherRequest { folder, difference });
                }
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(DatasetError::file(&manifest, error)),
        }
        let entries = std::fs::read_dir(path).map_err(|error| DatasetError::file(path, error))?;
        let mut names: Vec<String> = entries
            .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
            .filter(|name| name != ASIDE)
            .collect();
        names.sort();
        if let Some(found) = names.into_iter().next() {
            return Err(DatasetError::Occupied { folder: folder.path, found });
        }
        std::fs::create_dir_all(&aside).map_err(|error| DatasetError::file(&aside, error))?;
        folder.put(&manifest, request.text().as_bytes())?;
        Ok(folder)
    }

    /// The path of a file in it.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Whether a shard is there.
    #[must_use]
    pub fn has(&self, shard: &Shard) -> bool {
        self.file(&shard.name).is_file()
    }

    /// Begins a shard: an empty file aside, which no other process writes.
    ///
    /// # Errors
    /// It can't be written, or another process writes it.
    pub fn claim(&self, shard: &Shard) -> Result<Claim, DatasetError> {
        let aside = self.path.join(ASIDE).join(format!("{}.part", shard.name));
        let fail = |error| DatasetError::file(&aside, error);
        let file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&aside)
            .map_err(fail)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(DatasetError::Busy { path: aside }),
            // On a file system without locks nobody is warned.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        file.set_len(0).map_err(fail)?;
        Ok(Claim { folder: self.clone(), shard: shard.clone(), aside, file, kept: false })
    }

    /// Writes a small file of the data set, whole or not at all.
    ///
    /// # Errors
    /// It can't be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), DatasetError> {
        self.put(&self.file(name), bytes)
    }

    /// Every file's length and checksum, in the order of `shards`, or `None` while one is missing.
    ///
    /// # Errors
    /// A shard can't be read.
    pub fn checksums(&self, shards: &[Shard]) -> Result<Option<Vec<Written>>, DatasetError> {
        if !shards.iter().all(|shard| self.has(shard)) {
            return Ok(None);
        }
        shards.iter().map(|shard| self.checksum(shard)).collect::<Result<_, _>>().map(Some)
    }

    /// A shard's checksum: as it was written down, or counted anew.
    fn checksum(&self, shard: &Shard) -> Result<Written, DatasetError> {
        let noted = self.checksum_file(shard);
        if let Some(written) = std::fs::read_to_string(&noted).ok().and_then(|t| parsed(&t)) {
            return Ok(written);
        }
        let path = self.file(&shard.name);
        let written = hashed(&path).map_err(|error| DatasetError::file(&path, error))?;
        self.put(&noted, note(&written).as_bytes())?;
        Ok(written)
    }

    fn checksum_file(&self, shard: &Shard) -> PathBuf {
        self.path.join(ASIDE).join(format!("{}.sha256", shard.name))
    }

    /// Notes what is counted of a shard's twins, before the shard is put into its place.
    ///
    /// # Errors
    /// It can't be written.
    pub fn note_twins(&self, shard: &Shard, counts: &TwinCounts) -> Result<(), DatasetError> {
        // Plain numbers always have a form in JSON.
        let text = serde_json::to_string(counts).unwrap_or_default();
        self.put(&self.twins_file(shard), format!("{text}\n").as_bytes())
    }

    /// What was noted of a shard's twins.
    #[must_use]
    pub fn twins(&self, shard: &Shard) -> Option<TwinCounts> {
        let text = std::fs::read_to_string(self.twins_file(shard)).ok()?;
        serde_json::from_str(&text).ok()
    }

    fn twins_file(&self, shard: &Shard) -> PathBuf {
        self.path.join(ASIDE).join(format!("{}.twins", shard.name))
    }

    /// Writes aside and renames. The name aside is the process's own: several may say the same.
    fn put(&self, path: &Path, bytes: &[u8]) -> Result<(), DatasetError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let aside = self.path.join(ASIDE).join(format!("{name}.{}.part", std::process::id()));
        let written = File::create(&aside)
            .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
            .and_then(|()| std::fs::rename(&aside, path));
        written.map_err(|error| {
            let _ = std::fs::remove_file(&aside);
            DatasetError::file(path, error)
        })
    }

    /// Takes away what killed runs have left aside, once every shard is there.
    pub fn tidy(&self) {
        let Ok(entries) = std::fs::read_dir(self.path.join(ASIDE)) else { return };
        let left = |name: &str| name.ends_with(".part") || name.ends_with(".columns");
        for entry in entries.flatten().filter(|e| left(&e.file_name().to_string_lossy())) {
            let path = entry.path();
            let _ = if path.is_dir() {
                std::fs::remove_dir_all(path)
            } else {
                std::fs::remove_file(path)
            };
        }
    }
}

impl Claim {
    /// The file, and the place where it stands for now.
    ///
    /// # Errors
    /// The process has too many open files.
    pub fn file(&self) -> Result<(File, &Path), DatasetError> {
        let file = self.file.try_clone().map_err(|error| DatasetError::file(&self.aside, error))?;
        Ok((file, &self.aside))
    }

    /// Notes the checksum and puts the shard, which is on the disk, into its place.
    ///
    /// # Errors
    /// It can't be put there.
    pub fn keep(mut self, written: &Written) -> Result<(), DatasetError> {
        let folder = &self.folder;
        folder.put(&folder.checksum_file(&self.shard), note(written).as_bytes())?;
        let path = folder.file(&self.shard.name);
        std::fs::rename(&self.aside, &path).map_err(|error| DatasetError::file(&path, error))?;
        self.kept = true;
        // The name is on the disk when the folder is; where folders can't be synced, it's soon.
        let _ = File::open(&self.folder.path).and_then(|folder| folder.sync_all());
        Ok(())
    }
}

/// A shard that isn't kept isn't left.
impl Drop for Claim {
    fn drop(&mut self) {
        if !self.kept {
            let _ = std::fs::remove_file(&self.aside);
        }
    }
}

fn note(written: &Written) -> String {
    format!("{} {}\n", written.hex(), written.bytes)
}

fn parsed(note: &str) -> Option<Written> {
    let (hex, bytes) = note.trim_end().split_once(' ')?;
    let digits = hex.as_bytes();
    let mut sha256 = [0; 32];
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in sha256.iter_mut().zip(digits.chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(Written { bytes: bytes.parse().ok()?, sha256 })
}

/// Length and checksum of a file.
///
/// # Errors
/// It can't be read.
pub fn hashed(path: &Path) -> io::Result<Written> {
    let mut file = File::open(path)?;
    let (mut hash, mut bytes, mut block) = (Sha256::new(), 0, vec![0; 1 << 18]);
    loop {
        let read = file.read(&mut block)?;
        if read == 0 {
            return Ok(Written { bytes, sha256: hash.finalize().into() });
        }
        hash.update(&block[..read]);
        bytes += read as u64;
    }
}

/// The checksums of all files of a complete data set, as `sha256sum -c` reads them.
///
/// # Errors
/// A file can't be read.
pub fn checksum_list(
    folder: &Folder,
    shards: &[Shard],
    written: &[Written],
) -> Result<String, DatasetError> {
    let mut list = String::new();
    for name in ["README.md", "adjacency.npy", "croissant.json", "scene.ron", "scm.json"] {
        let path = folder.file(name);
        let found = hashed(&path).map_err(|error| DatasetError::file(&path, error))?;
        list += &format!("{}  {name}\n", found.hex());
    }
    for (shard, written) in shards.iter().zip(written) {
        list += &format!("{}  {}\n", written.hex(), shard.name);
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_reads_back_as_it_was_noted() {
        let written = Written { bytes: 12, sha256: std::array::from_fn(|i| (i * 8) as u8) };
        assert_eq!(parsed(&note(&written)), Some(written.clone()));
        assert_eq!(parsed("abc 12"), None);
        assert_eq!(parsed(&note(&written).replace("00", "0g")), None);
    }

    #[test]
    fn a_shard_that_is_not_kept_is_not_left() {
        let home = tempfile::tempdir().unwrap();
        let folder = Folder { path: home.path().to_path_buf() };
        std::fs::create_dir(home.path().join(ASIDE)).unwrap();
        let shard = Shard { name: "train-0.npz".into(), split: "train".into(), first: 0, rows: 1 };
        let claim = folder.claim(&shard).unwrap();
        assert!(matches!(folder.claim(&shard), Err(DatasetError::Busy { .. })));
        drop(claim);
        assert_eq!(std::fs::read_dir(home.path().join(ASIDE)).unwrap().count(), 0);
        let claim = folder.claim(&shard).unwrap();
        claim.file().unwrap().0.write_all(b"abc").unwrap();
        claim.keep(&Written { bytes: 3, sha256: [1; 32] }).unwrap();
        assert!(folder.has(&shard));
        let found = folder.checksums(std::slice::from_ref(&shard)).unwrap().unwrap();
        assert_eq!(found[0], Written { bytes: 3, sha256: [1; 32] });
        assert_eq!(folder.twins(&shard), None);
        let counts = TwinCounts(vec![crate::dataset::TwinCount { changed: 5, identical: 2 }]);
        folder.note_twins(&shard, &counts).unwrap();
        assert_eq!(folder.twins(&shard), Some(counts));
    }
}
