"""Makes the Parquet files beside this one, and `texts.jsonl` with the same records, by pyarrow under Python 3.11 or newer:

    pip install pyarrow==25.0.0
    python recipe.py

Some lines of a play, of which each verse comes twice, some records without text; columns of other kinds stand before and behind the text.

    snappy        what pyarrow writes if told nothing: dictionary pages, snappy, several groups of rows
    gzip          no dictionary, gzip, pages of the second version and of a few rows each
    plain         no compression, no dictionary, one group of rows
    delta         texts by the prefixes that they share
    large         a column of long strings, dictionary-encoded in memory too
    zstd, bytes, list, number    what is refused: its compression, or a column `text` of another kind
"""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).resolve().parent
PLAY = HERE.parents[4] / "data/shakespeare/genesis/romeo-and-juliet.txt"


def texts():
    lines = [line.strip() for line in PLAY.read_text(encoding="utf-8").splitlines() if line.strip()][:24]
    return [text for line in lines for text in (line, None, line + " — O! 🦀")] + ["", lines[0]]


def table(kind, column):
    numbers = pa.array(range(len(column)), pa.int64())
    return pa.table({"number": numbers, "text": pa.array(column, kind), "score": pa.array([0.5] * len(column), pa.float64())})


def main():
    assert pa.__version__ == "25.0.0", pa.__version__
    column = texts()
    (HERE / "texts.jsonl").write_text("".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in column), encoding="utf-8")
    text = table(pa.string(), column)
    write = lambda name, table, **how: pq.write_table(table, HERE / f"{name}.parquet", **how)
    write("snappy", text, row_group_size=20)
    write("gzip", text, row_group_size=50, compression="gzip", use_dictionary=False, data_page_version="2.0", data_page_size=256, write_batch_size=4)
    write("plain", text, compression="none", use_dictionary=False)
    write("delta", text, use_dictionary=False, column_encoding={"text": "DELTA_BYTE_ARRAY", "number": "DELTA_BINARY_PACKED", "score": "PLAIN"})
    write("large", table(pa.dictionary(pa.int32(), pa.large_string()), column), row_group_size=30)
    write("zstd", text, compression="zstd")
    write("bytes", table(pa.binary(), [None if text is None else text.encode() for text in column]))
    write("list", table(pa.list_(pa.string()), [None if text is None else [text] for text in column]))
    write("number", table(pa.int64(), list(range(len(column)))))


main()
