//! What a card does: its updates on a stream of their own, captured once as a graph and replayed,
//! while another stream brings the next batch.

use std::ffi::{c_int, c_void};
use std::ptr;

use super::super::super::LearnError;
use super::blas::Gemm;
use super::card::{Card, READ, multiplied};
use super::device::{Device, Routine};
use super::program::{Launch, Program, REGIONS, Step};

/// `CU_STREAM_CAPTURE_MODE_THREAD_LOCAL`.
const THREAD_LOCAL: c_int = 1;
/// `CUDA_R_32F`.
const REAL: c_int = 0;
/// `CUBLAS_COMPUTE_32F` and `CUBLAS_COMPUTE_32F_FAST_TF32`.
const COMPUTE: [c_int; 2] = [68, 77];
/// `CUBLAS_GEMM_DEFAULT`: the same choice for the same shapes.
const DEFAULT: c_int = -1;

impl Card {
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
            (self.driver.launch)(function, wide, high, 1, block, 1, 1, 0, self.stream, places, none)
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
        let (driver, stream) = (self.driver, self.stream);
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
        let (driver, stream) = (self.driver, self.stream);
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
