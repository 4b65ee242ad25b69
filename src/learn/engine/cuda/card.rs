//! A real card: a stream of its own for updates, captured once as a graph and replayed, and one
//! that brings the next batch.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_int, c_void};
use std::ptr;

use super::super::super::LearnError;
use super::blas::Gemm;
use super::device::{Device, Routine, SLOTS};
use super::image;
use super::kernels::NAMES;
use super::library::{Blas, Driver, Handle};
use super::program::{Launch, Program, REGIONS, Step};

/// `CU_STREAM_NON_BLOCKING`: it doesn't wait for the stream that others use.
const NON_BLOCKING: u32 = 1;
/// `CU_EVENT_DISABLE_TIMING`.
const NO_TIMING: u32 = 2;
/// `CU_STREAM_CAPTURE_MODE_THREAD_LOCAL`.
const THREAD_LOCAL: c_int = 1;
/// `CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR` and `_MINOR`.
const CAPABILITY: [c_int; 2] = [75, 76];
/// What the kernels and products need at least.
const OLDEST: [c_int; 2] = [8, 0];
/// `CUDA_R_32F`.
const REAL: c_int = 0;
/// `CUBLAS_COMPUTE_32F` and `CUBLAS_COMPUTE_32F_FAST_TF32`.
const COMPUTE: [c_int; 2] = [68, 77];
/// `CUBLAS_GEMM_DEFAULT`: the same choice for the same shapes.
const DEFAULT: c_int = -1;
/// Bytes that products may work in, as NVIDIA advises for its larger cards.
const WORKSPACE: usize = 32 << 20;
/// Words that can be read after a run.
const READ: usize = 64;

/// A batch on its way: its place in memory that the card reads by itself, and what has happened.
struct Slot {
    pinned: *mut u32,
    words: usize,
    read: *mut u32,
    read_words: usize,
    uploaded: Handle,
    done: Handle,
}

/// A card, with everything that was made on it; all is given back when it is dropped.
pub struct Card {
    driver: Driver,
    blas: Blas,
    name: String,
    device: c_int,
    context: Handle,
    stream: Handle,
    copies: Handle,
    products: Handle,
    workspace: u64,
    module: Handle,
    functions: BTreeMap<&'static str, Handle>,
    memories: Vec<u64>,
    slots: [Slot; SLOTS],
    routines: Vec<Option<Handle>>,
    tf32: bool,
}

// SAFETY: the driver's and cuBLAS' handles may be used from any thread, one at a time; every method
// makes the card's context that of the calling thread first, and takes the card mutably.
#[expect(unsafe_code, reason = "handles of the driver are pointers, which no thread owns")]
unsafe impl Send for Card {}

impl Driver {
    /// The error that a call gave, if it did.
    #[expect(unsafe_code, reason = "a function of the driver is called")]
    fn check(&self, code: c_int) -> Result<(), LearnError> {
        if code == 0 {
            return Ok(());
        }
        let mut text = ptr::null();
        // SAFETY: the pointer is to a place for one; the text that it gets lives in the driver.
        let text = unsafe {
            match (self.error_text)(code, &mut text) {
                0 if !text.is_null() => CStr::from_ptr(text).to_string_lossy().into_owned(),
                _ => "an error without a name".into(),
            }
        };
        Err(LearnError::device(format!("{text} ({code})")))
    }
}

/// The error of a machine without a card that can be used.
fn none(reason: impl Into<String>) -> LearnError {
    LearnError::NoCard(reason.into())
}

/// What keeps this machine from training on a card, short of trying; none if nothing does.
pub fn obstacle() -> Option<LearnError> {
    find().err()
}

