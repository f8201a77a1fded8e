//! What a measurement of a large model asks for beside its file, counted by the allocator: in a program of its own, so that nothing
//! else is counted.

#![allow(clippy::unwrap_used, reason = "what must hold here and does not fails the test")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use evaluator::{Checkpoint, Compute, Examples, Isa, Manifest, checkpoint_len};

/// The allocator of the system, with bytes that are held now and were held at most.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is handed on to the allocator of the system as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(held, Ordering::Relaxed);
        // SAFETY: the caller keeps the rules of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the pointer is one of `alloc` with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Result of `work`, and the most bytes that it held beside those held before.
fn most_held<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = HELD.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    let result = work();
    (result, MOST.load(Ordering::Relaxed) - before)
}

/// A llama of so many blocks of 0.9 million weights each, narrow or not.
fn manifest(layers: u32, dtype: &str) -> Manifest {
    let text = format!(
        r#"{{"version":1,"model":{{"family":"llama","layers":{layers},"heads":4,"key_value_heads":2,"head_size":64,"width":256,"inner":900,"context":16,"vocabulary":256,"epsilon":1000,"rotary_base":10000,"bias":false,"head_norms":true,"tied":true}},"data":{{"format":"text","tokenizer":"bytes","stride":16}},"loss":"cross_entropy","eval_max":8,"weight_max":4{dtype}}}"#
    );
    Manifest::from_bytes(text.as_bytes()).unwrap()
}

/// Bytes held beside a file while it is checked, measured and written.
fn beside(manifest: &Manifest) -> [usize; 3] {
    let file: Arc<Vec<u8>> = Arc::new(Checkpoint::initial(manifest, [1; 32]).to_bytes());
    assert_eq!(file.len() as u64, checkpoint_len(manifest));
    let examples = Examples::parse(manifest, [("a.txt", "two roads diverged in a wood and i took ")]).unwrap();
    let (checkpoint, read) = most_held(|| Checkpoint::from_shared(manifest, Arc::<Vec<u8>>::clone(&file)).unwrap());
    let compute = Compute::new(Isa::detect(), 2).unwrap();
    let (measured, evaluated) = most_held(|| compute.evaluate(&checkpoint, &examples, &[0, 1]).unwrap());
    assert!(measured.mean < u32::MAX);
    let (copied, written) = most_held(|| {
        let mut same = Compared(&file);
        checkpoint.write(&mut same).unwrap();
        same.0.is_empty()
    });
    assert!(copied);
    [read, evaluated, written]
}

/// Takes what comes next in these bytes, and nothing else.
struct Compared<'a>(&'a [u8]);

impl Write for Compared<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 = self.0.strip_prefix(bytes).ok_or(std::io::ErrorKind::InvalidData)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_measurement_needs_its_file_and_working_memory_that_does_not_grow_with_it() {
    for dtype in [r#","dtype":"bf16""#, ""] {
        let (small, large) = (manifest(2, dtype), manifest(24, dtype));
        let (few, many) = (beside(&small), beside(&large));
        // Names, places and norms of more tensors; of the 20 million further weights nothing.
        for (few, many) in few.into_iter().zip(many) {
            assert!(many < few + (1 << 20), "{many} bytes for {}, {few} for {}", checkpoint_len(&large), checkpoint_len(&small));
        }
        assert!((many[1] as u64) < checkpoint_len(&large) / 4, "{many:?} bytes beside {}", checkpoint_len(&large));
        assert!(many[0] < 1 << 20 && many[2] < 1 << 20, "{many:?}");
    }
}
