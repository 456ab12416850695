//! The format of a test file.

use crate::commands::Failure;

const HEADER: &str = "// test: ";
const DIVIDER: &str = "// ---";
const ERROR: &str = "// error: ";

/// A test file.
pub(crate) struct TestFile<'s> {
    /// Command and arguments.
    pub command: Vec<&'s str>,
    /// Lines of the program, the header first.
    program: Vec<&'s str>,
    /// What must come out.
    pub expected: String,
    /// Lines, from 1, that must fail, and part of the message.
    pub errors: Vec<(usize, &'s str)>,
}

impl<'s> TestFile<'s> {
    pub fn parse(source: &'s str) -> Result<Self, String> {
        let first = source.lines().next().unwrap_or_default();
        let command = first.strip_prefix(HEADER).ok_or(format!("the first line is not `{HEADER}COMMAND`"))?;
        let program: Vec<&str> = source.lines().take_while(|line| *line != DIVIDER).collect();
        let mut expected = String::new();
        for line in source.lines().skip(program.len() + 1) {
            let text = line.strip_prefix("//").ok_or(format!("not a comment after `{DIVIDER}`: {line}"))?;
            expected.push_str(text.strip_prefix(' ').unwrap_or(text));
            expected.push('\n');
        }
        let error = |(i, line): (usize, &&'s str)| Some((i + 1, line.split_once(ERROR)?.1.trim_end()));
        let errors = program.iter().enumerate().filter_map(error).collect();
        let command = command.split("//").next().unwrap_or_default().split_ascii_whitespace().collect();
        Ok(TestFile { command, program, expected, errors })
    }

    /// The file with what came out as what is expected.
    pub fn blessed(&self, outcome: &Result<String, Vec<Failure>>) -> String {
        let mut text = String::new();
        let failures = outcome.as_ref().err();
        for (i, line) in self.program.iter().enumerate() {
            let code = line.split_once(ERROR).map_or(*line, |(code, _)| code);
            text.push_str(code.trim_end());
            for failure in failures.into_iter().flatten().filter(|failure| failure.line == i + 1) {
                text.push_str(&format!(" {ERROR}{}", failure.message.lines().next().unwrap_or_default()));
            }
            text.push('\n');
        }
        if let Ok(output) = outcome
            && !output.is_empty()
        {
            text.push_str(&format!("{DIVIDER}\n"));
            for line in output.lines() {
                text.push_str(format!("// {line}").trim_end());
                text.push('\n');
            }
        }
        text
    }
}
