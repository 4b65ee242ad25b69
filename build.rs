//! Compiles the kernels of `src/learn/engine/cuda/kernels` where nvcc is there to do it.
//!
//! Nothing here may fail for want of CUDA: without nvcc the program carries the sources alone, and
//! NVRTC compiles them on the machine that runs it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The sources, in the order in which they build on one another.
const SOURCES: [&str; 8] =
    ["common", "layers", "attention", "verdict", "risk", "head", "weigh", "learn"];
/// Cards that get code of their own; later ones translate what is for the last.
const CARDS: [&str; 2] = ["80", "90"];

fn main() {
    let variable = |name: &str| {
        println!("cargo:rerun-if-env-changed={name}");
        env::var_os(name).map(PathBuf::from)
    };
    let (Some(out), Some(home)) = (variable("OUT_DIR"), variable("CARGO_MANIFEST_DIR")) else {
        return;
    };
    let folder = home.join("src/learn/engine/cuda/kernels");
    println!("cargo:rerun-if-changed={}", folder.display());
    let source: String = SOURCES
        .iter()
        .filter_map(|name| fs::read_to_string(folder.join(format!("{name}.cuh"))).ok())
        .collect();
    let (path, compiled) = (out.join("kernels.cu"), out.join("kernels.fatbin"));
    // Empty means: none.
    fs::write(&path, source).and_then(|()| fs::write(&compiled, [])).expect("OUT_DIR is writable");

    let folders = ["CUDA_PATH", "CUDA_HOME"].map(variable).into_iter().flatten();
    let below = folders.map(|folder| folder.join("bin"));
    let on_path: Vec<PathBuf> = variable("PATH")
        .iter()
        .flat_map(|path| env::split_paths(path).collect::<Vec<_>>())
        .collect();
    let places = below.chain(on_path);
    let name = format!("nvcc{}", env::consts::EXE_SUFFIX);
    let Some(nvcc) = places.map(|folder| folder.join(&name)).find(|path| path.is_file()) else {
        return;
    };
    if let Err(reason) = compile(&nvcc, &path, &compiled) {
        println!("cargo:warning=the CUDA kernels are left to NVRTC: {reason}");
        let _ = fs::write(&compiled, []);
    }
}

fn compile(nvcc: &Path, source: &Path, out: &Path) -> Result<(), String> {
    let mut command = Command::new(nvcc);
    command.args(["-std=c++17", "-O3", "-fatbin", "-o"]).arg(out).arg(source);
    for card in CARDS {
        command.arg("-gencode").arg(format!("arch=compute_{card},code=sm_{card}"));
    }
    let last = CARDS[CARDS.len() - 1];
    command.arg("-gencode").arg(format!("arch=compute_{last},code=compute_{last}"));
    let found = command.output().map_err(|error| format!("{}: {error}", nvcc.display()))?;
    if found.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&found.stderr);
    Err(text.lines().find(|line| !line.is_empty()).unwrap_or("nvcc failed").to_owned())
}
