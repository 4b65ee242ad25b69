//! A stand-in for a card in the tests: the same kernels, compiled by the host's C++ compiler, and
//! products as cuBLAS defines them, on the memory of the processor.

use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

use libloading::Library;

use super::super::super::LearnError;
use super::blas::{Gemm, Matrix};
use super::device::{Device, Routine, SLOTS};
use super::kernels::SOURCES;
use super::program::{Arg, Launch, Program, REGIONS, Step};

type LaunchFn =
    unsafe extern "C" fn(*const c_char, c_uint, c_uint, c_uint, *mut *mut c_void, c_int);

/// The kernels as a library of the host.
pub struct Kernels {
    library: Library,
}

/// The kernels, compiled once; none, and it says so, where there is no C++ compiler.
pub fn kernels() -> Option<&'static Kernels> {
    static KERNELS: OnceLock<Option<Kernels>> = OnceLock::new();
    KERNELS.get_or_init(compile).as_ref()
}

/// Builds the library of the kernels in a folder, and what stands in for NVIDIA's with it; none, and
/// it says so, where there is no C++ compiler.
#[expect(clippy::print_stderr, reason = "a test that can't run says so")]
pub fn build(folder: &Path) -> Option<PathBuf> {
    let (source, library) = (folder.join("kernels.cc"), folder.join("kernels.so"));
    let (before, after) = (include_str!("emulator/before.cc"), include_str!("emulator/after.cc"));
    let driver = include_str!("emulator/driver.cc");
    fs::write(&source, [before, &SOURCES.concat(), after, driver].join("\n")).unwrap();
    let compiler = std::env::var("CXX").unwrap_or_else(|_| "c++".into());
    let flags = ["-std=c++17", "-O2", "-U_FORTIFY_SOURCE", "-fno-strict-aliasing", "-shared"];
    let mut command = Command::new(&compiler);
    command.args(flags).arg("-fPIC").arg("-o").arg(&library).arg(&source);
    match command.output() {
        Err(error) => {
            eprintln!("the kernels are not tested: no C++ compiler `{compiler}`: {error}");
            None
        }
        Ok(found) => {
            assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
            Some(library)
        }
    }
}

#[expect(unsafe_code, reason = "a library is opened")]
fn compile() -> Option<Kernels> {
    let folder = tempfile::tempdir().unwrap();
    let library = build(folder.path())?;
    // SAFETY: the library was compiled from our own sources just now, and what it does when it is
    // opened is to fill tables.
    Some(Kernels { library: unsafe { Library::new(library) }.unwrap() })
}

impl Kernels {
    /// The kinds of a kernel's arguments, a letter each.
    #[expect(unsafe_code, reason = "a function of a library is called")]
    pub fn kinds(&self, name: &str) -> String {
        let name = CString::new(name).unwrap();
        // SAFETY: this is its declaration; the text that it gives lies in the library for good.
        unsafe {
            let kinds = self
                .library
                .get::<unsafe extern "C" fn(*const c_char) -> *const c_char>(b"kinds_of\0")
                .unwrap();
            let found = kinds(name.as_ptr());
            assert!(!found.is_null(), "no kernel {name:?}");
            CStr::from_ptr(found).to_str().unwrap().to_owned()
        }
    }

    #[expect(unsafe_code, reason = "a function of a library is called")]
    fn launch(&self, launch: &Launch, bases: &[u64; REGIONS], backwards: bool) {
        let mut bits: Vec<u64> = launch.args.iter().map(|arg| arg.bits(bases)).collect();
        let mut pointers: Vec<*mut c_void> =
            bits.iter_mut().map(|bits| std::ptr::from_mut(bits).cast()).collect();
        let name = CString::new(launch.kernel).unwrap();
        let [wide, high] = launch.grid;
        // The library has the threads of one launch at a time.
        static ONE: Mutex<()> = Mutex::new(());
        let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: this is its declaration; the kinds of the arguments are compared with those of
        // the kernel before, and what they point to is memory of this emulator.
        unsafe {
            let call = self.library.get::<LaunchFn>(b"launch\0").unwrap();
            let order = c_int::from(backwards);
            call(name.as_ptr(), wide, high, launch.block, pointers.as_mut_ptr(), order);
        }
    }
}

/// A card that isn't one.
pub struct Emulator {
    kernels: &'static Kernels,
    memories: Vec<Box<[u64]>>,
    routines: Vec<Option<(Program, [u64; REGIONS])>>,
    results: [Vec<u32>; SLOTS],
    /// Whether blocks and threads come in the order turned round.
    pub backwards: bool,
}

impl Emulator {
    /// One without anything in its memory; none where there is no C++ compiler.
    pub fn new() -> Option<Self> {
        let (memories, routines, results) = Default::default();
        Some(Self { kernels: kernels()?, memories, routines, results, backwards: false })
    }

    /// The words at an address, which must lie in its memory.
    #[expect(unsafe_code, reason = "memory is reached by its address, as a card's is")]
    fn words(&mut self, address: u64, count: usize) -> &mut [u32] {
        let within = |memory: &[u64]| {
            let start = memory.as_ptr() as u64;
            address >= start && address + 4 * count as u64 <= start + 8 * memory.len() as u64
        };
        assert!(self.memories.iter().any(|memory| within(memory)), "an address outside all memory");
        // SAFETY: all of it lies in one of our memories, as has just been asserted, which are
        // borrowed mutably through `self`; u32 has no invalid values.
        unsafe { std::slice::from_raw_parts_mut(address as *mut u32, count) }
    }

