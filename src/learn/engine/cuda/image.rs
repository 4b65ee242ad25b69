//! The kernels as a card takes them: compiled with the program where nvcc was there to do it, and
//! by NVRTC on the machine that runs them elsewhere.

use std::ffi::{CString, c_char};
use std::ptr;

use super::kernels::SOURCES;
use super::library::{Compiler, Handle};

/// Bytes that begin where the driver may read wide words.
#[repr(C, align(64))]
struct Aligned<T: ?Sized>(T);

/// What nvcc made of the sources as the program was built; empty where there was none.
static COMPILED: &Aligned<[u8]> =
    &Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/kernels.fatbin")));

/// The kernels that were compiled with the program, if they were.
pub const fn compiled() -> Option<&'static [u8]> {
    if COMPILED.0.is_empty() { None } else { Some(&COMPILED.0) }
}

/// Whether they can be compiled on this machine.
///
/// # Errors
/// What is missing.
pub fn can_compile() -> Result<(), String> {
    let missing = |error| format!("{error}, and the kernels were not compiled with the program");
    Compiler::open().map(|_| ()).map_err(missing)
}

/// The kernels for a card of this compute capability, as PTX that ends with a 0.
///
/// # Errors
/// Why they can't be compiled.
#[expect(unsafe_code, reason = "functions of NVRTC are called")]
pub fn compile([major, minor]: [i32; 2]) -> Result<Vec<u8>, String> {
    let compiler = Compiler::open()?;
    let source = CString::new(SOURCES.concat()).map_err(|error| error.to_string())?;
    let options = [format!("--gpu-architecture=compute_{major}{minor}"), "--std=c++17".into()];
    let options: Result<Vec<CString>, _> = options.into_iter().map(CString::new).collect();
    let options = options.map_err(|error| error.to_string())?;
    let options: Vec<*const c_char> = options.iter().map(|option| option.as_ptr()).collect();
    let mut program: Handle = ptr::null_mut();
    // SAFETY: all pointers are to what lives to the end of this function, texts end with a 0, there
    // are no headers, and buffers have the size that NVRTC gives just before.
    unsafe {
        let (name, none) = (c"kernels.cu".as_ptr(), ptr::null());
        let made = (compiler.create)(&mut program, source.as_ptr(), name, 0, none, none);
        if made != 0 {
            return Err(format!("NVRTC failed with {made}"));
        }
        let done = (compiler.compile)(program, options.len() as i32, options.as_ptr());
        let (size, get) = match done {
            0 => (compiler.size, compiler.code),
            _ => (compiler.log_size, compiler.log),
        };
        let mut length = 0;
        let mut found = size(program, &mut length);
        let mut text = vec![0_u8; length + 1];
        if found == 0 {
            found = get(program, text.as_mut_ptr().cast());
        }
        (compiler.destroy)(&mut program);
        if done != 0 {
            return Err(format!("NVRTC: {}", String::from_utf8_lossy(&text)));
        }
        if found != 0 {
            return Err(format!("NVRTC failed with {found}"));
        }
        Ok(text)
    }
}
