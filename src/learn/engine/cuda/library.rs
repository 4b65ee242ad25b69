//! NVIDIA's libraries, opened when they are asked for and not before: the program starts and runs
//! where there are none.

use std::ffi::{c_char, c_int, c_uint, c_void};
use std::path::PathBuf;
use std::sync::OnceLock;

use libloading::Library;

/// A pointer to something that a library keeps for itself.
pub type Handle = *mut c_void;

/// Declares a library as a table of its functions, all of which give 0 where they succeed. The
/// declarations are those of CUDA's headers; `benches/gpu/declarations.sh` compares them.
macro_rules! library {
    ($(#[$doc:meta])* $name:ident {
        $($function:ident = $symbol:literal ($($kind:ty),* $(,)?);)*
    }) => {
        $(#[$doc])*
        pub struct $name {
            $(pub $function: unsafe extern "C" fn($($kind),*) -> c_int,)*
            _library: Library,
        }

        impl $name {
            #[expect(unsafe_code, reason = "a library and its functions are opened")]
            fn of(library: Library) -> Result<Self, String> {
                Ok(Self {
                    $($function: {
                        // SAFETY: this is the function's declaration in CUDA's header, and the
                        // library stays open as long as the table that holds it.
                        let found = unsafe {
                            library.get::<unsafe extern "C" fn($($kind),*) -> c_int>(
                                concat!($symbol, "\0").as_bytes(),
                            )
                        };
                        *found.map_err(|_| concat!("it has no `", $symbol, "`"))?
                    },)*
                    _library: library,
                })
            }
        }
    };
}

library!(
    /// The driver, which comes with the card.
    Driver {
        init = "cuInit"(c_uint);
        device_count = "cuDeviceGetCount"(*mut c_int);
        device = "cuDeviceGet"(*mut c_int, c_int);
        device_name = "cuDeviceGetName"(*mut c_char, c_int, c_int);
        device_attribute = "cuDeviceGetAttribute"(*mut c_int, c_int, c_int);
        context = "cuDevicePrimaryCtxRetain"(*mut Handle, c_int);
        leave_context = "cuDevicePrimaryCtxRelease_v2"(c_int);
        enter_context = "cuCtxSetCurrent"(Handle);
        error_text = "cuGetErrorString"(c_int, *mut *const c_char);
        allocate = "cuMemAlloc_v2"(*mut u64, usize);
        free = "cuMemFree_v2"(u64);
        allocate_host = "cuMemHostAlloc"(*mut Handle, usize, c_uint);
        free_host = "cuMemFreeHost"(Handle);
        fill = "cuMemsetD32Async"(u64, c_uint, usize, Handle);
        upload = "cuMemcpyHtoDAsync_v2"(u64, *const c_void, usize, Handle);
        download = "cuMemcpyDtoHAsync_v2"(Handle, u64, usize, Handle);
        stream = "cuStreamCreate"(*mut Handle, c_uint);
        end_stream = "cuStreamDestroy_v2"(Handle);
        wait_for_stream = "cuStreamSynchronize"(Handle);
        wait_for_event_on = "cuStreamWaitEvent"(Handle, Handle, c_uint);
        begin_capture = "cuStreamBeginCapture_v2"(Handle, c_int);
        end_capture = "cuStreamEndCapture"(Handle, *mut Handle);
        event = "cuEventCreate"(*mut Handle, c_uint);
        end_event = "cuEventDestroy_v2"(Handle);
        record = "cuEventRecord"(Handle, Handle);
        wait_for_event = "cuEventSynchronize"(Handle);
        instantiate = "cuGraphInstantiateWithFlags"(*mut Handle, Handle, u64);
        end_graph = "cuGraphDestroy"(Handle);
        run_graph = "cuGraphLaunch"(Handle, Handle);
        end_executable = "cuGraphExecDestroy"(Handle);
        module = "cuModuleLoadData"(*mut Handle, *const c_void);
        end_module = "cuModuleUnload"(Handle);
        function = "cuModuleGetFunction"(*mut Handle, Handle, *const c_char);
        launch = "cuLaunchKernel"(
            Handle, c_uint, c_uint, c_uint, c_uint, c_uint, c_uint, c_uint, Handle,
            *mut *mut c_void, *mut *mut c_void,
        );
    }
);

library!(
    /// Matrix products.
    Blas {
        create = "cublasCreate_v2"(*mut Handle);
        destroy = "cublasDestroy_v2"(Handle);
        set_stream = "cublasSetStream_v2"(Handle, Handle);
        set_workspace = "cublasSetWorkspace_v2"(Handle, *mut c_void, usize);
        product = "cublasGemmEx"(
            Handle, c_int, c_int, c_int, c_int, c_int, *const c_void, *const c_void, c_int, c_int,
            *const c_void, c_int, c_int, *const c_void, *mut c_void, c_int, c_int, c_int, c_int,
        );
        products = "cublasGemmStridedBatchedEx"(
            Handle, c_int, c_int, c_int, c_int, c_int, *const c_void, *const c_void, c_int, c_int,
            i64, *const c_void, c_int, c_int, i64, *const c_void, *mut c_void, c_int, c_int, i64,
            c_int, c_int, c_int,
        );
    }
);

library!(
    /// The compiler of kernels at run time.
    Compiler {
        create = "nvrtcCreateProgram"(
            *mut Handle, *const c_char, *const c_char, c_int, *const *const c_char,
            *const *const c_char,
        );
        compile = "nvrtcCompileProgram"(Handle, c_int, *const *const c_char);
        size = "nvrtcGetPTXSize"(Handle, *mut usize);
        code = "nvrtcGetPTX"(Handle, *mut c_char);
        log_size = "nvrtcGetProgramLogSize"(Handle, *mut usize);
        log = "nvrtcGetProgramLog"(Handle, *mut c_char);
        destroy = "nvrtcDestroyProgram"(*mut Handle);
    }
);

/// Where a library of the toolkit may lie: on the loader's own way first, then where CUDA is put.
fn candidates(name: &str, suffixes: &[&str]) -> Vec<PathBuf> {
    let names: Vec<String> = if cfg!(windows) {
        suffixes.iter().map(|suffix| format!("{name}64{suffix}.dll")).collect()
    } else {
        suffixes.iter().map(|suffix| format!("lib{name}.so{suffix}")).collect()
    };
    let mut folders = vec![PathBuf::new()];
    for variable in ["CUDA_PATH", "CUDA_HOME"] {
        folders.extend(std::env::var_os(variable).map(PathBuf::from));
    }
    if !cfg!(windows) {
        folders.push("/usr/local/cuda".into());
    }
    let below: &[&str] = if cfg!(windows) {
        &["bin/x64", "bin"]
    } else {
        &["lib64", "lib", "targets/x86_64-linux/lib", "targets/sbsa-linux/lib"]
    };
    let mut all = Vec::new();
    for folder in folders {
        let plain = folder.as_os_str().is_empty();
        for below in below.iter().take(if plain { 1 } else { below.len() }) {
            let folder = if plain { PathBuf::new() } else { folder.join(below) };
            all.extend(names.iter().map(|name| folder.join(name)));
        }
    }
    all
}

/// Opens the first that there is.
#[expect(unsafe_code, reason = "a library is opened")]
fn open(name: &str, candidates: &[PathBuf]) -> Result<Library, String> {
    for path in candidates {
        // SAFETY: opening runs the library's own beginnings: these are NVIDIA's, under the names
        // and in the places that CUDA gives them.
        if let Ok(library) = unsafe { Library::new(path) } {
            return Ok(library);
        }
    }
    Err(format!("the library {name} isn't there"))
}

/// A library that was opened once, or why it can't be; it stays open, for what it has made may
/// outlive whoever asked for it.
type Once<T> = OnceLock<Result<T, String>>;

impl Driver {
    /// The driver of this machine.
    ///
    /// # Errors
    /// Why there is none.
    pub fn open() -> Result<&'static Self, String> {
        static DRIVER: Once<Driver> = OnceLock::new();
        let names = if cfg!(windows) { ["nvcuda.dll"; 2] } else { ["libcuda.so.1", "libcuda.so"] };
        let library = || open("libcuda of an NVIDIA driver", &names.map(PathBuf::from));
        DRIVER.get_or_init(|| Self::of(library()?)).as_ref().map_err(Clone::clone)
    }
}