/// The driver and its first card.
#[expect(unsafe_code, reason = "functions of the driver are called")]
fn find() -> Result<(Driver, c_int, String, [c_int; 2]), LearnError> {
    let driver = Driver::open().map_err(none)?;
    let (mut count, mut device) = (0, 0);
    let (mut name, mut capability) = ([0; 128], [0; 2]);
    // SAFETY: all pointers are to places of the kind that the driver fills, the name's with its
    // length.
    unsafe {
        let explained = |code| driver.check(code).map_err(|error| none(error.to_string()));
        explained((driver.init)(0))?;
        explained((driver.device_count)(&mut count))?;
        if count == 0 {
            return Err(none("the driver sees no card"));
        }
        explained((driver.device)(&mut device, 0))?;
        explained((driver.device_name)(name.as_mut_ptr(), 127, device))?;
        for (place, attribute) in capability.iter_mut().zip(CAPABILITY) {
            explained((driver.device_attribute)(place, attribute, device))?;
        }
        let name = CStr::from_ptr(name.as_ptr()).to_string_lossy().into_owned();
        if capability < OLDEST {
            let [major, minor] = capability;
            return Err(none(format!("the {name} is of compute capability {major}.{minor}")));
        }
        Ok((driver, device, name, capability))
    }
}

impl Card {
    /// The first card of this machine. Products round their factors to TF32 if `tf32`.
    ///
    /// # Errors
    /// [`LearnError::NoCard`] with what is missing.
    #[expect(unsafe_code, reason = "functions of the driver and of cuBLAS are called")]
    pub fn open(tf32: bool) -> Result<Self, LearnError> {
        let (driver, device, name, capability) = find()?;
        let blas = Blas::open().map_err(none)?;
        let nothing = || Slot {
            pinned: ptr::null_mut(),
            words: 0,
            read: ptr::null_mut(),
            read_words: 0,
            uploaded: ptr::null_mut(),
            done: ptr::null_mut(),
        };
        // Dropped half made, it gives back what it has.
        let mut card = Self {
            driver,
            blas,
            name,
            device,
            context: ptr::null_mut(),
            stream: ptr::null_mut(),
            copies: ptr::null_mut(),
            products: ptr::null_mut(),
            workspace: 0,
            module: ptr::null_mut(),
            functions: BTreeMap::new(),
            memories: Vec::new(),
            slots: [nothing(), nothing(), nothing()],
            routines: Vec::new(),
            tf32,
        };
        // SAFETY: all pointers are to places of the kind that is filled; the streams and the
        // workspace live until the card is dropped.
        unsafe {
            let Self { driver, blas, .. } = &mut card;
            driver.check((driver.context)(&mut card.context, device))?;
            driver.check((driver.enter_context)(card.context))?;
            for stream in [&mut card.stream, &mut card.copies] {
                driver.check((driver.stream)(stream, NON_BLOCKING))?;
            }
            for slot in &mut card.slots {
                driver.check((driver.event)(&mut slot.uploaded, NO_TIMING))?;
                driver.check((driver.event)(&mut slot.done, NO_TIMING))?;
                let read = ptr::from_mut(&mut slot.read).cast();
                driver.check((driver.allocate_host)(read, 4 * READ, 0))?;
            }
            driver.check((driver.allocate)(&mut card.workspace, WORKSPACE))?;
            multiplied((blas.create)(&mut card.products))?;
            // A stream takes the workspace away, so it comes first.
            multiplied((blas.set_stream)(card.products, card.stream))?;
            let workspace = card.workspace as *mut c_void;
            multiplied((blas.set_workspace)(card.products, workspace, WORKSPACE))?;
        }
        card.load(capability)?;
        Ok(card)
    }

    /// Loads the kernels.
    #[expect(unsafe_code, reason = "functions of the driver are called")]
    fn load(&mut self, capability: [c_int; 2]) -> Result<(), LearnError> {
        let load = |image: &[u8]| {
            let mut module = ptr::null_mut();
            // SAFETY: the image is one that nvcc or NVRTC made, the latter's with its 0 at the end.
            let code = unsafe { (self.driver.module)(&mut module, image.as_ptr().cast()) };
            self.driver.check(code).map(|()| module)
        };
        // What nvcc made may be of a newer CUDA than the driver: then the source is compiled here.
        let first = match image::compiled() {
            Some(image) => load(image).map_err(|error| error.to_string()),
            None => Err("the kernels were not compiled with the program".into()),
        };
        self.module = match first {
            Ok(module) => module,
            Err(reason) => {
                let image = image::compile(capability)
                    .map_err(|error| none(format!("{reason}, and can't be here: {error}")))?;
                load(&image)?
            }
        };
        for kernel in NAMES {
            let name = CString::new(kernel).map_err(LearnError::device)?;
            let mut function = ptr::null_mut();
            // SAFETY: the module was loaded just now; the name ends with a 0.
            let code =
                unsafe { (self.driver.function)(&mut function, self.module, name.as_ptr()) };
            self.driver.check(code)?;
            self.functions.insert(kernel, function);
        }
        Ok(())
    }

