//! WebDataset: a tar of files, those of one specimen one after another under one key.
//!
//! The key is the specimen's index. `KEY.png`, `KEY.wav`, `KEY.txt`, `KEY.vectors_NAME.npy` and
//! `KEY.json` (all the rest) show the specimen; `KEY.cf.png` and so on its twin, or
//! `KEY.cf.lake.png` the twin of one factor of several.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use super::facts::Facts;
use super::folder::Written;
use super::media::{WavHead, append_png};
use super::npy::append_vector;
use super::sink::Sink;
use super::{DatasetError, Record, Schema, ShardFormat, ShardWriter};

/// Bytes of a tar's block.
const BLOCK: usize = 512;

/// Tars of one schema.
pub struct TarFormat {
    schema: Arc<Schema>,
    suffixes: Vec<String>,
    wav: Option<WavHead>,
}

/// Writes a tar.
pub struct TarWriter(Sink);

impl TarFormat {
    /// The format for records of a schema.
    ///
    /// # Errors
    /// The sounds are longer than WAV files can be.
    pub fn new(schema: &Arc<Schema>) -> io::Result<Self> {
        let wav = schema.audio.map(WavHead::new).transpose()?;
        Ok(Self { schema: Arc::clone(schema), suffixes: schema.suffixes("."), wav })
    }

    /// Appends all files of one record.
    fn append(&self, record: &Record, out: &mut Vec<u8>) -> io::Result<()> {
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

impl ShardFormat for TarFormat {
    type Chunk = Vec<u8>;
    type Writer = TarWriter;

    fn encode(&self, records: &[Record], chunk: &mut Vec<u8>) -> io::Result<()> {
        chunk.clear();
        records.iter().try_for_each(|record| self.append(record, chunk))
    }

    fn begin(&self, file: File, path: &Path, _: u64) -> Result<TarWriter, DatasetError> {
        Ok(TarWriter(Sink::new(file, path)))
    }
}

impl ShardWriter for TarWriter {
    type Chunk = Vec<u8>;

    fn write(&mut self, chunk: &Vec<u8>) -> Result<(), DatasetError> {
        self.0.put(chunk)
    }

    fn finish(mut self) -> Result<Written, DatasetError> {
        // A tar ends with two empty blocks.
        self.0.put(&[0; 2 * BLOCK])?;
        self.0.finish()
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
