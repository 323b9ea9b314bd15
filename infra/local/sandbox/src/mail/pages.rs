//! The mailbox's pages.

use super::Letter;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1d2433;background:#fff}\
    .sandbox{background:#fff3cd;color:#664d03;padding:.5rem 1rem;border-radius:.5rem}\
    ul{list-style:none;padding:0}li{border-bottom:1px solid #d8dde6;padding:.75rem 0}\
    a{color:#1f5fbf}pre{white-space:pre-wrap;font:inherit;background:#f4f6f9;padding:1rem;border-radius:.5rem}\
    .quiet{color:#5b6475;font-size:.9rem}\
    @media(prefers-color-scheme:dark){body{color:#e6e9ef;background:#14181f}a{color:#8ab4f8}pre{background:#1e242e}li{border-color:#323a47}.quiet{color:#9aa4b5}}";

/// All emails, latest first.
pub(super) fn list<'a>(letters: impl Iterator<Item = &'a Letter>) -> String {
    let lines: String = letters.map(line).collect();
    let list =
        if lines.is_empty() { "<p>Писем пока нет.</p>".to_owned() } else { format!("<ul>{lines}</ul>") };
    page("Почта", &format!("<h1>Почта</h1>{list}"))
}

fn line(letter: &Letter) -> String {
    format!(
        "<li><a href=\"/mailbox/{}\">{}</a><br><span class=\"quiet\">Кому: {}</span></li>",
        letter.number,
        escape(&letter.subject),
        escape(&letter.to),
    )
}

/// One email.
pub(super) fn letter(letter: &Letter) -> String {
    let body = format!(
        "<p><a href=\"/mailbox\">Все письма</a></p><h1>{}</h1><p class=\"quiet\">От: {}<br>Кому: {}</p><pre>{}</pre>",
        escape(&letter.subject),
        escape(&letter.from),
        escape(&letter.to),
        escape(&letter.text),
    );
    page(&letter.subject, &body)
}

fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"ru\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{}</title><style>{STYLE}</style></head>\
         <body><p class=\"sandbox\">Песочница: эти письма никуда не отправлены.</p>{body}</body></html>",
        escape(title),
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