    /// Makes the card's context that of this thread.
    #[expect(unsafe_code, reason = "a function of the driver is called")]
    fn enter(&self) -> Result<&Driver, LearnError> {
        // SAFETY: the context is the card's, which it keeps until it is dropped.
        self.driver.check(unsafe { (self.driver.enter_context)(self.context) })?;
        Ok(&self.driver)
    }

    /// Puts a kernel on the stream.
    #[expect(unsafe_code, reason = "a function of the driver is called")]
    fn launch(&self, launch: &Launch, bases: &[u64; REGIONS]) -> Result<(), LearnError> {
        let Some(&function) = self.functions.get(launch.kernel) else {
            return Err(LearnError::device(format!("no kernel `{}`", launch.kernel)));
        };
        let mut bits: Vec<u64> = launch.args.iter().map(|arg| arg.bits(bases)).collect();
        let mut places: Vec<*mut c_void> =
            bits.iter_mut().map(|bits| ptr::from_mut(bits).cast()).collect();
        let ([wide, high], block) = (launch.grid, launch.block);
        let (places, none) = (places.as_mut_ptr(), ptr::null_mut());
        // SAFETY: the tests compare number and kinds of the arguments of every launch with the
        // declaration of its kernel; little-endian words begin with their low bytes; what the
        // pointers among them point to was allocated for the program that this is part of.
        let code = unsafe {
            (self.driver.launch)(
                function, wide, high, 1, block, 1, 1, 0, self.stream, places, none,
            )
        };
        self.driver.check(code)
    }

    /// Puts a product on the stream.
    #[expect(unsafe_code, reason = "functions of cuBLAS are called")]
    fn multiply(&self, gemm: &Gemm) -> Result<(), LearnError> {
        let [m, n, k] = gemm.shape;
        let [a, b, c] = gemm.matrices;
        let [turn_a, turn_b] = [a.turned, b.turned].map(c_int::from);
        let (alpha, beta) = (1.0_f32, if gemm.adds { 1.0_f32 } else { 0.0 });
        let (alpha, beta) = (ptr::from_ref(&alpha).cast(), ptr::from_ref(&beta).cast());
        let compute = COMPUTE[usize::from(self.tf32)];
        let [a_at, b_at] = [a.address, b.address].map(|address| address as *const c_void);
        let (c_at, own) = (c.address as *mut c_void, self.products);
        // SAFETY: the addresses are of memory that was allocated for the program that this is part
        // of, and the emulator of the tests checks that shapes and steps stay within it; the two
        // factors are read before the call ends.
        multiplied(unsafe {
            if gemm.count == 1 {
                (self.blas.product)(
                    own, turn_a, turn_b, m, n, k, alpha, a_at, REAL, a.leading, b_at, REAL,
                    b.leading, beta, c_at, REAL, c.leading, compute, DEFAULT,
                )
            } else {
                (self.blas.products)(
                    own, turn_a, turn_b, m, n, k, alpha, a_at, REAL, a.leading, a.stride, b_at,
                    REAL, b.leading, b.stride, beta, c_at, REAL, c.leading, c.stride, gemm.count,
                    compute, DEFAULT,
                )
            }
        })
    }

    fn perform(&self, step: &Step, bases: &[u64; REGIONS]) -> Result<(), LearnError> {
        match step {
            Step::Launch(launch) => self.launch(launch, bases),
            Step::Product(product) => self.multiply(&Gemm::of(product, bases)),
        }
    }

    #[expect(unsafe_code, reason = "a function of the driver is called")]
    fn wait(&self) -> Result<(), LearnError> {
        // SAFETY: the stream is the card's.
        self.driver.check(unsafe { (self.driver.wait_for_stream)(self.stream) })
    }
}

