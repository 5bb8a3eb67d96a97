//! One row per segment, as Parquet.

use crate::fold::{Folding, Measure};
use crate::sweep::{PairGroup, PathRow};
use parquet::basic::Compression;
use parquet::data_type::{DoubleType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use std::sync::Arc;

/// The columns of every sweep; a sweep by classes has two more before them.
const ENDS: &str = "\
    REQUIRED INT32 from (INTEGER(32,false));
    REQUIRED INT32 to (INTEGER(32,false));";
const MEASURES: [(&str, &str); 7] = [
    ("INT32 regions", "(INTEGER(32,false))"),
    ("INT32 r1", "(INTEGER(32,false))"),
    ("INT32 r2", "(INTEGER(32,false))"),
    ("DOUBLE chi", ""),
    ("INT32 peak_r1", "(INTEGER(32,false))"),
    ("INT32 peak_r2", "(INTEGER(32,false))"),
    ("DOUBLE peak", ""),
];
const CLASSES: &str = "REQUIRED INT64 from_class; REQUIRED INT64 to_class;";

/// Some segments of one group of pairs as a Parquet file, compressed with Snappy.
///
/// A row is a segment: `from` and `to`, the indices of its points; its `regions`; `r1`, `r2` and `chi`; and the prefix with the largest chi,
/// as `peak_r1`, `peak_r2` and `peak` (0, 0 and 0 if every prefix has chi = 0). `chi` and `peak` are the doubles nearest to 1 - r1/r2. If
/// the pairs are by class, `from_class` and `to_class` come first. With `windows`, which the segments of smooth networks may have, all columns
/// of measures are optional, and those of a segment with windows are null. `about` goes into the metadata of the file, as keys and values.
///
/// ```
/// use plica::{data::{DataSet, Points}, fold::Measure, report::paths_parquet, sweep::{Pairs, PathRow}};
/// let points = Points::from_f64(vec![0.0, 1.0], 1).unwrap();
/// let groups = Pairs::All.groups(&DataSet { name: "two".into(), points, labels: None }).unwrap();
/// let rows = [PathRow { from: 0, to: 1, measure: Some(Measure::default()) }];
/// let file = paths_parquet(&groups[0], &rows, false, &[("network", "cantor:1")]).unwrap();
/// assert!(file.starts_with(b"PAR1") && file.ends_with(b"PAR1"));
/// ```
///
/// # Errors
/// A number does not fit 32 bits, or a segment has windows, without `windows`.
pub fn paths_parquet(group: &PairGroup, rows: &[PathRow], windows: bool, about: &[(&str, &str)]) -> Result<Vec<u8>, ParquetError> {
    let classes = group.from.zip(group.to);
    let presence = if windows { "OPTIONAL" } else { "REQUIRED" };
    let measures: String = MEASURES.iter().map(|(column, kind)| format!("{presence} {column} {kind}; ")).collect();
    let schema = format!("message paths {{ {} {ENDS} {measures} }}", if classes.is_some() { CLASSES } else { "" });
    let about = about.iter().map(|&(key, value)| KeyValue::new(key.to_string(), value.to_string())).collect();
    let properties = WriterProperties::builder()
        .set_created_by(concat!("plica ", env!("CARGO_PKG_VERSION")).to_string())
        .set_compression(Compression::SNAPPY)
        .set_key_value_metadata(Some(about));
    let mut file = SerializedFileWriter::new(Vec::new(), Arc::new(parse_message_type(&schema)?), Arc::new(properties.build()))?;
    let mut columns = file.next_row_group()?;
    if let Some((from, to)) = classes {
        for class in [from, to] {
            put::<Int64Type>(&mut columns, &vec![class; rows.len()], None)?;
        }
    }
    put::<Int32Type>(&mut columns, &words(rows, |row| row.from as u64)?, None)?;
    put::<Int32Type>(&mut columns, &words(rows, |row| row.to as u64)?, None)?;
    let measures: Vec<Measure> = rows.iter().filter_map(|row| row.measure).collect();
    if !windows && measures.len() < rows.len() {
        return Err(ParquetError::General("a segment has windows, expected none".to_string()));
    }
    // The value of a row is there at level 1, and null at level 0.
    let levels: Option<Vec<i16>> = windows.then(|| rows.iter().map(|row| row.measure.is_some().into()).collect());
    let levels = levels.as_deref();
    put::<Int32Type>(&mut columns, &words(&measures, Measure::regions)?, levels)?;
    for folding in [Measure::folding, Measure::peak] {
        let parts: Vec<Folding> = measures.iter().map(folding).collect();
        put::<Int32Type>(&mut columns, &words(&parts, |folding| folding.r1)?, levels)?;
        put::<Int32Type>(&mut columns, &words(&parts, |folding| folding.r2)?, levels)?;
        put::<DoubleType>(&mut columns, &parts.iter().map(nearest_chi).collect::<Vec<_>>(), levels)?;
    }
    columns.close()?;
    file.into_inner()
}

/// The double nearest to chi: both integers are doubles, and one division rounds once.
fn nearest_chi(folding: &Folding) -> f64 {
    if folding.is_flat() { 0.0 } else { (folding.r2 - folding.r1) as f64 / folding.r2 as f64 }
}

/// Unsigned numbers in the signed words that the format has for them.
fn words<T>(rows: &[T], of: impl Fn(&T) -> u64) -> Result<Vec<i32>, ParquetError> {
    let word = |row| u32::try_from(of(row)).map(u32::cast_signed);
    rows.iter().map(word).collect::<Result<_, _>>().map_err(|_| ParquetError::General("a number does not fit 32 bits".to_string()))
}

fn put<T: parquet::data_type::DataType>(
    columns: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    values: &[T::T],
    levels: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let mut column = columns.next_column()?.ok_or_else(|| ParquetError::General("a column too many".to_string()))?;
    column.typed::<T>().write_batch(values, levels, None)?;
    column.close()
}
