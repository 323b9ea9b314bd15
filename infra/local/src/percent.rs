//! Percent-encoding.

/// Decodes `%XX`; what is not valid stays as it is, and bytes that are not UTF-8 become replacement characters.
pub(crate) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let pair = after.first_chunk::<2>().filter(|pair| first == b'%' && pair.iter().all(u8::is_ascii_hexdigit));
        let decoded = pair.and_then(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        bytes.push(decoded.unwrap_or(first));
        rest = if decoded.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The names and values of a query string, decoded, in order.
pub(crate) fn query(text: &str) -> impl Iterator<Item = (String, String)> {
    text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(&name.replace('+', " ")), decode(&value.replace('+', " ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoding_keeps_what_is_not_encoded() {
        assert_eq!(decode("a%20b%2Fc"), "a b/c");
        assert_eq!(decode("%D0%BF%D1%80"), "пр");
        assert_eq!(decode("100%, %zz, %4"), "100%, %zz, %4");
        assert_eq!(decode("%+1"), "%+1");
    }

    #[test]
    fn queries_are_pairs() {
        let pairs: Vec<_> = query("a=1&b=x+y%26z&&c&a=2").collect();
        let expected = [("a", "1"), ("b", "x y&z"), ("c", ""), ("a", "2")];
        assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
