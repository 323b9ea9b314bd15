//! Lines to server-sent events (WHATWG HTML, 9.2.6, "Interpreting an event stream").

use super::lines::TooMuch;

/// Puts together the data of events. Names, ids and retry times are dropped: every vendor of ours repeats the name
/// inside the data.
#[derive(Debug)]
pub(super) struct Events {
    /// Lines of data so far, each ended by a line feed; empty when there were none.
    data: String,
    limit: usize,
}

impl Events {
    /// A parser that takes events of up to `limit` bytes of data.
    pub(super) fn new(limit: usize) -> Self {
        Self { data: String::new(), limit }
    }

    /// Takes the next line and gives the data of the event that it ends, if it ends one.
    pub(super) fn line(&mut self, line: &str) -> Result<Option<String>, TooMuch> {
        if line.is_empty() {
            return Ok(self.take());
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        // A comment, which starts with a colon, is a field without a name.
        if field == "data" {
            let value = value.strip_prefix(' ').unwrap_or(value);
            if self.data.len() + value.len() > self.limit {
                return Err(TooMuch::Line(self.limit));
            }
            self.data.reserve(value.len() + 1);
            self.data.push_str(value);
            self.data.push('\n');
        }
        Ok(None)
    }

    /// The data of an event that the end of the stream cut short of its empty line. The standard drops it; some servers
    /// end a stream so.
    pub(super) fn end(&mut self) -> Option<String> {
        self.take()
    }

    fn take(&mut self) -> Option<String> {
        let mut data = std::mem::take(&mut self.data);
        data.pop()?;
        Some(data)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::http::lines::{Limits, Lines, tests::split};

    const WIDE: Limits = Limits { line: 1 << 20, total: 1 << 20 };

    fn read(limits: Limits, pieces: &[&[u8]]) -> Result<Vec<String>, TooMuch> {
        let (mut lines, mut events, mut found) = (Lines::new(limits), Events::new(limits.line), Vec::new());
        for piece in pieces {
            lines.push(piece)?;
            while let Some(line) = lines.next()? {
                found.extend(events.line(&line)?);
            }
        }
        if let Some(line) = lines.end()? {
            found.extend(events.line(&line)?);
        }
        found.extend(events.end());
        Ok(found)
    }

    #[test]
    fn fields_comments_and_lines_of_data_are_told_apart() {
        let stream = b": comment\nevent: ping\nid: 1\nretry: 5\ndata: one\ndata:two\ndata\ndata:  three\ndatax: no\n\ndata: last\n\n";
        assert_eq!(read(WIDE, &[stream]).unwrap(), ["one\ntwo\n\n three", "last"]);
    }

    #[test]
    fn events_without_data_are_none() {
        assert_eq!(read(WIDE, &[b"\n\n: keep-alive\n\nevent: ping\n\n"]).unwrap(), Vec::<String>::new());
        assert_eq!(read(WIDE, &[b"data:\n\n"]).unwrap(), [""]);
    }

    #[test]
    fn the_final_line_end_may_be_missing() {
        assert_eq!(read(WIDE, &[b"data: a\r\n\r\ndata: [DONE]"]).unwrap(), ["a", "[DONE]"]);
        assert_eq!(read(WIDE, &[b"data: a\r\n\r\ndata: [DONE]\r"]).unwrap(), ["a", "[DONE]"]);
    }

    #[test]
    fn an_event_of_many_lines_is_bounded_too() {
        let limits = Limits { line: 12, total: 1 << 20 };
        assert_eq!(read(limits, &[b"data: 12345\ndata: 12345\n\n"]).unwrap(), ["12345\n12345"]);
        assert_eq!(read(limits, &[b"data: 12345\ndata: 12345\ndata: 1\n\n"]), Err(TooMuch::Line(12)));
    }

    proptest! {
        #[test]
        fn splits_do_not_matter(
            text in r"(data: [aы🙂]{0,5}|data:|event: x|: c|\r|\n|\r\n|\n\n){0,40}",
            cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..20),
        ) {
            let whole = read(WIDE, &[text.as_bytes()]);
            prop_assert_eq!(read(WIDE, &split(text.as_bytes(), &cuts)), whole);
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
}
