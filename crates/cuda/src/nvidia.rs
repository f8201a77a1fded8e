//! NVIDIA's GPUs by their driver, which is looked for when a program asks, and NVRTC, which compiles the kernels then.

use std::collections::BTreeMap;
use std::ffi::{CString, c_char, c_void};
use std::sync::{Mutex, PoisonError};

use cudarc::driver::result::{self, DriverError, ctx, device, module, primary_ctx, stream};
use cudarc::driver::sys::{self, CUdevice_attribute as Attribute};
use cudarc::nvrtc::result as compiler;

use crate::device::{Device, Launch};
use crate::error::Error;
use crate::source::{OPTIONS, PLATFORM, names, source};
use crate::trial::trial;

/// Least version of the driver's CUDA, thousands before and tens behind the point.
const CUDA_MIN: u32 = 12_000;

/// One GPU, with the kernels loaded.
pub struct Gpu {
    name: String,
    device: sys::CUdevice,
    context: sys::CUcontext,
    module: sys::CUmodule,
    stream: sys::CUstream,
    kernels: BTreeMap<&'static str, sys::CUfunction>,
}

// SAFETY: a context, a module and its functions belong to the process, and every use of them makes the context that of its thread first.
unsafe impl Send for Gpu {}
// SAFETY: as above; the driver takes calls of several threads at a time.
unsafe impl Sync for Gpu {}

/// What the driver says, as words.
fn said(error: DriverError) -> Error {
    Error::Device(format!("{error:?}"))
}

impl Gpu {
    /// The GPU of that number, counted from 0; compiles the kernels for it, which takes some seconds.
    ///
    /// # Errors
    /// A driver, NVRTC or the GPU is missing or too old, or does not take the kernels.
    pub fn new(number: u32) -> Result<Self, Error> {
        look_for_libraries()?;
        result::init().map_err(|error| match error.0 {
            sys::CUresult::CUDA_ERROR_NO_DEVICE => Error::NoDevice { number, count: 0 },
            _ => said(error),
        })?;
        let found = driver_version()?;
        if found < CUDA_MIN {
            return Err(Error::OldDriver { found, needed: CUDA_MIN });
        }
        let count = device::get_count().map_err(said)?.unsigned_abs();
        if number >= count {
            return Err(Error::NoDevice { number, count });
        }
        let device = device::get(number as i32).map_err(said)?;
        let image = compile(architecture(device)?)?;
        Self::load(device, &image).map_err(|error| match error.0 {
            sys::CUresult::CUDA_ERROR_UNSUPPORTED_PTX_VERSION => Error::Compiler("NVRTC is newer than the driver".to_owned()),
            _ => said(error),
        })
    }

    /// The same once for each number, and tried: who asks again gets what is there, its kernels stay loaded as long as the program runs.
    ///
    /// # Errors
    /// As [`Gpu::new`] and [`trial`].
    pub fn shared(number: u32) -> Result<&'static Self, Error> {
        static OPEN: Mutex<BTreeMap<u32, &'static Gpu>> = Mutex::new(BTreeMap::new());
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gpu) = open.get(&number) {
            return Ok(gpu);
        }
        let gpu = Self::new(number)?;
        trial(&gpu)?;
        let gpu: &Self = Box::leak(Box::new(gpu));
        open.insert(number, gpu);
        Ok(gpu)
    }

    /// Loads the kernels on the device.
    fn load(device: sys::CUdevice, image: &[c_char]) -> Result<Self, DriverError> {
        let name = device::get_name(device)?;
        // SAFETY: the device is one that the driver named; the context is released when this value is dropped.
        let context = unsafe { primary_ctx::retain(device)? };
        // SAFETY: the context is the one just retained.
        unsafe { ctx::set_current(context)? };
        // SAFETY: the image is what NVRTC wrote, ended by a 0.
        let module = unsafe { module::load_data(image.as_ptr().cast())? };
        let mut gpu = Self { name, device, context, module, stream: stream::null(), kernels: BTreeMap::new() };
        for name in names() {
            let Ok(written) = CString::new(*name) else { continue };
            // SAFETY: the module is loaded and lives as long as the functions.
            gpu.kernels.insert(name, unsafe { module::get_function(gpu.module, written)? });
        }
        Ok(gpu)
    }

    /// Operations in a second that its units of binary32 can do at most, two for a fused multiply-add; none where the driver does not tell.
    pub fn peak(&self) -> Option<f64> {
        // SAFETY: the device is one that the driver named.
        let of = |attribute| unsafe { device::get_attribute(self.device, attribute) }.ok().map(f64::from);
        let units = of(Attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)?;
        let clock_khz = of(Attribute::CU_DEVICE_ATTRIBUTE_CLOCK_RATE)?;
        let major = of(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)?;
        let minor = of(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)?;
        // Of 7.x and 8.0 a multiprocessor has sixty-four of them, of what came later twice as many.
        let each = if major < 8.0 || (major == 8.0 && minor == 0.0) { 64.0 } else { 128.0 };
        Some(2.0 * each * units * clock_khz * 1e3)
    }

    /// Makes its context that of this thread.
    fn enter(&self) -> Result<(), Error> {
        // SAFETY: the context is released only when this value is dropped.
        unsafe { ctx::set_current(self.context) }.map_err(said)
    }
}

