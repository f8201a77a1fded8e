//! Which tests of a program failed, and why, by what the program printed.

/// Lines of a test's own words that are told again at the end.
const LINES: usize = 16;

/// The names of all tests that failed, as the program lists them last.
pub fn names(output: &str) -> Vec<String> {
    let list = output.rsplit_once("\nfailures:\n").map_or("", |(_, list)| list);
    let names = list.lines().skip_while(|line| line.is_empty()).take_while(|line| line.starts_with("    "));
    names.map(|line| line.trim().to_owned()).collect()
}

/// The first lines that a failed test printed.
pub fn words(output: &str, name: &str) -> String {
    let head = format!("---- {name} stdout ----\n");
    let said = output.split_once(&head).map_or("", |(_, said)| said);
    let own = said.lines().take_while(|line| !line.starts_with("---- ") && *line != "failures:" && !line.starts_with("Stack backtrace"));
    own.filter(|line| !line.is_empty()).take(LINES).map(|line| format!("    {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "running 3 tests\ntest one ... ok\ntest two::three ... FAILED\ntest four ... FAILED\n\nfailures:\n\n\
        ---- two::three stdout ----\nError: no such file\n\nStack backtrace:\n   0: deep\n\n---- four stdout ----\n\npanicked at here\nleft: 1\n\n\n\
        failures:\n    two::three\n    four\n\ntest result: FAILED. 1 passed; 2 failed\n";

    #[test]
    fn tests_that_failed_are_named_with_their_first_words() {
        assert_eq!(names(OUTPUT), ["two::three", "four"]);
        assert_eq!(words(OUTPUT, "two::three"), "    Error: no such file\n");
        assert_eq!(words(OUTPUT, "four"), "    panicked at here\n    left: 1\n");
    }

    #[test]
    fn a_program_that_ended_before_its_list_names_none() {
        assert!(names("running 1 test\nabort\n").is_empty());
        assert!(names("").is_empty() && words("", "four").is_empty());
    }
}
