//! NVIDIA GPUs: asked for before burn loads the driver, without which it panics.

use cudarc::driver::result::{self, device};
use cudarc::driver::sys as driver;
use cudarc::nvrtc::sys as compiler;

/// Names of all that are here, by number; or what is missing.
pub(super) fn names() -> Result<Vec<String>, String> {
    // SAFETY: these load a library by its name, as every use of the device does; NVIDIA's need nothing from who loads them.
    let (driver, compiler) = unsafe { (driver::is_culib_present(), compiler::is_culib_present()) };
    if !driver {
        return Err("no NVIDIA driver was found".to_owned());
    }
    if !compiler {
        return Err("CUDA's runtime compiler NVRTC was not found: install the CUDA toolkit".to_owned());
    }
    let name = |number| device::get_name(device::get(number)?);
    let names = result::init().and_then(|()| (0..device::get_count()?).map(name).collect());
    names.map_err(|error| format!("the NVIDIA driver says {error:?}"))
}