    /// The numbers of one of a series of matrices, `rows x columns` as the product sees it, in a
    /// place of its own: row and column to number.
    fn numbers(&mut self, matrix: Matrix, product: usize, size: [usize; 2]) -> Vec<f32> {
        let leading = matrix.leading as usize;
        let [rows, columns] = if matrix.turned { [size[1], size[0]] } else { size };
        assert!(rows <= leading, "a column longer than they lie apart");
        let address = matrix.address + 4 * (product * matrix.stride as usize) as u64;
        let words = self.words(address, (columns - 1) * leading + rows);
        let at = |row: usize, column: usize| match matrix.turned {
            true => words[row * leading + column],
            false => words[column * leading + row],
        };
        let places = (0..size[0]).flat_map(|row| (0..size[1]).map(move |column| (row, column)));
        places.map(|(row, column)| f32::from_bits(at(row, column))).collect()
    }

    /// What cuBLAS does: column after column.
    fn multiply(&mut self, gemm: &Gemm) {
        let [m, n, k] = gemm.shape.map(|size| size as usize);
        let [a, b, c] = gemm.matrices;
        for product in 0..gemm.count as usize {
            let (left, right) =
                (self.numbers(a, product, [m, k]), self.numbers(b, product, [k, n]));
            let before = self.numbers(c, product, [m, n]);
            let leading = c.leading as usize;
            let address = c.address + 4 * (product * c.stride as usize) as u64;
            let out = self.words(address, (n - 1) * leading + m);
            for (row, column) in (0..m).flat_map(|row| (0..n).map(move |column| (row, column))) {
                let mut sum = if gemm.adds { f64::from(before[row * n + column]) } else { 0.0 };
                for inner in 0..k {
                    sum += f64::from(left[row * k + inner]) * f64::from(right[inner * n + column]);
                }
                out[column * leading + row] = (sum as f32).to_bits();
            }
        }
    }
}

/// The kinds of a launch's arguments, a letter each.
pub fn kinds(launch: &Launch) -> String {
    let kind = |arg: &Arg| match arg {
        Arg::At(_) | Arg::Null => 'p',
        Arg::Int(_) => 'i',
        Arg::Float(_) => 'f',
    };
    launch.args.iter().map(kind).collect()
}

impl Device for Emulator {
    fn name(&self) -> String {
        "the processor".into()
    }

    fn allocate(&mut self, words: usize) -> Result<u64, LearnError> {
        self.memories.push(vec![0; words.div_ceil(2)].into_boxed_slice());
        Ok(self.memories.last().map_or(0, |memory| memory.as_ptr() as u64))
    }

    fn free(&mut self, address: u64) -> Result<(), LearnError> {
        let before = self.memories.len();
        self.memories.retain(|memory| memory.as_ptr() as u64 != address);
        assert_eq!(self.memories.len() + 1, before, "no memory begins there");
        Ok(())
    }

    fn write(&mut self, address: u64, words: &[u32]) -> Result<(), LearnError> {
        self.words(address, words.len()).copy_from_slice(words);
        Ok(())
    }

    fn read(&mut self, address: u64, words: &mut [u32]) -> Result<(), LearnError> {
        words.copy_from_slice(self.words(address, words.len()));
        Ok(())
    }

    fn prepare(&mut self, program: &Program, bases: [u64; REGIONS]) -> Result<Routine, LearnError> {
        for step in &program.steps {
            if let Step::Launch(launch) = step {
                let wanted = self.kernels.kinds(launch.kernel);
                assert_eq!(kinds(launch), wanted, "the arguments of {}", launch.kernel);
                assert!(launch.block <= 1024 && launch.grid.iter().all(|&blocks| blocks > 0));
            }
        }
        self.routines.push(Some((program.clone(), bases)));
        Ok(Routine(self.routines.len() - 1))
    }

    fn forget(&mut self, routine: Routine) -> Result<(), LearnError> {
        assert!(self.routines[routine.0].take().is_some(), "a routine that isn't there");
        Ok(())
    }

    fn stage(
        &mut self,
        _slot: usize,
        address: u64,
        words: usize,
        fill: &mut dyn FnMut(&mut [u32]),
    ) -> Result<(), LearnError> {
        fill(self.words(address, words));
        Ok(())
    }

    fn run(
        &mut self,
        routine: Routine,
        slot: usize,
        (address, words): (u64, usize),
    ) -> Result<(), LearnError> {
        let (program, bases) = self.routines[routine.0].clone().unwrap();
        for step in &program.steps {
            match step {
                Step::Launch(launch) => self.kernels.launch(launch, &bases, self.backwards),
                Step::Product(product) => self.multiply(&Gemm::of(product, &bases)),
            }
        }
        self.results[slot] = match words {
            0 => Vec::new(),
            _ => self.words(address, words).to_vec(),
        };
        Ok(())
    }

    fn results(&mut self, slot: usize) -> Result<Vec<u32>, LearnError> {
        Ok(self.results[slot].clone())
    }

    fn synchronise(&mut self) -> Result<(), LearnError> {
        Ok(())
    }
}
