//! Where canonical results are computed: on a GPU as long as it can, else on the processor. Whoever asks is told which, and why.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use evaluator::{Checkpoint, Compute, Examples, MeasureError, Measurement};

use crate::device::Device;
use crate::error::Error;
use crate::evaluate::{Evaluator, Settings};
use crate::nvidia::Gpu;
use crate::trial::trial;

/// One measurement at a time on GPUs: each takes most of the memory that is free.
static TURN: Mutex<()> = Mutex::new(());

/// The processor, and perhaps a GPU that is asked first; results are the same.
///
/// ```
/// use cuda::Machine;
/// use evaluator::{Checkpoint, Compute, Examples, Manifest};
///
/// let manifest = Manifest::from_bytes(
///     br#"{"version":1,"model":{"family":"mlp","inputs":2,"hidden":[],"outputs":3,"activation":"relu"},"data":{"format":"csv","divisor":4},"loss":"cross_entropy","eval_max":8,"weight_max":16}"#,
/// )?;
/// let examples = Examples::parse(&manifest, [("a.csv", "4,0,1\n0,4,2\n")])?;
/// let base = Checkpoint::initial(&manifest, [1; 32]);
/// let machine = Machine::gpu(Compute::detect(), 0).unwrap_or_else(|reason| {
///     eprintln!("{reason}");
///     Machine::processor(Compute::detect())
/// });
/// let measured = machine.evaluate(&base, &examples, &[0, 1], |reason| eprintln!("{reason}"))?;
/// assert_eq!(measured, evaluator::evaluate(&base, &examples, &[0, 1])?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct Machine {
    compute: Compute,
    device: Option<&'static dyn Device>,
}

impl Machine {
    /// The processor alone.
    pub fn processor(compute: Compute) -> Self {
        Self { compute, device: None }
    }

    /// The GPU of that number, counted from 0, and the processor behind it. The first call for a number compiles the kernels and compares
    /// bits, which takes some seconds.
    ///
    /// # Errors
    /// One sentence: a driver, NVRTC or the GPU is missing, too old, or gives other bits.
    pub fn gpu(compute: Compute, number: u32) -> Result<Self, Error> {
        Ok(Self { compute, device: Some(Gpu::shared(number)?) })
    }

    /// A device that is tried first, and the processor behind it.
    ///
    /// # Errors
    /// As [`trial`].
    pub fn with(compute: Compute, device: &'static dyn Device) -> Result<Self, Error> {
        trial(device)?;
        Ok(Self { compute, device: Some(device) })
    }

    /// How the processor computes.
    pub fn compute(&self) -> Compute {
        self.compute
    }

    /// What is asked first, if anything is.
    pub fn device(&self) -> Option<&'static dyn Device> {
        self.device
    }

    /// As [`Compute::evaluate`]. Where the device cannot, `left` is told why, and the processor does it.
    ///
    /// # Errors
    /// When checkpoint, examples and indices do not belong together.
    pub fn evaluate(
        &self,
        checkpoint: &Checkpoint,
        examples: &Examples,
        drawn: &[u32],
        left: impl FnOnce(&Error),
    ) -> Result<Measurement, MeasureError> {
        let found = self.on_device(checkpoint, left, |evaluator| evaluator.evaluate(examples, drawn))?;
        found.map_or_else(|| self.compute.evaluate(checkpoint, examples, drawn), Ok)
    }

    /// As [`Compute::probe`]; of `left` as [`Machine::evaluate`].
    ///
    /// # Errors
    /// When checkpoint, examples and indices do not belong together.
    pub fn probe(
        &self,
        checkpoint: &Checkpoint,
        (examples, drawn): (&Examples, &[u32]),
        (seed, signer): ([u8; 32], [u8; 20]),
        left: impl FnOnce(&Error),
    ) -> Result<[u8; 32], MeasureError> {
        let found = self.on_device(checkpoint, left, |evaluator| evaluator.probe(examples, drawn, seed, signer))?;
        found.map_or_else(|| self.compute.probe(checkpoint, examples, drawn, seed, signer), Ok)
    }

    /// What the device computes, if there is one and it can.
    fn on_device<V>(
        &self,
        checkpoint: &Checkpoint,
        left: impl FnOnce(&Error),
        work: impl FnOnce(&Evaluator<'_>) -> Result<V, Error>,
    ) -> Result<Option<V>, MeasureError> {
        let Some(device) = self.device else { return Ok(None) };
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        match Evaluator::new(device, checkpoint, Settings::default()).and_then(|evaluator| work(&evaluator)) {
            Ok(value) => Ok(Some(value)),
            Err(Error::Measure(error)) => Err(error),
            Err(error) => {
                left(&error);
                Ok(None)
            }
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (isa, threads) = (self.compute.isa(), self.compute.threads());
        match self.device {
            Some(device) => write!(formatter, "{}", device.name()),
            None => write!(formatter, "processor ({isa}, {threads} {})", if threads == 1 { "thread" } else { "threads" }),
        }
    }
}