impl Drop for Gpu {
    fn drop(&mut self) {
        // SAFETY: no launch is in flight whose result anybody waits for; module and context are used no more.
        let _ = unsafe { module::unload(self.module).and_then(|()| primary_ctx::release(self.device)) };
    }
}

/// Without a library, the first call would panic.
fn look_for_libraries() -> Result<(), Error> {
    if cfg!(all(target_env = "musl", target_feature = "crt-static")) {
        return Err(Error::Static);
    }
    // SAFETY: these load a library by its name, as every use of the device does; NVIDIA's need nothing from who loads them.
    let (driver, compiler) = unsafe { (sys::is_culib_present(), cudarc::nvrtc::sys::is_culib_present()) };
    match (driver, compiler) {
        (false, _) => Err(Error::NoDriver),
        (_, false) => Err(Error::NoCompiler),
        _ => Ok(()),
    }
}

/// The CUDA that the driver knows.
fn driver_version() -> Result<u32, Error> {
    let mut version = 0;
    // SAFETY: the library is there, and writes one number.
    unsafe { sys::cuDriverGetVersion(&raw mut version) }.result().map_err(said)?;
    Ok(version.unsigned_abs())
}

/// Its architecture, as NVRTC names it.
fn architecture(device: sys::CUdevice) -> Result<String, Error> {
    let [major, minor] = [Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR]
        // SAFETY: the device is one that the driver named.
        .map(|attribute| unsafe { device::get_attribute(device, attribute) });
    Ok(format!("--gpu-architecture=compute_{}{}", major.map_err(said)?, minor.map_err(said)?))
}

/// The kernels as NVRTC compiles them.
fn compile(architecture: String) -> Result<Vec<c_char>, Error> {
    let refused = |error| Error::Compiler(format!("{error:?}"));
    let text = CString::new(source(PLATFORM)).map_err(|error| Error::Compiler(error.to_string()))?;
    let program = compiler::create_program(&text, None).map_err(refused)?;
    let options: Vec<String> = OPTIONS.iter().map(|option| (*option).to_owned()).chain([architecture]).collect();
    // SAFETY: the program was just created and is destroyed at the end, once.
    unsafe {
        let image = match compiler::compile_program(program, &options) {
            Ok(()) => compiler::get_ptx(program).map_err(refused),
            Err(error) => Err(Error::Compiler(log_of(program).unwrap_or_else(|| format!("{error:?}")))),
        };
        compiler::destroy_program(program).map_err(refused)?;
        image
    }
}

/// The first line that the compiler wrote about a program.
///
/// # Safety
/// The program is not destroyed.
unsafe fn log_of(program: cudarc::nvrtc::sys::nvrtcProgram) -> Option<String> {
    // SAFETY: as the caller says.
    let log = unsafe { compiler::get_program_log(program) }.ok()?;
    let bytes: Vec<u8> = log.into_iter().flat_map(c_char::to_ne_bytes).take_while(|byte| *byte != 0).collect();
    Some(String::from_utf8_lossy(&bytes).lines().next().unwrap_or_default().to_owned())
}

impl Device for Gpu {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn free_bytes(&self) -> Result<u64, Error> {
        self.enter()?;
        Ok(result::mem_get_info().map_err(said)?.0 as u64)
    }

    fn allocate(&self, words: u64) -> Result<u64, Error> {
        self.enter()?;
        let needed = words.saturating_mul(4);
        // SAFETY: what the memory holds is not looked at before it is written.
        unsafe { result::malloc_sync(needed as usize) }.or_else(|error| match error.0 {
            sys::CUresult::CUDA_ERROR_OUT_OF_MEMORY => Err(Error::Memory { needed, free: self.free_bytes()? }),
            _ => Err(said(error)),
        })
    }

    unsafe fn release(&self, address: u64) {
        // SAFETY: as the caller says; freeing waits for launches that are in flight. A device that failed has nothing to free.
        let _ = self.enter().map(|()| unsafe { result::free_sync(address) });
    }

    unsafe fn upload(&self, address: u64, words: &[u32]) -> Result<(), Error> {
        self.enter()?;
        // SAFETY: as the caller says; the copy is in order with launches of the same stream.
        unsafe { result::memcpy_htod_sync(address, words) }.map_err(said)
    }

    unsafe fn download(&self, address: u64, words: &mut [u32]) -> Result<(), Error> {
        self.enter()?;
        // SAFETY: as the caller says; the copy is in order with launches of the same stream.
        unsafe { result::memcpy_dtoh_sync(words, address) }.map_err(said)
    }

    unsafe fn launch(&self, launch: Launch<'_>) -> Result<(), Error> {
        let Some(kernel) = self.kernels.get(launch.kernel) else {
            return Err(Error::Device(format!("there is no kernel {}", launch.kernel)));
        };
        self.enter()?;
        let [columns, rows, batches] = launch.grid;
        let words = launch.words.as_ptr().cast_mut().cast::<c_void>();
        // SAFETY: the argument is one structure of these words, which the driver copies before this returns; the rest as the caller says.
        unsafe {
            result::launch_kernel(*kernel, (columns, rows, batches), (launch.threads, 1, 1), 0, self.stream, &mut [words]).map_err(said)
        }
    }
}
