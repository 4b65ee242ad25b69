//! A real card, found, opened and given back: its streams, its kernels, and what lies in its memory.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_int, c_void};
use std::ptr;

use super::super::super::LearnError;
use super::device::{Device as _, SLOTS};
use super::image;
use super::kernels::NAMES;
use super::library::{Blas, Driver, Handle};
use super::network::{CELLS, PROGRESS};

/// `CU_STREAM_NON_BLOCKING`: it doesn't wait for the stream that others use.
const NON_BLOCKING: u32 = 1;
/// `CU_EVENT_DISABLE_TIMING`.
const NO_TIMING: u32 = 2;
/// `CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR` and `_MINOR`.
const CAPABILITY: [c_int; 2] = [75, 76];
/// What the kernels and products need at least.
const OLDEST: [c_int; 2] = [8, 0];
/// Bytes that products may work in, as NVIDIA advises for its larger cards.
const WORKSPACE: usize = 32 << 20;
/// Words that can be read after a run.
pub(super) const READ: usize = PROGRESS + CELLS;

/// A batch on its way: its place in memory that the card reads by itself, and what has happened.
pub(super) struct Slot {
    pub(super) pinned: *mut u32,
    pub(super) words: usize,
    pub(super) read: *mut u32,
    pub(super) read_words: usize,
    pub(super) uploaded: Handle,
    pub(super) done: Handle,
}

/// A card, with everything that was made on it; all is given back when it is dropped.
pub struct Card {
    pub(super) driver: &'static Driver,
    pub(super) blas: &'static Blas,
    pub(super) name: String,
    pub(super) device: c_int,
    pub(super) context: Handle,
    pub(super) stream: Handle,
    pub(super) copies: Handle,
    pub(super) products: Handle,
    pub(super) workspace: u64,
    pub(super) module: Handle,
    pub(super) functions: BTreeMap<&'static str, Handle>,
    pub(super) memories: Vec<u64>,
    pub(super) slots: [Slot; SLOTS],
    pub(super) routines: Vec<Option<Handle>>,
    pub(super) tf32: bool,
}

// SAFETY: the driver's and cuBLAS' handles may be used from any thread, one at a time; every method
// makes the card's context that of the calling thread first, and takes the card mutably.
#[expect(unsafe_code, reason = "handles of the driver are pointers, which no thread owns")]
unsafe impl Send for Card {}

impl Driver {
    /// The error that a call gave, if it did.
    pub(super) fn check(&self, code: c_int) -> Result<(), LearnError> {
        self.explain(code).map_err(LearnError::device)
    }

    /// What the driver says of it.
    #[expect(unsafe_code, reason = "a function of the driver is called")]
    fn explain(&self, code: c_int) -> Result<(), String> {
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
        Err(format!("{text} ({code})"))
    }
}

/// The error of a machine without a card that can be used.
fn none(reason: impl Into<String>) -> LearnError {
    LearnError::NoCard(reason.into())
}

/// The name of the card that there is, or what is missing.
pub fn find_name() -> Result<String, String> {
    let found = find().map_err(|error| match error {
        LearnError::NoCard(reason) => reason,
        other => other.to_string(),
    });
    let (_, _, name, _) = found?;
    Blas::open()?;
    if image::compiled().is_none() {
        image::can_compile()?;
    }
    Ok(name)
}

/// The driver and its first card.
#[expect(unsafe_code, reason = "functions of the driver are called")]
fn find() -> Result<(&'static Driver, c_int, String, [c_int; 2]), LearnError> {
    let driver = Driver::open().map_err(none)?;
    let (mut count, mut device) = (0, 0);
    let (mut name, mut capability) = ([0; 128], [0; 2]);
    // SAFETY: all pointers are to places of the kind that the driver fills, the name's with its
    // length.
    unsafe {
        let explained = |code| driver.explain(code).map_err(none);
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
            let code = unsafe { (self.driver.function)(&mut function, self.module, name.as_ptr()) };
            self.driver.check(code)?;
            self.functions.insert(kernel, function);
        }
        Ok(())
    }

    /// Makes the card's context that of this thread.
    #[expect(unsafe_code, reason = "a function of the driver is called")]
    pub(super) fn enter(&self) -> Result<&'static Driver, LearnError> {
        // SAFETY: the context is the card's, which it keeps until it is dropped.
        self.driver.check(unsafe { (self.driver.enter_context)(self.context) })?;
        Ok(self.driver)
    }
}

/// The error that a call of cuBLAS gave, if it did.
pub(super) fn multiplied(code: c_int) -> Result<(), LearnError> {
    if code == 0 { Ok(()) } else { Err(LearnError::device(format!("cuBLAS failed with {code}"))) }
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
            let end = |handle: Handle, end: unsafe extern "C" fn(Handle) -> c_int| {
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
