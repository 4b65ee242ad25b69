//! WebDataset: a tar of files, those of one specimen one after another under one key.
//!
//! The key is the specimen's index. `KEY.png`, `KEY.wav`, `KEY.txt`, `KEY.vectors_NAME.npy` and
//! `KEY.json` (all the rest) show the specimen; `KEY.cf.png` and so on its twin, or
//! `KEY.cf.lake.png` the twin of one factor of several.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::facts::Facts;
use super::folder::Written;
use super::media::{WavHead, append_png};
use super::npy::append_vector;
use super::sink::Sink;
use super::{DatasetError, Record, Schema, ShardWriter};

/// Bytes of a tar's block.
const BLOCK: usize = 512;

/// Writes a tar: records are encoded side by side and written in their order.
pub struct TarWriter {
    encoder: Encoder,
    path: PathBuf,
    sink: Sink,
}

/// From a record to its files.
struct Encoder {
    schema: Arc<Schema>,
    suffixes: Vec<String>,
    wav: Option<WavHead>,
}

impl TarWriter {
    /// Starts a tar in an empty file.
    ///
    /// # Errors
    /// The sounds are longer than WAV files can be.
    pub fn begin(schema: &Arc<Schema>, file: File, path: &Path) -> Result<Self, DatasetError> {
        let wav = schema.audio.map(WavHead::new).transpose();
        let wav = wav.map_err(|error| DatasetError::file(path, error))?;
        let suffixes = schema.suffixes(".");
        let encoder = Encoder { schema: Arc::clone(schema), suffixes, wav };
        Ok(Self { encoder, path: path.to_path_buf(), sink: Sink::start(file, path) })
    }
}

impl Encoder {
    /// All files of one record.
    fn encode(&self, record: &Record, out: &mut Vec<u8>) -> io::Result<()> {
        out.clear();
        let key = format!("{:010}", record.index);
        let mut files = Files { out, key: &key };
        // Where the specimen's picture and sound stand: a twin that shows the same takes them over.
        let (mut picture, mut sound) = (0..0, 0..0);
        for (i, (world, suffix)) in record.worlds().zip(&self.suffixes).enumerate() {
            let mut place = 0;
            let mut has = || {
                place += 1;
                record.has(place - 1)
            };
            if let Some(spec) = self.schema.image
                && has()
            {
                let same = i > 0 && world.image == record.real.image;
                let content = files.add(suffix, "png", |out| match same {
                    true => {
                        out.extend_from_within(picture.clone());
                        Ok(())
                    }
                    false => append_png(spec, &world.image, out),
                })?;
                if i == 0 {
                    picture = content;
                }
            }
            if let Some(head) = &self.wav
                && has()
            {
                let same = i > 0 && world.audio == record.real.audio;
                let content = files.add(suffix, "wav", |out| {
                    if same {
                        out.extend_from_within(sound.clone());
                    } else {
                        head.append(&world.audio, out);
                    }
                    Ok(())
                })?;
                if i == 0 {
                    sound = content;
                }
            }
            let mut tokens = None;
            if self.schema.text.is_some() && has() {
                tokens = Some(&world.tokens[..]);
                files.add(suffix, "txt", |out| out.write_all(world.text.as_bytes()))?;
            }
            for (spec, vector) in self.schema.vectors.iter().zip(&world.vectors) {
                if has() {
                    let name = format!("vectors_{}.npy", spec.name);
                    files.add(suffix, &name, |out| append_vector(vector, out))?;
                }
            }
            let facts = Facts::of(&self.schema, record, world, tokens);
            files.add(suffix, "json", |out| {
                serde_json::to_writer(out, &facts).map_err(io::Error::other)
            })?;
        }
        Ok(())
    }
}

impl ShardWriter for TarWriter {
    fn write(&mut self, records: &[Record]) -> Result<(), DatasetError> {
        let mut buffers = self.sink.spare();
        buffers.resize_with(records.len(), Vec::new);
        let encoder = &self.encoder;
        let encode = |(record, out): (&Record, &mut Vec<u8>)| encoder.encode(record, out);
        records
            .par_iter()
            .zip(&mut buffers)
            .try_for_each(encode)
            .map_err(|error| DatasetError::file(&self.path, error))?;
        self.sink.send(buffers)
    }

    fn finish(self: Box<Self>) -> Result<Written, DatasetError> {
        let mut sink = self.sink;
        // A tar ends with two empty blocks.
        sink.send(vec![vec![0; 2 * BLOCK]])?;
        sink.finish()
    }
}

/// The files of one record, as they stand in a tar.
struct Files<'a> {
    out: &'a mut Vec<u8>,
    key: &'a str,
}

impl Files<'_> {
    /// Adds `KEY + suffix + . + ending` and tells where its content stands. Owner, rights and time
    /// are the same for all: the bytes are a function of the request alone.
    fn add(
        &mut self,
        suffix: &str,
        ending: &str,
        fill: impl FnOnce(&mut Vec<u8>) -> io::Result<()>,
    ) -> io::Result<std::ops::Range<usize>> {
        let head = self.out.len();
        let start = head + BLOCK;
        self.out.resize(start, 0);
        fill(self.out)?;
        let end = self.out.len();
        self.out.resize(end.next_multiple_of(BLOCK), 0);
        let mut header = tar::Header::new_ustar();
        header.set_path(format!("{}{suffix}.{ending}", self.key))?;
        header.set_size((end - start) as u64);
        header.set_entry_type(tar::EntryType::Regular);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_cksum();
        self.out[head..start].copy_from_slice(header.as_bytes());
        Ok(start..end)
    }
}
