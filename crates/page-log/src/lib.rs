//! A group's log in a page: the same rules by which every node checks, keeps, compares and writes messages (PROTOCOL 14).
//!
//! [`Desk`] is what can be done, and is tested as any other crate. `door` is how a page asks for it, in the same way as that of the
//! evaluator: bytes in, bytes out. How messages travel, and where they lie, is the page's (`page/log`).

mod desk;
mod door;
mod refusal;
mod told;

pub use desk::Desk;
pub use refusal::Refusal;
pub use told::{Changed, Lacking, Message, Opening, Stand};

/// Nothing here draws numbers: keys come from the page.
#[cfg(target_arch = "wasm32")]
mod nothing_random {
    fn none(_: &mut [u8]) -> Result<(), getrandom::Error> {
        Err(getrandom::Error::UNSUPPORTED)
    }

    getrandom::register_custom_getrandom!(none);
}
