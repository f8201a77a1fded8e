//! Where the tensors of a model lie among all of its weights, and the layers that are made of them.

use evaluator::{Manifest, TensorSpec};

use crate::error::Error;
use crate::memory::Span;

/// A tensor: its first value among all weights, and how many it has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tensor {
    pub(crate) first: u64,
    pub(crate) len: u64,
    /// Whether its gradient stays +0 and its values as they are.
    pub(crate) is_frozen: bool,
}

impl Tensor {
    /// Its values among all weights, or its gradients among all gradients.
    pub(crate) fn of(self, all: Span) -> Span {
        all.part(self.first, self.len)
    }
}

/// All tensors of a manifest, one behind the other in their order.
pub(crate) struct Parameters {
    pub(crate) specs: Vec<TensorSpec>,
    pub(crate) tensors: Vec<Tensor>,
    pub(crate) len: u64,
}

/// A linear layer: weight [outputs, inputs], and bias if it has one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Linear {
    pub(crate) weight: Tensor,
    pub(crate) bias: Option<Tensor>,
    pub(crate) inputs: u64,
    pub(crate) outputs: u64,
}

/// Weight of a norm, and bias if it has one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NormLayer {
    pub(crate) weight: Tensor,
    pub(crate) bias: Option<Tensor>,
}

impl Parameters {
    /// Of a manifest.
    pub(crate) fn new(manifest: &Manifest) -> Self {
        let specs = manifest.tensors();
        let mut len = 0;
        let mut tensors = Vec::with_capacity(specs.len());
        for spec in &specs {
            tensors.push(Tensor { first: len, len: spec.elements(), is_frozen: spec.is_frozen });
            len += spec.elements();
        }
        Self { specs, tensors, len }
    }

    /// Tensors that are trained.
    pub(crate) fn trained(&self) -> impl Iterator<Item = (Tensor, &TensorSpec)> {
        self.tensors.iter().copied().zip(&self.specs).filter(|(tensor, _)| !tensor.is_frozen)
    }

    /// Whether some tensor is trained up to the last one whose name begins like this: gradients go back no further than that.
    pub(crate) fn trains_up_to(&self, beginning: &str) -> bool {
        let end = self.specs.iter().rposition(|spec| spec.name.starts_with(beginning)).map_or(0, |last| last + 1);
        self.tensors.iter().take(end).any(|tensor| !tensor.is_frozen)
    }

    /// The tensor of that name, and its shape.
    fn named(&self, name: &str) -> Option<(Tensor, &[u32])> {
        let found = self.specs.iter().zip(&self.tensors).find(|(spec, _)| spec.name == name)?;
        Some((*found.1, &found.0.shape))
    }

    /// The tensor of that name, if the model has it.
    pub(crate) fn find(&self, name: &str) -> Option<Tensor> {
        self.named(name).map(|(tensor, _)| tensor)
    }

    /// The tensor of that name.
    pub(crate) fn get(&self, name: &str) -> Result<Tensor, Error> {
        self.find(name).ok_or_else(|| Error::Model(name.to_owned()))
    }

    /// The layer whose tensors begin with that name.
    pub(crate) fn linear(&self, name: &str) -> Result<Linear, Error> {
        let weight = format!("{name}.weight");
        let Some((tensor, [outputs, inputs])) = self.named(&weight) else { return Err(Error::Model(weight)) };
        let bias = self.find(&format!("{name}.bias"));
        Ok(Linear { weight: tensor, bias, inputs: (*inputs).into(), outputs: (*outputs).into() })
    }

    /// The norm whose tensors begin with that name.
    pub(crate) fn norm(&self, name: &str) -> Result<NormLayer, Error> {
        Ok(NormLayer { weight: self.get(&format!("{name}.weight"))?, bias: self.find(&format!("{name}.bias")) })
    }
}
