//! The header of a safetensors file, written.

use super::Kind;

/// The header is padded with spaces to a multiple of this.
const ALIGN: usize = 8;

/// One tensor of a file that is written.
pub(crate) struct Listed<'a> {
    pub(crate) name: &'a str,
    pub(crate) kind: Kind,
    pub(crate) shape: &'a [u64],
}

impl Listed<'_> {
    /// Bytes of its values.
    pub(crate) fn bytes(&self) -> u64 {
        self.shape.iter().product::<u64>() * self.kind.bytes() as u64
    }
}

/// Length and JSON of the header of tensors that follow one another in this order. For other tools it says so in its metadata; the
/// canonical checkpoint has none (PROTOCOL 12, Checkpoint).
pub(crate) fn header<'a>(tensors: impl Iterator<Item = Listed<'a>>, for_tools: bool) -> Vec<u8> {
    let mut entries = Vec::new();
    if for_tools {
        entries.push(r#""__metadata__":{"format":"pt"}"#.to_owned());
    }
    let mut start = 0;
    for tensor in tensors {
        let end = start + tensor.bytes();
        let shape: Vec<String> = tensor.shape.iter().map(u64::to_string).collect();
        let (name, kind, shape) = (tensor.name, tensor.kind.name(), shape.join(","));
        entries.push(format!(r#""{name}":{{"dtype":"{kind}","shape":[{shape}],"data_offsets":[{start},{end}]}}"#));
        start = end;
    }
    let mut json = format!("{{{}}}", entries.join(",")).into_bytes();
    json.resize(json.len().next_multiple_of(ALIGN), b' ');
    [&(json.len() as u64).to_le_bytes()[..], &json].concat()
}