impl Blas {
    /// cuBLAS as it is installed.
    ///
    /// # Errors
    /// Why there is none.
    pub fn open() -> Result<&'static Self, String> {
        static BLAS: Once<Blas> = OnceLock::new();
        let suffixes = if cfg!(windows) { ["_13", "_12", "_11"] } else { [".13", ".12", ".11"] };
        let library = || open("cuBLAS", &candidates("cublas", &suffixes));
        BLAS.get_or_init(|| Self::of(library()?)).as_ref().map_err(Clone::clone)
    }
}

impl Compiler {
    /// NVRTC as it is installed.
    ///
    /// # Errors
    /// Why there is none.
    pub fn open() -> Result<Self, String> {
        let suffixes =
            if cfg!(windows) { ["_130_0", "_120_0", "_112_0"] } else { [".13", ".12", ".11.2"] };
        Self::of(open("NVRTC", &candidates("nvrtc", &suffixes))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_an_error_and_not_an_end() {
        let nowhere = [PathBuf::from("libof-no-machine.so"), "/nowhere/libnothing.so.1".into()];
        let error = open("of no machine", &nowhere).err().unwrap();
        assert!(error.contains("of no machine"), "{error}");
    }

    #[test]
    fn a_library_without_a_function_is_an_error_that_names_it() {
        if let Ok(library) = open("C", &[PathBuf::from("libc.so.6")]) {
            let error = Driver::of(library).err().unwrap();
            assert!(error.contains("cuInit"), "{error}");
        }
    }

    #[test]
    fn libraries_are_looked_for_where_the_toolkit_is() {
        let all = candidates("cublas", &[".13"]);
        assert!(all.len() > 1);
        if cfg!(target_os = "linux") {
            assert_eq!(all[0], PathBuf::from("libcublas.so.13"));
            assert!(all.contains(&PathBuf::from("/usr/local/cuda/lib64/libcublas.so.13")));
        }
    }
}
