//! Lengths of functions, in Rust and in Solidity, as rustfmt and forge set them: what begins in a column ends in it.

/// The names of functions of more than `most` lines, signature and last brace included.
pub fn longer_than(text: &str, most: usize) -> impl Iterator<Item = &str> {
    let lines: Vec<&str> = text.lines().collect();
    let named = lines.clone().into_iter().enumerate().filter_map(|(start, line)| Some((start, name(line)?)));
    named.filter(move |(start, _)| length(&lines[*start..]) > most).map(|(_, name)| name)
}

/// What a line declares, if that is a function.
fn name(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ").or_else(|| line.split_once("function "))?;
    let name = after.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next()?;
    let is_declared =
        before.split_whitespace().all(|word| ["async", "const", "unsafe", "extern", "\"C\""].contains(&word) || word.starts_with("pub"));
    (is_declared && !name.is_empty()).then_some(name)
}

/// Lines until the brace in the column of the first one; one without a body has one line.
fn length(lines: &[&str]) -> usize {
    let column = lines[0].len() - lines[0].trim_start().len();
    let is_at_column =
        |line: &str, mark: &str| line.get(column..).is_some_and(|rest| rest.starts_with(mark)) && line[..column].trim().is_empty();
    let is_end = |(place, line): &(usize, &&str)| (*place == 0 && line.ends_with([';', '}'])) || (*place > 0 && is_at_column(line, "}"));
    lines.iter().enumerate().find(is_end).map_or(0, |(place, _)| place + 1)
}

#[cfg(test)]
mod tests {
    use super::longer_than;

    #[test]
    fn a_function_is_as_long_as_from_its_name_to_its_brace() {
        let long = |text: &str, most| longer_than(text, most).map(str::to_owned).collect::<Vec<_>>();
        let text = "fn one() {}\n\nimpl A {\n    pub(crate) async fn two(\n        a: u8,\n    ) {\n        if a {\n        }\n    }\n}\n";
        assert_eq!(long(text, 5), ["two"]);
        assert_eq!(long(text, 6), Vec::<String>::new());
        assert_eq!(long("    function three(\n        uint a\n    )\n        external\n    {\n        a;\n    }\n", 6), ["three"]);
        assert_eq!(long("trait B {\n    fn four();\n    fn five();\n}\n", 1), Vec::<String>::new());
        assert_eq!(long("// of a function that\n// is not\n// there\n", 0), Vec::<String>::new());
    }
}
