//! Vendors' error objects, in all their shapes.

use serde_json::Value;

use crate::Secret;

/// Most characters of a vendor's text in an error.
const MAX_EXCERPT: usize = 300;

/// A vendor's error object.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Complaint {
    /// Machine-readable codes: `type`, `code`, `httpStatus`.
    words: Vec<String>,
    code: Option<String>,
    /// The invalid field.
    param: Option<String>,
    /// Human-readable.
    message: String,
}

impl Complaint {
    /// Reads an error body: one of the JSON shapes of [`Complaint::from_json`], or any text. The secrets are cut out of
    /// it.
    pub(super) fn from_body(body: &[u8], secrets: &[Secret]) -> Self {
        let text = String::from_utf8_lossy(body);
        match serde_json::from_str::<Value>(&text) {
            Ok(json) => Self::from_json(&json, secrets),
            Err(_) => Self { message: excerpt(text.trim(), secrets), ..Self::default() },
        }
    }

    /// Reads the shapes in use: `{error: {message, type, code}}` (OpenAI, Anthropic), `{error: {message, httpStatus}}`
    /// and `{code, message}` (Yandex Cloud), `{status, message}` (GigaChat), `{error: "…"}` (some servers that imitate
    /// OpenAI), `{type, code, description}` (ЮKassa). A field of an unexpected type counts as absent.
    pub(crate) fn from_json(json: &Value, secrets: &[Secret]) -> Self {
        let error = json.get("error").filter(|error| !error.is_null()).unwrap_or(json);
        let field = |name| error.get(name).and_then(Value::as_str);
        let words =
            ["type", "code", "httpStatus"].into_iter().filter_map(field).map(|word| excerpt(word, secrets)).collect();
        let message = error.as_str().or_else(|| field("message")).or_else(|| field("description")).unwrap_or_default();
        let short = |name| field(name).map(|text| excerpt(text, secrets));
        Self { words, code: short("code"), param: short("param"), message: excerpt(message, secrets) }
    }

    /// Whether one of the codes is among `words`.
    pub(crate) fn has_word(&self, words: &[&str]) -> bool {
        self.words.iter().any(|word| words.contains(&word.as_str()))
    }

    pub(crate) fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The invalid field, as the vendor names it.
    pub(crate) fn param(&self) -> Option<&str> {
        self.param.as_deref()
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Codes and message in one line of at most about 300 characters.
    pub(crate) fn describe(&self) -> String {
        let message = if self.message.is_empty() { "no message" } else { self.message.as_str() };
        if self.words.is_empty() {
            return message.to_owned();
        }
        excerpt(&format!("{}: {message}", self.words.join(" ")), &[])
    }
}

/// `text` without the secrets, on one line, cut to a length fit for a log.
pub(super) fn excerpt(text: &str, secrets: &[Secret]) -> String {
    let known = secrets.iter().filter(|secret| !secret.is_empty());
    let text = known.fold(text.to_owned(), |text, secret| text.replace(secret.expose(), "***"));
    let mut characters = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut cut: String = characters.by_ref().take(MAX_EXCERPT).collect();
    if characters.next().is_some() {
        cut.push('…');
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> String {
        Complaint::from_body(body.as_bytes(), &[Secret::new("sk-key")]).describe()
    }

    #[test]
    fn every_known_shape_is_read() {
        assert_eq!(
            read(r#"{"error":{"message":"slow down","type":"requests","code":"rate_limit_exceeded"}}"#),
            "requests rate_limit_exceeded: slow down"
        );
        assert_eq!(
            read(r#"{"type":"error","error":{"type":"api_error","message":"oops"},"request_id":"r"}"#),
            "api_error: oops"
        );
        assert_eq!(
            read(r#"{"error":{"grpcCode":8,"httpCode":429,"message":"quota","httpStatus":"Too Many Requests"}}"#),
            "Too Many Requests: quota"
        );
        assert_eq!(read(r#"{"code":16,"message":"unknown api key","details":[]}"#), "unknown api key");
        assert_eq!(read(r#"{"status":404,"message":"No such model"}"#), "No such model");
        assert_eq!(read(r#"{"error":"model not found"}"#), "model not found");
        assert_eq!(read(r#"{"error":null,"message":"text"}"#), "text");
    }

    #[test]
    fn the_field_and_the_word_for_it_are_read_if_they_are_text() {
        let read = |body: &str| Complaint::from_body(body.as_bytes(), &[Secret::new("sk-key")]);
        let told = read(r#"{"error":{"message":"no","type":"t","param":"messages.0","code":"too_long"}}"#);
        assert_eq!((told.param(), told.code()), (Some("messages.0"), Some("too_long")));
        let told = read(r#"{"error":{"message":"no","type":"t","param":null,"code":400}}"#);
        assert_eq!((told.param(), told.code()), (None, None));
    }

    #[test]
    fn bodies_of_no_known_shape_are_kept_as_text() {
        assert_eq!(read("<html>\r\n502 Bad Gateway</html>\n"), "<html>  502 Bad Gateway</html>");
        assert_eq!(read(""), "no message");
        assert_eq!(read(r#"{"error":{"code":7,"message":["a"]}}"#), "no message");
        assert_eq!(Complaint::from_body(b"\xff\xfe", &[]).message(), "\u{fffd}\u{fffd}");
    }

    #[test]
    fn the_key_is_cut_out_before_the_text_is_cut_short() {
        assert_eq!(
            read(r#"{"error":{"message":"Incorrect API key provided: sk-key."}}"#),
            "Incorrect API key provided: ***."
        );
        let long = format!("{}sk-key{}", "ы".repeat(297), "x".repeat(300));
        let told = read(&long);
        assert!(told.ends_with("ы***…") && told.chars().count() == 301, "{told}");
    }
}