fn multiplied(code: c_int) -> Result<(), LearnError> {
    if code == 0 { Ok(()) } else { Err(LearnError::device(format!("cuBLAS failed with {code}"))) }
}

impl Device for Card {
    fn name(&self) -> String {
        self.name.clone()
    }

    #[expect(unsafe_code, reason = "functions of the driver are called")]
    fn allocate(&mut self, words: usize) -> Result<u64, LearnError> {
        let driver = self.enter()?;
        let (mut address, words) = (0, words.max(1));
        // SAFETY: the address is filled in, and that many words are there to be set to 0.
        unsafe {
            driver.check((driver.allocate)(&mut address, 4 * words))?;
            driver.check((driver.fill)(address, 0, words, self.stream))?;
        }
        self.memories.push(address);
        self.wait()?;
        Ok(address)
    }

    #[expect(unsafe_code, reason = "a function of the driver is called")]
    fn free(&mut self, address: u64) -> Result<(), LearnError> {
        self.synchronise()?;
        let Some(place) = self.memories.iter().position(|&own| own == address) else {
            return Ok(());
        };
        self.memories.swap_remove(place);
        // SAFETY: the memory is one of ours, and nothing runs any more.
        self.driver.check(unsafe { (self.driver.free)(address) })
    }

    #[expect(unsafe_code, reason = "a function of the driver is called")]
    fn write(&mut self, address: u64, words: &[u32]) -> Result<(), LearnError> {
        let driver = self.enter()?;
        let (from, bytes) = (words.as_ptr().cast(), size_of_val(words));
        // SAFETY: the words live until the stream was waited for; the engine asks for addresses
        // within what it allocated.
        driver.check(unsafe { (driver.upload)(address, from, bytes, self.stream) })?;
        self.wait()
    }

    #[expect(unsafe_code, reason = "a function of the driver is called")]
    fn read(&mut self, address: u64, words: &mut [u32]) -> Result<(), LearnError> {
        let driver = self.enter()?;
        let (to, bytes) = (words.as_mut_ptr().cast(), size_of_val(words));
        // SAFETY: as for `write`, the other way.
        driver.check(unsafe { (driver.download)(to, address, bytes, self.stream) })?;
        self.wait()
    }

    #[expect(unsafe_code, reason = "functions of the driver are called")]
    fn prepare(&mut self, program: &Program, bases: [u64; REGIONS]) -> Result<Routine, LearnError> {
        self.enter()?;
        // cuBLAS loads what it needs at the first call, which it may not do in a capture. What
        // products write is all written anew by a run.
        for step in program.steps.iter().filter(|step| matches!(step, Step::Product(_))) {
            self.perform(step, &bases)?;
        }
        self.wait()?;
        let (driver, stream) = (&self.driver, self.stream);
        let (mut graph, mut executable) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: the stream is the card's; the graph is filled in by the end of the capture and
        // given back here.
        unsafe {
            driver.check((driver.begin_capture)(stream, THREAD_LOCAL))?;
            let captured = program.steps.iter().try_for_each(|step| self.perform(step, &bases));
            let ended = driver.check((driver.end_capture)(stream, &mut graph));
            captured.and(ended)?;
            let made = driver.check((driver.instantiate)(&mut executable, graph, 0));
            driver.check((driver.end_graph)(graph))?;
            made?;
        }
        self.routines.push(Some(executable));
        Ok(Routine(self.routines.len() - 1))
    }

    #[expect(unsafe_code, reason = "a function of the driver is called")]
    fn forget(&mut self, routine: Routine) -> Result<(), LearnError> {
        self.synchronise()?;
        match self.routines.get_mut(routine.0).and_then(Option::take) {
            // SAFETY: it is one of ours, and nothing runs any more.
            Some(own) => self.driver.check(unsafe { (self.driver.end_executable)(own) }),
            None => Ok(()),
        }
    }

