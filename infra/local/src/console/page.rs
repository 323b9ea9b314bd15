//! The start page's markup.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Console, Product};
use crate::sqs::Counts;

/// The start page with the queues as they are now.
pub(super) fn start(console: &Console, counts: &BTreeMap<String, Counts>) -> String {
    let products: String = console.products.iter().map(|product| card(console, product)).collect();
    let queues: String =
        counts.iter().map(|(name, counts)| queue(name, counts, console.dead_letters.contains(name))).collect();
    let services: String = console.services.iter().map(|(name, url)| service(name, url)).collect();
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5">
<title>Quintet: local stack</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<main>
<h1>Quintet</h1>
<p class="quiet">The local stack: {functions} functions in one process, on this machine only.</p>
<h2>Products</h2>
<div class="cards">
{products}</div>
<h2>Queues</h2>
<div class="table"><table>
<thead><tr><th scope="col">Queue</th><th scope="col" class="number">Waiting</th><th scope="col" class="number">In flight</th><th scope="col" class="number">Delayed</th></tr></thead>
<tbody>
{queues}</tbody>
</table></div>
<p class="quiet small">A queue of dead letters holds messages that failed too often. It should be empty.</p>
<h2>Services</h2>
<div class="table"><table><tbody>
{services}</tbody></table></div>
</main>
</body>
</html>
"#,
        functions = console.functions,
    )
}

fn card(console: &Console, product: &Product) -> String {
    let (name, url) = (escape(&product.name), escape(&product.url));
    let mut card = format!(
        "<section class=\"card\">\n<h3>{title}</h3>\n<ul>\n<li><code>{url}</code></li>\n",
        title = title(&product.name)
    );
    if let Some(sockets) = &product.sockets {
        let open = sockets.count();
        let noun = if open == 1 { "connection" } else { "connections" };
        let sockets = url.replacen("http", "ws", 1);
        // Writing to a string does not fail.
        let _ =
            writeln!(card, "<li><code>{sockets}/ws/</code> <span class=\"quiet small\">{open} open {noun}</span></li>");
    }
    if console.description(&product.name).exists() {
        let _ = writeln!(card, "<li><a href=\"/reference/{name}\">API reference</a></li>");
    }
    card.push_str("</ul>\n</section>\n");
    card
}

fn queue(name: &str, counts: &Counts, holds_dead_letters: bool) -> String {
    let waiting = if holds_dead_letters && counts.visible > 0 { "number bad" } else { "number" };
    let note = if holds_dead_letters { " <span class=\"quiet small\">dead letters</span>" } else { "" };
    format!(
        "<tr><td><code>{name}</code>{note}</td><td class=\"{waiting}\">{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td></tr>\n",
        counts.visible,
        counts.in_flight,
        counts.delayed,
        name = escape(name),
    )
}

fn service(name: &str, url: &str) -> String {
    format!("<tr><th scope=\"row\">{name}</th><td><code>{}</code></td></tr>\n", escape(url))
}

/// `easy-writer` becomes `Easy Writer`.
fn title(product: &str) -> String {
    let capital = |word: &str| {
        let mut characters = word.chars();
        characters.next().map(|first| first.to_uppercase().chain(characters).collect::<String>()).unwrap_or_default()
    };
    escape(&product.split('-').map(capital).collect::<Vec<_>>().join(" "))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_for_people() {
        assert_eq!(title("easy-writer"), "Easy Writer");
    }

    #[test]
    fn full_dead_letter_queues_stand_out() {
        let counts = Counts { visible: 1, ..Counts::default() };
        assert!(queue("q", &counts, true).contains("number bad"));
        assert!(!queue("q", &counts, false).contains("number bad"));
    }
}
