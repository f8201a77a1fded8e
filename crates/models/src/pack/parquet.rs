//! Texts of a column of a Parquet file, group by group of its rows.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;
use parquet::schema::types::Type;

use super::piece::{DOCUMENT_BYTES_MAX, Piece, See, name};
use crate::refusal::{Refusal, shown};

/// Shows the text of each row; returns how many rows have none.
pub(super) fn rows(path: &Path, file: File, field: &str, see: See<'_>) -> Result<u64, Refusal> {
    let reader = SerializedFileReader::new(file).map_err(|error| failed(path, &error))?;
    let schema = reader.metadata().file_metadata().schema();
    let column = schema.get_fields().iter().find(|column| column.name() == field).cloned();
    let column =
        column.ok_or_else(|| Refusal::new(format_args!("{} has no column {}: name the one that holds text", name(path), shown(field))))?;
    let only =
        Type::group_type_builder(schema.name()).with_fields(vec![Arc::clone(&column)]).build().map_err(|error| failed(path, &error))?;
    let mut skipped = 0;
    for row in reader.get_row_iter(Some(only)).map_err(|error| failed(path, &error))? {
        let row = row.map_err(|error| failed(path, &error))?;
        match row.get_column_iter().next() {
            Some((_, Field::Str(text))) if text.len() > DOCUMENT_BYTES_MAX => {
                return Err(Refusal::new(format_args!("{} has a text of more than {DOCUMENT_BYTES_MAX} bytes: cut it", name(path))));
            }
            Some((_, Field::Str(text))) if !text.is_empty() => see(Piece::whole(text.clone()))?,
            _ => skipped += 1,
        }
    }
    Ok(skipped)
}

fn failed(path: &Path, error: &parquet::errors::ParquetError) -> Refusal {
    let words = shown(&error.to_string());
    Refusal::new(format_args!(
        "{} cannot be read ({words}): write it again as Parquet, compressed by snappy, gzip or not at all",
        name(path)
    ))
}
