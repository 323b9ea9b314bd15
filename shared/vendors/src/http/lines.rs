//! Splits a stream of bytes into lines.

use bytes::{Buf, BytesMut};

/// Limits of a stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The longest line, and the longest event, in bytes.
    pub(crate) line: usize,
    /// The longest stream, in bytes.
    pub(crate) total: usize,
}

/// A stream that breaks its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TooMuch {
    #[error("a line or an event is longer than {0} bytes")]
    Line(usize),
    #[error("the stream is longer than {0} bytes")]
    Stream(usize),
    #[error("a line is not UTF-8")]
    NotUtf8,
}

/// Splits a stream into lines that end in LF, CRLF or CR (as in event streams) and decodes whole lines as UTF-8, so
/// that a character may be split between two chunks. A byte order mark at the start is dropped.
#[derive(Debug)]
pub(super) struct Lines {
    buffer: BytesMut,
    /// The prefix of the buffer known to have no line end.
    scanned: usize,
    /// The last line ended in CR: a following LF belongs to it.
    after_cr: bool,
    at_start: bool,
    total: usize,
    limits: Limits,
}

impl Lines {
    pub(super) fn new(limits: Limits) -> Self {
        Self { buffer: BytesMut::new(), scanned: 0, after_cr: false, at_start: true, total: 0, limits }
    }

    /// Adds bytes of the stream. Call [`Lines::next`] until it returns `None` before adding more.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), TooMuch> {
        self.total = self.total.saturating_add(bytes.len());
        if self.total > self.limits.total {
            return Err(TooMuch::Stream(self.limits.total));
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    /// The next whole line, without its end.
    pub(super) fn next(&mut self) -> Result<Option<String>, TooMuch> {
        self.drop_rest_of_crlf();
        let Some(length) = self.buffer.iter().skip(self.scanned).position(|&byte| byte == b'\n' || byte == b'\r')
        else {
            self.scanned = self.buffer.len();
            return if self.scanned > self.limits.line { Err(TooMuch::Line(self.limits.line)) } else { Ok(None) };
        };
        let line = self.buffer.split_to(self.scanned + length);
        self.scanned = 0;
        self.after_cr = self.buffer.first() == Some(&b'\r');
        self.buffer.advance(1);
        self.decode(&line).map(Some)
    }

    /// The rest after the last line end, once the stream has ended: some servers leave out the final one.
    pub(super) fn end(&mut self) -> Result<Option<String>, TooMuch> {
        self.drop_rest_of_crlf();
        self.scanned = 0;
        let line = self.buffer.split();
        if line.is_empty() { Ok(None) } else { self.decode(&line).map(Some) }
    }

    fn drop_rest_of_crlf(&mut self) {
        let Some(&first) = self.buffer.first() else { return };
        if self.after_cr && first == b'\n' {
            self.buffer.advance(1);
        }
        self.after_cr = false;
    }

    fn decode(&mut self, line: &[u8]) -> Result<String, TooMuch> {
        if line.len() > self.limits.line {
            return Err(TooMuch::Line(self.limits.line));
        }
        let text = std::str::from_utf8(line).map_err(|_| TooMuch::NotUtf8)?;
        let mark = if std::mem::take(&mut self.at_start) { text.strip_prefix('\u{feff}') } else { None };
        Ok(mark.unwrap_or(text).to_owned())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    const WIDE: Limits = Limits { line: 1 << 20, total: 1 << 20 };

    fn read(limits: Limits, pieces: &[&[u8]]) -> Result<Vec<String>, TooMuch> {
        let mut lines = Lines::new(limits);
        let mut found = Vec::new();
        for piece in pieces {
            lines.push(piece)?;
            while let Some(line) = lines.next()? {
                found.push(line);
            }
        }
        found.extend(lines.end()?);
        assert_eq!(lines.end(), Ok(None));
        Ok(found)
    }

    #[test]
    fn all_three_line_ends_count_once() {
        assert_eq!(read(WIDE, &[b"a\nb\r\nc\rd\n\r\n\re"]).unwrap(), ["a", "b", "c", "d", "", "", "e"]);
        assert_eq!(read(WIDE, &[b"a\r", b"\nb\r", b"c\r", b"", b"\n"]).unwrap(), ["a", "b", "c"]);
    }

    #[test]
    fn the_byte_order_mark_is_dropped_at_the_start_only() {
        assert_eq!(read(WIDE, &[b"\xef\xbb", b"\xbfa\n\xef\xbb\xbfb"]).unwrap(), ["a", "\u{feff}b"]);
    }

    #[test]
    fn limits_hold_to_the_byte() {
        let limits = Limits { line: 4, total: 12 };
        assert_eq!(read(limits, &[b"abcd\nabcd"]).unwrap(), ["abcd", "abcd"]);
        assert_eq!(read(limits, &[b"abcde\n"]), Err(TooMuch::Line(4)));
        assert_eq!(read(limits, &[b"ab", b"cde"]), Err(TooMuch::Line(4)));
        assert_eq!(read(limits, &[b"abcd\nabcd\nab"]).unwrap(), ["abcd", "abcd", "ab"]);
        assert_eq!(read(limits, &[b"abcd\nabcd\n", b"abc"]), Err(TooMuch::Stream(12)));
    }

    #[test]
    fn bytes_that_are_not_text_are_refused() {
        assert_eq!(read(WIDE, &[b"a\nb\xffc\nd"]), Err(TooMuch::NotUtf8));
        assert_eq!(read(WIDE, &[b"a\n\xd0"]), Err(TooMuch::NotUtf8));
    }

    proptest! {
        #[test]
        fn splits_do_not_matter(
            text in r"([a-zыш🙂]|\r|\n|\r\n|\u{feff}){0,80}",
            cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..20),
        ) {
            let whole = read(WIDE, &[text.as_bytes()]);
            let pieces = split(text.as_bytes(), &cuts);
            prop_assert_eq!(read(WIDE, &pieces), whole);
        }

        #[test]
        fn any_bytes_in_any_pieces_are_survived(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..20),
            line in 0_usize..40,
        ) {
            let limits = Limits { line, total: 1 << 20 };
            prop_assert_eq!(read(limits, &split(&bytes, &cuts)), read(limits, &[&bytes]));
        }
    }

    /// The bytes cut at some places.
    pub(in crate::http) fn split<'a>(bytes: &'a [u8], cuts: &[proptest::sample::Index]) -> Vec<&'a [u8]> {
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        places.extend([0, bytes.len()]);
        places.sort_unstable();
        places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
    }
}