    #[expect(unsafe_code, reason = "functions of the driver are called")]
    fn stage(
        &mut self,
        slot: usize,
        address: u64,
        words: usize,
        fill: &mut dyn FnMut(&mut [u32]),
    ) -> Result<(), LearnError> {
        self.enter()?;
        let Self { driver, slots, copies, .. } = self;
        let own = &mut slots[slot];
        // SAFETY: the pinned memory is the slot's alone, is as long as is noted, and is written
        // only after the last upload from it; it is given back when the card is dropped or when it
        // is too short, after the same upload. An event that was never recorded is not waited for.
        unsafe {
            driver.check((driver.wait_for_event)(own.uploaded))?;
            if own.words < words {
                if !own.pinned.is_null() {
                    driver.check((driver.free_host)(own.pinned.cast()))?;
                    (own.pinned, own.words) = (ptr::null_mut(), 0);
                }
                let pinned = ptr::from_mut(&mut own.pinned).cast();
                driver.check((driver.allocate_host)(pinned, 4 * words, 0))?;
                ptr::write_bytes(own.pinned, 0, words);
                own.words = words;
            }
            fill(std::slice::from_raw_parts_mut(own.pinned, words));
            driver.check((driver.wait_for_event_on)(*copies, own.done, 0))?;
            driver.check((driver.upload)(address, own.pinned.cast(), 4 * words, *copies))?;
            driver.check((driver.record)(own.uploaded, *copies))
        }
    }

    #[expect(unsafe_code, reason = "functions of the driver are called")]
    fn run(
        &mut self,
        routine: Routine,
        slot: usize,
        (address, words): (u64, usize),
    ) -> Result<(), LearnError> {
        self.enter()?;
        let Some(Some(executable)) = self.routines.get(routine.0).copied() else {
            return Err(LearnError::device("a program that was forgotten"));
        };
        let (driver, stream) = (&self.driver, self.stream);
        let own = &mut self.slots[slot];
        own.read_words = words.min(READ);
        // SAFETY: the graph, the stream and the events are the card's; no more is read than there
        // is room for.
        unsafe {
            driver.check((driver.wait_for_event_on)(stream, own.uploaded, 0))?;
            driver.check((driver.run_graph)(executable, stream))?;
            if own.read_words > 0 {
                let bytes = 4 * own.read_words;
                driver.check((driver.download)(own.read.cast(), address, bytes, stream))?;
            }
            driver.check((driver.record)(own.done, stream))
        }
    }

    #[expect(unsafe_code, reason = "functions of the driver are called")]
    fn results(&mut self, slot: usize) -> Result<Vec<u32>, LearnError> {
        let driver = self.enter()?;
        let own = &self.slots[slot];
        // SAFETY: the words are there once the run behind which they are read has ended.
        unsafe {
            driver.check((driver.wait_for_event)(own.done))?;
            Ok(std::slice::from_raw_parts(own.read, own.read_words).to_vec())
        }
    }

    #[expect(unsafe_code, reason = "functions of the driver are called")]
    fn synchronise(&mut self) -> Result<(), LearnError> {
        let driver = self.enter()?;
        // SAFETY: the streams are the card's.
        driver.check(unsafe { (driver.wait_for_stream)(self.copies) })?;
        self.wait()
    }
}

impl Drop for Card {
    #[expect(unsafe_code, reason = "functions of the driver and of cuBLAS are called")]
    fn drop(&mut self) {
        // Nobody is left to be told of an error here.
        let _ = self.synchronise();
        let Self { driver, blas, .. } = self;
        // SAFETY: everything is the card's own, made by the same library, and nothing runs any
        // more; what was never made is null or 0 and left alone.
        unsafe {
            let mut end = |handle: Handle, end: unsafe extern "C" fn(Handle) -> c_int| {
                if !handle.is_null() {
                    let _ = end(handle);
                }
            };
            self.routines.iter().flatten().for_each(|&own| end(own, driver.end_executable));
            end(self.products, blas.destroy);
            end(self.module, driver.end_module);
            for slot in &self.slots {
                end(slot.uploaded, driver.end_event);
                end(slot.done, driver.end_event);
                end(slot.pinned.cast(), driver.free_host);
                end(slot.read.cast(), driver.free_host);
            }
            end(self.stream, driver.end_stream);
            end(self.copies, driver.end_stream);
            for &memory in self.memories.iter().chain([&self.workspace]).filter(|&&m| m != 0) {
                let _ = (driver.free)(memory);
            }
            if !self.context.is_null() {
                let _ = (driver.leave_context)(self.device);
            }
        }
    }
}
