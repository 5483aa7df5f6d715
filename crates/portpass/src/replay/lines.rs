//! Lines of a file or a pipe, many at a time, in memory that does not grow with them.

use std::io::{self, Read};

/// How much is read before it is handed on.
const BATCH_BYTES: usize = 1 << 20;

/// The longest line that can be an event; an event's body is a small part of this.
const LINE_BYTES: usize = 1 << 20;

/// Reads whole lines.
#[derive(Debug)]
pub struct Lines<R> {
    input: R,
    /// The beginning of a line whose end was not read yet.
    rest: Vec<u8>,
    /// Whether what comes is the rest of a line that is too long.
    is_skipping: bool,
    /// How many lines were too long since the last batch.
    too_long: u64,
    is_over: bool,
}

impl<R: Read> Lines<R> {
    /// Lines of an input.
    pub fn of(input: R) -> Self {
        Self {
            input,
            rest: Vec::new(),
            is_skipping: false,
            too_long: 0,
            is_over: false,
        }
    }

    /// Some more whole lines, and how many were left out because they are too
    /// long to be events; `None` at the end.
    ///
    /// # Errors
    ///
    /// When the input cannot be read.
    pub fn batch(&mut self) -> io::Result<Option<(Vec<u8>, u64)>> {
        while !self.is_over {
            let mut batch = std::mem::take(&mut self.rest);
            let mut more = self.input.by_ref().take(BATCH_BYTES as u64);
            if more.read_to_end(&mut batch)? == 0 {
                self.is_over = true;
            }
            self.skip(&mut batch);
            if !self.is_over {
                let newline = |byte: &u8| *byte == b'\n';
                let whole = batch.iter().rposition(newline).map_or(0, |at| at + 1);
                self.rest = batch.split_off(whole);
                if self.rest.len() > LINE_BYTES {
                    self.rest = Vec::new();
                    self.is_skipping = true;
                    self.too_long += 1;
                }
            }
            if !batch.is_empty() || self.too_long > 0 {
                return Ok(Some((batch, std::mem::take(&mut self.too_long))));
            }
        }
        Ok(None)
    }

    /// Drops the rest of a line that is too long.
    fn skip(&mut self, batch: &mut Vec<u8>) {
        if !self.is_skipping {
            return;
        }
        match batch.iter().position(|byte| *byte == b'\n') {
            Some(end) => {
                batch.drain(..=end);
                self.is_skipping = false;
            }
            None => batch.clear(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time, as a pipe does.
    struct Slowly<'a>(&'a [u8]);

    impl Read for Slowly<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let some = self.0.len().min(into.len()).min(7);
            let (now, later) = self.0.split_at(some);
            into[..some].copy_from_slice(now);
            self.0 = later;
            Ok(some)
        }
    }

    fn lines(input: impl Read) -> (Vec<Vec<u8>>, u64) {
        let mut reader = Lines::of(input);
        let (mut all, mut too_long) = (Vec::new(), 0);
        while let Some((batch, more)) = reader.batch().unwrap() {
            let lines = batch.split(|byte| *byte == b'\n');
            all.extend(lines.filter(|line| !line.is_empty()).map(<[u8]>::to_vec));
            too_long += more;
        }
        (all, too_long)
    }

    #[test]
    fn every_line_comes_whole_and_once_however_the_input_is_cut() {
        let expected: Vec<Vec<u8>> = (0..400_000)
            .map(|number| format!("line {number}").into_bytes())
            .collect();
        let text = expected.join(&b'\n');
        assert!(text.len() > 3 * BATCH_BYTES, "it takes several batches");
        assert_eq!(lines(text.as_slice()), (expected.clone(), 0));
        assert_eq!(lines(Slowly(&text)), (expected, 0));
    }

    #[test]
    fn a_line_that_is_too_long_is_counted_and_its_neighbours_are_not_lost() {
        let long = "x".repeat(LINE_BYTES * 5);
        let text = format!("before\n{long}\nafter\n{long}");
        let (all, too_long) = lines(text.as_bytes());
        assert_eq!(all, [b"before".to_vec(), b"after".to_vec()]);
        assert_eq!(too_long, 2);
    }

    #[test]
    fn nothing_has_no_lines() {
        assert_eq!(lines(b"".as_slice()), (Vec::new(), 0));
    }
}
