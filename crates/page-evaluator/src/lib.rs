//! The evaluator for a page in the browser: predictions, text that continues, and claims measured again, to the same bits as everywhere.
//!
//! [`Session`] is what can be done, and is tested as any other crate. `door` is how a page asks for it: bytes in, bytes out, no pointer
//! that a page makes up is followed. `page/wasm` holds the compiled module, the script that makes it, and its wrapper in TypeScript.

mod door;
mod refusal;
mod round;
mod session;

pub use refusal::Refusal;
pub use round::{Measured, Replay, Round, Side};
pub use session::{Session, Slot};
