//! A device is tried before it is used, and where it fails the processor goes on, with a sentence and the same bits.

use std::sync::atomic::{AtomicU64, Ordering};

use cuda::{Device, Error, Launch, Machine, trial};
use evaluator::{Compute, evaluate, probe};

use crate::cases::golden;
use crate::shim::Shim;

/// What goes wrong with it.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    /// Nothing.
    None,
    /// The last bit of the first value that is copied from it.
    Bit,
    /// It has no more memory.
    Memory,
    /// A launch.
    Launch,
}

/// The shim, with a fault after so many launches.
struct Faulty {
    shim: Shim,
    fault: Fault,
    after: AtomicU64,
}

impl Faulty {
    fn new(fault: Fault, after: u64) -> &'static Self {
        Box::leak(Box::new(Self { shim: Shim::default(), fault, after: after.into() }))
    }

    fn is_broken(&self, fault: Fault) -> bool {
        self.fault == fault && self.after.load(Ordering::Relaxed) == 0
    }
}

impl Device for Faulty {
    fn name(&self) -> String {
        "faulty".to_owned()
    }

    fn free_bytes(&self) -> Result<u64, Error> {
        self.shim.free_bytes()
    }

    fn allocate(&self, words: u64) -> Result<u64, Error> {
        if self.is_broken(Fault::Memory) { Err(Error::Memory { needed: 4 * words, free: 0 }) } else { self.shim.allocate(words) }
    }

    unsafe fn release(&self, address: u64) {
        // SAFETY: as the caller says.
        unsafe { self.shim.release(address) }
    }

    unsafe fn upload(&self, address: u64, words: &[u32]) -> Result<(), Error> {
        // SAFETY: as the caller says.
        unsafe { self.shim.upload(address, words) }
    }

    unsafe fn download(&self, address: u64, words: &mut [u32]) -> Result<(), Error> {
        // SAFETY: as the caller says.
        unsafe { self.shim.download(address, words)? };
        if let (true, Some(first)) = (self.is_broken(Fault::Bit), words.first_mut()) {
            *first ^= 1;
        }
        Ok(())
    }

    unsafe fn launch(&self, launch: Launch<'_>) -> Result<(), Error> {
        if self.is_broken(Fault::Launch) {
            return Err(Error::Device("CUDA_ERROR_ILLEGAL_ADDRESS".to_owned()));
        }
        let fewer = |left: u64| Some(left.saturating_sub(1));
        let _ = self.after.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer);
        // SAFETY: as the caller says.
        unsafe { self.shim.launch(launch) }
    }
}

/// Launches of a whole trial.
fn of_a_trial() -> u64 {
    let whole = Faulty::new(Fault::None, u64::MAX);
    trial(whole).unwrap();
    u64::MAX - whole.after.load(Ordering::Relaxed)
}

#[test]
fn a_device_with_one_wrong_bit_is_not_used() {
    let launches = of_a_trial();
    // After so many launches: in the first function, in the second one, and somewhere among losses and steps.
    for (after, what) in [(1, "exp"), (2, "log"), (launches / 2, ""), (launches, "a step")] {
        let refused = Machine::with(Compute::detect(), Faulty::new(Fault::Bit, after)).err();
        let Some(Error::Bits(found)) = refused else { panic!("{refused:?} after {after}") };
        assert!(found.contains(what), "{found} after {after} launches");
    }
}

#[test]
fn where_a_device_fails_the_processor_goes_on_with_the_same_bits_and_says_why() {
    let ([golden, ..], launches) = (golden(), of_a_trial());
    let (case, checkpoint) = (&golden.case, golden.case.checkpoint());
    let (drawn, (seed, signer)) = (case.all(), ([7; 32], [1; 20]));
    let expected = (evaluate(&checkpoint, &case.examples, &drawn), probe(&checkpoint, &case.examples, &drawn, seed, signer));
    for (fault, reason) in [(Fault::None, None), (Fault::Memory, Some("0 bytes free")), (Fault::Launch, Some("ILLEGAL_ADDRESS"))] {
        let machine = Machine::with(Compute::detect(), Faulty::new(fault, launches)).unwrap();
        let mut told = Vec::new();
        let measured = machine.evaluate(&checkpoint, &case.examples, &drawn, |error| told.push(error.to_string()));
        let probed = machine.probe(&checkpoint, (&case.examples, &drawn), (seed, signer), |error| told.push(error.to_string()));
        assert_eq!((measured, probed), expected);
        let are_said = told.iter().all(|told| reason.is_some_and(|reason| told.contains(reason)) && told.contains("on the processor"));
        assert!(are_said && told.len() == if reason.is_some() { 2 } else { 0 }, "{told:?}");
    }
}

#[test]
fn what_does_not_belong_together_is_no_reason_to_go_on() {
    let [mlp, gpt, ..] = golden();
    let machine = Machine::with(Compute::detect(), Faulty::new(Fault::None, 0)).unwrap();
    let refused = machine.evaluate(&mlp.case.checkpoint(), &gpt.case.examples, &[0], |error| panic!("{error}"));
    assert_eq!(refused, evaluate(&mlp.case.checkpoint(), &gpt.case.examples, &[0]));
    assert_eq!(machine.to_string(), "faulty");
    assert!(Machine::processor(Compute::detect()).to_string().starts_with("processor ("), "the processor");
}
