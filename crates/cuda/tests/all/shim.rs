//! The processor as a device: the source, compiled as C++ behind a platform of fibers, and memory whose edges are watched.

use std::collections::HashMap;
use std::ffi::{CString, c_char, c_int, c_uint, c_void};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

use cuda::{Device, Error, Launch, source};
use libloading::Library;

const PLATFORM: &str = include_str!("../shim/platform.hpp");
/// What memory holds that nobody has written: a NaN, and no token.
const UNWRITTEN: u32 = 0xffba_dbad;
/// Words before and behind a piece of memory, which nobody may touch; they keep its alignment.
const EDGE: usize = 64;

type Run = unsafe extern "C" fn(*const c_char, *const c_uint, c_uint, *const c_void, usize) -> c_int;

/// The processor.
#[derive(Default)]
pub struct Shim {
    pieces: Mutex<HashMap<u64, Vec<Line>>>,
    /// Bytes that it says are free, if not a gibibyte.
    free: Option<u64>,
}

impl Shim {
    /// One that says that only so many bytes are free.
    pub fn with_free(free: u64) -> Self {
        Self { free: Some(free), ..Self::default() }
    }
}

/// 256 bytes.
#[derive(Clone, Copy, PartialEq)]
#[repr(align(256))]
struct Line([u32; EDGE]);

/// One launch at a time: the threads of a block are in one place.
static RUNNING: Mutex<()> = Mutex::new(());

/// The compiled kernels.
fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let (text, library) = (folder.path().join("kernels.cpp"), folder.path().join("kernels.so"));
        std::fs::write(&text, source(PLATFORM)).unwrap();
        let compiler = std::env::var_os("CXX").unwrap_or("c++".into());
        let options = ["-std=c++17", "-O2", "-Wall", "-Wextra", "-Werror", "-ffp-contract=off", "-fno-math-errno"];
        let mut command = Command::new(&compiler);
        // Fibers jump where a fortified library would see an error.
        command.args(options).args(["-U_FORTIFY_SOURCE", "-fPIC", "-shared", "-o"]).arg(&library).arg(&text);
        let output = command.output().expect("a C++ compiler runs as c++, or as CXX names it: install g++ or clang++");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        // SAFETY: its constructors fill a table and nothing else.
        unsafe { Library::new(&library).unwrap() }
    })
}

impl Device for Shim {
    fn name(&self) -> String {
        "shim".to_owned()
    }

    fn free_bytes(&self) -> Result<u64, Error> {
        Ok(self.free.unwrap_or(1 << 30))
    }

    fn allocate(&self, words: u64) -> Result<u64, Error> {
        let lines = vec![Line([UNWRITTEN; EDGE]); (words as usize).div_ceil(EDGE) + 2];
        let address = (&raw const lines[1]) as u64;
        self.pieces.lock().unwrap().insert(address, lines);
        Ok(address)
    }

    unsafe fn release(&self, address: u64) {
        let lines = self.pieces.lock().unwrap_or_else(PoisonError::into_inner).remove(&address);
        let edge = Line([UNWRITTEN; EDGE]);
        let is_whole = lines.is_some_and(|lines| lines.first() == Some(&edge) && lines.last() == Some(&edge));
        assert!(is_whole || std::thread::panicking(), "a kernel wrote beyond its memory");
    }

    unsafe fn upload(&self, address: u64, words: &[u32]) -> Result<(), Error> {
        // SAFETY: so many words are there, says the caller.
        unsafe { std::ptr::copy_nonoverlapping(words.as_ptr(), address as *mut u32, words.len()) };
        Ok(())
    }

    unsafe fn download(&self, address: u64, words: &mut [u32]) -> Result<(), Error> {
        // SAFETY: so many words are there, says the caller.
        unsafe { std::ptr::copy_nonoverlapping(address as *const u32, words.as_mut_ptr(), words.len()) };
        Ok(())
    }

    unsafe fn launch(&self, launch: Launch<'_>) -> Result<(), Error> {
        let _one = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let name = CString::new(launch.kernel).unwrap();
        let words = launch.words;
        // SAFETY: the function has this type; what the kernel touches is there, says the caller.
        let answer = unsafe {
            let run = library().get::<Run>(b"shim_launch").unwrap();
            run(name.as_ptr(), launch.grid.as_ptr(), launch.threads, words.as_ptr().cast(), size_of_val(words))
        };
        assert_eq!(answer, 0, "{} has other arguments, or is no kernel", launch.kernel);
        Ok(())
    }
}
