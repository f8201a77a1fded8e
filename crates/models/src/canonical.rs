//! A canonical checkpoint as the tensors that lie in it, and the tokenizer that goes with it.

use evaluator::Manifest;
use sha2::{Digest as _, Sha256};

use crate::form::{Data, Form};
use crate::plain::tokenizer_json;
use crate::refusal::Refusal;
use crate::stored::{Kind, Listed, header};

/// One tensor.
pub(crate) struct Tensor<'a> {
    pub(crate) name: String,
    pub(crate) shape: Vec<u64>,
    /// Row-major, little-endian.
    pub(crate) bytes: &'a [u8],
}

/// All tensors of a checkpoint in their order, and what the manifest says.
pub(crate) struct Canonical<'a> {
    pub(crate) form: Form,
    pub(crate) kind: Kind,
    pub(crate) tensors: Vec<Tensor<'a>>,
}

impl<'a> Canonical<'a> {
    /// Cuts the bytes of a checkpoint, of which length and header are checked; its values are taken as they are.
    pub(crate) fn new(manifest: &Manifest, checkpoint: &'a [u8]) -> Result<Self, Refusal> {
        let form = Form::of(manifest)?;
        let kind = form.kind();
        let specs: Vec<(String, Vec<u64>)> =
            manifest.tensors().into_iter().map(|spec| (spec.name, spec.shape.into_iter().map(u64::from).collect())).collect();
        let start = header(specs.iter().map(|(name, shape)| Listed { name, kind, shape }), false);
        let other = || Refusal::new("the checkpoint is none of this manifest: bring the file that belongs to it");
        let mut rest = checkpoint.strip_prefix(start.as_slice()).ok_or_else(other)?;
        let mut tensors = Vec::new();
        for (name, shape) in specs {
            let length = Listed { name: &name, kind, shape: &shape }.bytes();
            let (bytes, more) = usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length)).ok_or_else(other)?;
            tensors.push(Tensor { name, shape, bytes });
            rest = more;
        }
        if rest.is_empty() { Ok(Self { form, kind, tensors }) } else { Err(other()) }
    }

    /// The bytes of tokenizer.json: those that the manifest names, or the same as the evaluator's own tokenizer.
    pub(crate) fn tokenizer(&self, given: Option<&[u8]>) -> Result<Vec<u8>, Refusal> {
        match (&self.form.data, given) {
            (Data::Text { tokenizer, .. }, _) => Ok(tokenizer_json(tokenizer)),
            (Data::Tokens { tokenizer, .. }, Some(bytes)) if hex::encode(Sha256::digest(bytes)) == *tokenizer => Ok(bytes.to_vec()),
            (Data::Tokens { tokenizer, .. }, given) => {
                let what = if given.is_some() { "is another one" } else { "is needed" };
                Err(Refusal::new(format_args!("tokenizer.json {what}: bring the file whose SHA-256 is {tokenizer}, as the manifest says")))
            }
            (Data::Other, _) => Err(Refusal::new("a model of rows has no tokenizer")),
        }
    }
}
