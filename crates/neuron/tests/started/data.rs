//! `neuron data add`: other programs' files become rows of a folder, and what is dropped is told with its reason.

use std::fs;

use crate::desk::Desk;

/// Written by pyarrow, with Snappy: first (int32), second (double), kind (string).
const PARQUET: &[u8] = include_bytes!("data/rows.parquet");

fn desk() -> Desk {
    let desk = Desk::new();
    fs::create_dir_all(desk.path("set")).expect("a folder");
    desk.write("set/a.csv", "1,2,0\n3,4,1");
    desk
}

#[test]
fn records_of_csv_json_and_parquet_become_rows_and_what_is_dropped_is_told() {
    let desk = desk();
    desk.write("more.csv", "label,x,y\n0,1,2\n1,5,6\n1,5,6\n2,7\n2,7,x\n2,7,8\n");
    let told = desk.told(&["data", "add", "more.csv", "--folder", "set"]);
    for line in [
        "dropped 1, the first is number 4: cannot be read",
        "dropped 1, the first is number 5: no number in column `y`",
        "dropped 1, the first is number 1: stands in the set already",
        "dropped 1, the first is number 3: stands in the source twice",
        "note: the set has no label `2`, 1 of the rows have it",
        "2 of 6 records were added to `added.csv` in set",
    ] {
        assert!(told.contains(line), "{line}:\n{told}");
    }
    assert_eq!(desk.read("set/added.csv"), "5,6,1\n7,8,2\n");
    desk.write("more.jsonl", "{\"pixels\":[9,9],\"label\":0}\n{\"pixels\":[9],\"label\":0}\n");
    let told = desk.told(&["data", "add", "more.jsonl", "--folder", "set", "--file", "a.csv"]);
    assert!(told.contains("number 2: 1 features, and rows of the set have 2"), "{told}");
    assert_eq!(desk.read("set/a.csv"), "1,2,0\n3,4,1\n9,9,0\n");
    fs::write(desk.path("more.parquet"), PARQUET).expect("written");
    let options = ["--features", "first,second", "--label", "kind", "--labels", "cat=0,dog=1", "--times", "10", "--file", "new/b.csv"];
    let told = desk.told(&[&["data", "add", "more.parquet", "--folder", "set"], &options[..]].concat());
    assert!(told.contains("number 4: nothing in column `first`") && told.contains("2 of 4 records were added"), "{told}");
    assert_eq!(desk.read("set/new/b.csv"), "10,5,0\n20,10,1\n");
}

#[test]
fn what_cannot_be_added_changes_nothing_and_says_why() {
    let desk = desk();
    desk.write("more.csv", "label,x,y\n0,1,2\n");
    desk.write("text.txt", "1,2,0\n");
    for (arguments, words) in [
        (&["more.csv", "--folder", "set"][..], "none of 1 records was added"),
        (&["text.txt", "--folder", "set"], "ends in none of .csv, .tsv, .jsonl and .parquet"),
        (&["none.csv", "--folder", "set"], "cannot read none.csv"),
        (&["more.csv", "--folder", "nowhere"], "there is no folder nowhere"),
        (&["more.csv", "--folder", "set", "--file", "b.txt"], "--file must end in .csv"),
        (&["more.csv", "--folder", "set", "--features", "p2..p1"], "is no range of columns"),
        (&["more.csv", "--folder", "set", "--labels", "cat"], "names no label"),
    ] {
        let told = desk.refused(&[&["data", "add"], arguments].concat());
        assert!(told.contains(words), "{words}: {told}");
    }
    desk.write("more.csv", "label,x,y\n0,5,6\n");
    for (file, words) in [("../b.csv", "--file `../b.csv`"), ("aux.csv", "--file: ")] {
        assert!(desk.refused(&["data", "add", "more.csv", "--folder", "set", "--file", file]).contains(words));
    }
    assert_eq!(fs::read_dir(desk.path("set")).expect("a folder").count(), 1);
}

#[test]
fn images_of_a_folder_become_lines_that_name_them_and_the_node_takes_them_in() {
    let desk = desk();
    for folder in ["photos/cat", "photos/big dog", "photos/.cache"] {
        fs::create_dir_all(desk.path(folder)).expect("a folder");
    }
    let image = |shade: u8| [b"\x89PNG\r\n\x1a\n".as_slice(), &[shade; 20]].concat();
    for (path, bytes) in [
        ("photos/cat/1.png", image(1)),
        ("photos/cat/2.png", image(1)),
        ("photos/big dog/3", image(3)),
        ("photos/4.png", image(4)),
        ("photos/notes.txt", b"no image".to_vec()),
        ("photos/.cache/5.png", image(5)),
    ] {
        fs::write(desk.path(path), bytes).expect("written");
    }
    desk.write("node.toml", "[node]\n");
    let told = desk.told(&["data", "add", "photos", "--folder", "set", "--keep", "node.toml"]);
    for line in [
        "dropped 1, the first is number 5: no PNG, JPEG, GIF, WebP, BMP or TIFF",
        "dropped 1, the first is number 4: stands in the source twice",
        "3 of 5 files were added to `images.txt` in set",
    ] {
        assert!(told.contains(line), "{line}:\n{told}");
    }
    let digest = |shade| swarm::digest_of(&image(shade));
    let line = |shade, label: &str| format!("{} {label}\n", swarm::cid_of(digest(shade), 28));
    assert_eq!(desk.read("set/images.txt"), [line(4, "-"), line(3, "big_dog"), line(1, "cat")].concat());
    let status = desk.told(&["ipfs", "status", "--all", "--config", "node.toml"]);
    assert!(status.contains(&digest(3).to_string()) && !status.contains(&digest(5).to_string()), "{status}");
    let again = desk.refused(&["data", "add", "photos", "--folder", "set"]);
    assert!(again.contains("none of 5 files was added"), "{again}");
    assert!(desk.refused(&["data", "add", "photos", "--folder", "set", "--file", "a.csv"]).contains("must end in .txt"));
    assert!(desk.refused(&["data", "add", "set/a.csv", "--folder", "set", "--keep", "node.toml"]).contains("--keep takes images in"));
}
