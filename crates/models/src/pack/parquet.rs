//! Texts of a column of a Parquet file, group by group of its rows.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Compression, ConvertedType, LogicalType, Repetition};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::{Field, Row};
use parquet::schema::types::Type;

use super::piece::{DOCUMENT_BYTES_MAX, Piece, See, name};
use crate::refusal::{Refusal, shown, unless_it_panics};

/// Most bytes that a byte of a compressed column becomes; gzip reaches 1,032.
const GROWTH_MAX: u64 = 1100;
/// Bytes of headers and dictionaries that are there however little a column holds.
const GROWTH_FREE: u64 = 1 << 20;

/// Shows the text of each row; returns how many rows have none.
pub(super) fn rows(path: &Path, file: File, field: &str, see: See<'_>) -> Result<u64, Refusal> {
    let reader = guarded(path, || SerializedFileReader::new(file))?;
    let column = column(path, reader.metadata(), field)?;
    let name = reader.metadata().file_metadata().schema().name();
    let only = Type::group_type_builder(name).with_fields(vec![column]).build().map_err(|error| failed(path, &error))?;
    let mut rows = guarded(path, || reader.get_row_iter(Some(only)))?;
    let mut skipped = 0;
    while let Some(row) = guarded(path, || rows.next().transpose())? {
        match text(path, row)? {
            Some(text) => see(Piece::whole(text))?,
            None => skipped += 1,
        }
    }
    Ok(skipped)
}

/// The column of this name, if it holds texts that can be read here.
fn column(path: &Path, file: &ParquetMetaData, field: &str) -> Result<Arc<Type>, Refusal> {
    let fields = file.file_metadata().schema().get_fields();
    let column = fields.iter().find(|column| column.name() == field).cloned();
    let column =
        column.ok_or_else(|| Refusal::new(format_args!("{} has no column {}: name the one that holds text", name(path), shown(field))))?;
    if !is_text(&column) {
        return Err(Refusal::new(format_args!("the column {} of {} holds no text: name the one that does", shown(field), name(path))));
    }
    let chunks = file.row_groups().iter().flat_map(|group| group.columns());
    for chunk in chunks.filter(|chunk| chunk.column_path().parts().first().is_some_and(|part| part == field)) {
        fits(path, chunk)?;
    }
    Ok(column)
}

/// Whether the values of a column are strings, as old or new writers say it.
fn is_text(column: &Type) -> bool {
    let info = column.get_basic_info();
    let is_said = matches!(info.converted_type(), ConvertedType::UTF8 | ConvertedType::JSON | ConvertedType::ENUM);
    let is_list = info.has_repetition() && info.repetition() == Repetition::REPEATED;
    column.is_primitive() && !is_list && (is_said || info.logical_type_ref() == Some(&LogicalType::String))
}

/// Refuses a compression that is not read here, and sizes that no compression reaches.
fn fits(path: &Path, chunk: &ColumnChunkMetaData) -> Result<(), Refusal> {
    let growth = match chunk.compression() {
        Compression::UNCOMPRESSED => 1,
        Compression::SNAPPY | Compression::GZIP(_) => GROWTH_MAX,
        other => {
            let other = shown(&other.to_string());
            return Err(Refusal::new(format_args!(
                "{} is compressed by {other}: write it again, compressed by snappy, gzip or not at all",
                name(path)
            )));
        }
    };
    let size = |size: i64| u64::try_from(size).ok();
    let most = size(chunk.compressed_size()).and_then(|size| size.checked_mul(growth)?.checked_add(GROWTH_FREE));
    match size(chunk.uncompressed_size()).zip(most) {
        Some((size, most)) if size <= most => Ok(()),
        _ => Err(Refusal::new(format_args!("{} says absurd sizes of its columns: bring the file again", name(path)))),
    }
}

/// The text of a row of one column, if it has some.
fn text(path: &Path, row: Row) -> Result<Option<String>, Refusal> {
    let text = match row.into_columns().into_iter().next() {
        Some((_, Field::Str(text))) => text,
        // Of a writer that names the kind in the new way only.
        Some((_, Field::Bytes(bytes))) => String::from_utf8(bytes.data().to_vec())
            .map_err(|_| Refusal::new(format_args!("{} holds a text that is no UTF-8: write it again as strings", name(path))))?,
        _ => return Ok(None),
    };
    if text.len() > DOCUMENT_BYTES_MAX {
        return Err(Refusal::new(format_args!("{} has a text of more than {DOCUMENT_BYTES_MAX} bytes: cut it", name(path))));
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// Runs what reads strangers' bytes.
fn guarded<T>(path: &Path, work: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, Refusal> {
    let broken = || Refusal::new(format_args!("{} is no sound Parquet file: write it again", name(path)));
    unless_it_panics(work).ok_or_else(broken)?.map_err(|error| failed(path, &error))
}

fn failed(path: &Path, error: &ParquetError) -> Refusal {
    let words = shown(&error.to_string());
    Refusal::new(format_args!("{} cannot be read ({words}): write it again as Parquet", name(path)))
}
