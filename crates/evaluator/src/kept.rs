//! Whether a checkpoint leaves frozen tensors as they are (PROTOCOL 12, Frozen tensors).

use crate::checkpoint::{Checkpoint, CheckpointError};

impl Checkpoint {
    /// Whether every frozen tensor has the bits that it has in `base`, the checkpoint that the round began with. A claim about a file that
    /// changes one is false. Reads the frozen tensors once, and nothing where none is.
    ///
    /// ```
    /// use evaluator::{Checkpoint, CheckpointError, Manifest};
    ///
    /// let manifest = Manifest::from_bytes(
    ///     br#"{"version":1,"model":{"family":"mlp","inputs":2,"hidden":[],"outputs":3,"activation":"relu"},"data":{"format":"csv","divisor":4},"loss":"cross_entropy","eval_max":8,"weight_max":16,"frozen":["layers.0.b*"]}"#,
    /// )?;
    /// let of = |weight: f32, bias: f32| Checkpoint::from_tensors(&manifest, vec![vec![weight; 6], vec![bias; 3]]);
    /// let base = of(1.0, 0.0)?;
    /// assert_eq!(of(2.0, 0.0)?.keeps_frozen(&base), Ok(()));
    /// assert_eq!(of(1.0, -0.0)?.keeps_frozen(&base), Err(CheckpointError::Frozen("layers.0.bias".into())));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`CheckpointError::Frozen`] with the first tensor that was changed.
    pub fn keeps_frozen(&self, base: &Self) -> Result<(), CheckpointError> {
        if self.manifest().frozen().is_empty() {
            return Ok(());
        }
        let (new, old) = (self.values(), base.values());
        let is_changed = |index: usize| match (new.get(index), old.get(index)) {
            (Some(new), Some(old)) => !new.same_bits(*old),
            _ => true,
        };
        let specs = self.manifest().tensors().into_iter().enumerate();
        let changed = specs.filter(|(_, spec)| spec.is_frozen).find(|(index, _)| is_changed(*index));
        changed.map_or(Ok(()), |(_, spec)| Err(CheckpointError::Frozen(spec.name)))
    }
}
