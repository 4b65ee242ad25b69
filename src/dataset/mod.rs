//! Data for others: what the world plays, in files that other programs load.
//!
//! Plain buffers in, files out; knows the scene and nothing of the engine. A folder holds
//!
//! | file | what it is |
//! | --- | --- |
//! | `train-00000-of-00003.npz` (or `.parquet`, `.tar`) | a shard: whole, or not there |
//! | `README.md` | the data card |
//! | `scm.json`, `adjacency.npy`, `scene.ron` | the causal model, its truth, the scene |
//! | `croissant.json`, `SHA256SUMS` | metadata and checksums, once every shard is there |
//! | `.twinworld/` | the request that the folder answers, and each shard's checksum and twin counts |
//!
//! | item | what it is for |
//! | --- | --- |
//! | [`Schema`] | what a record holds, from a checked scene |
//! | [`Record`], [`World`] | one specimen with its twins |
//! | [`Request`], [`Folder`] | which shards there are to be, and which there are |
//! | [`TwinCounts`] | twins in which a factor differs and which are shown the same |
//! | [`Format`], [`ShardFormat`], [`ShardWriter`] | how records become files |
//! | [`read`] | a folder, ours or anyone's, as a learner wants it |

mod card;
mod columns;
mod croissant;
mod error;
mod facts;
mod folder;
mod format;
mod identical;
mod layout;
mod media;
mod npy;
mod npz;
mod parquet;
pub mod read;
mod record;
mod request;
mod schema;
mod scm;
mod sink;
mod webdataset;

pub use card::card;
pub use croissant::croissant;
pub use error::DatasetError;
pub use folder::{Claim, Folder, Written, checksum_list};
pub use format::{Format, ShardFormat, ShardWriter};
pub use identical::{TwinCount, TwinCounts};
pub use layout::{Part, Shard, Split, shards};
pub use npz::NpzFormat;
pub use parquet::ParquetFormat;
pub use record::{Record, World};
pub use request::Request;
pub use schema::{
    AudioSpec, ContrastTwin, ImageSpec, NodeKind, NodeSpec, Schema, TextSpec, Twins, VectorSpec,
};
pub use scm::{adjacency, adjacency_file, declared_json, scm_json};
pub use webdataset::TarFormat;
