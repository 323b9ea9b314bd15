//! The start page's markup. Its script updates the figures; without scripts the page reloads itself.

use std::fmt::Write as _;

use super::state::{FunctionState, ProductState, QueueState, State};
use super::{APP, Console};

/// The start page with the current state.
pub(super) fn start(console: &Console, state: &State) -> String {
    let products: String = state.products.iter().map(|product| card(console, product)).collect();
    let functions: String = state.functions.iter().map(function).collect();
    let queues: String = state.queues.iter().map(queue).collect();
    let services: String = console.services.iter().map(|(name, url)| service(name, url)).collect();
    let sandbox = escape(&console.sandbox);
    let api = console.product(APP).map_or_else(String::new, |product| escape(&product.url()));
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<noscript><meta http-equiv="refresh" content="5"></noscript>
<title>Quintet: local stack</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
</head>
<body>
<main>
<h1>Quintet</h1>
<p class="quiet">The local stack: {count} functions in one process, on this machine only. <span id="freshness" class="small"></span></p>
<p id="alarm" class="alarm" role="alert" hidden></p>
<div class="cards">
{products}<section class="card">
<h2>Sandbox</h2>
<p class="quiet small">Stands in for outside services: models, payment providers, sign-in, mail.</p>
<ul>
<li><a href="{sandbox}/payments">Payments</a></li>
<li><a href="{sandbox}/mailbox">Mailbox</a></li>
<li>Sign-in: <a href="{api}/api/v1/auth/google">Google</a>, <a href="{api}/api/v1/auth/yandex">Yandex</a></li>
</ul>
</section>
</div>
<h2>Functions</h2>
<div class="table"><table id="functions">
<thead><tr><th scope="col">Function</th><th scope="col" class="number">Invocations</th><th scope="col" class="number">Failures</th><th scope="col" class="number">Latest, ms</th></tr></thead>
<tbody>
{functions}</tbody>
</table></div>
<h2>Queues</h2>
<div class="table"><table id="queues">
<thead><tr><th scope="col">Queue</th><th scope="col" class="number">Waiting</th><th scope="col" class="number">In flight</th><th scope="col" class="number">Delayed</th></tr></thead>
<tbody>
{queues}</tbody>
</table></div>
<p class="quiet small">A dead-letter queue holds messages that failed too often. It should be empty.</p>
<h2>Services</h2>
<div class="table"><table><tbody>
{services}</tbody></table></div>
</main>
<script type="module" src="/start.js"></script>
</body>
</html>
"#,
        count = state.functions.len(),
    )
}

fn card(console: &Console, state: &ProductState) -> String {
    let Some(product) = console.product(&state.name) else { return String::new() };
    let (name, url) = (escape(&product.name), escape(&product.url()));
    let mut card = format!("<section class=\"card\">\n<h2>{}</h2>\n<ul>\n", title(&product.name));
    // Writing to a string does not fail.
    if product.name == APP {
        let _ = writeln!(card, "<li><a class=\"strong\" href=\"/easy-writer\">Open the app</a></li>");
    }
    let _ = writeln!(card, "<li><a href=\"/reference/{name}\">API reference</a></li>");
    let _ = writeln!(card, "<li><code>{url}</code></li>");
    if let Some(open) = state.connections {
        let sockets = url.replacen("http", "ws", 1);
        let _ = writeln!(
            card,
            "<li><code>{sockets}/ws/</code> <span class=\"quiet small\">open connections: <span data-connections=\"{name}\">{open}</span></span></li>"
        );
    }
    card.push_str("</ul>\n</section>\n");
    card
}

fn function(function: &FunctionState) -> String {
    let latest = function.latest_milliseconds.map_or_else(String::new, |latest| latest.to_string());
    let name = escape(&function.name);
    row(&name, "", &[function.invocations.to_string(), function.failures.to_string(), latest], function.failures > 0, 1)
}

fn queue(queue: &QueueState) -> String {
    let note = if queue.dead_letters { " <span class=\"quiet small\">dead letters</span>" } else { "" };
    let figures = [queue.waiting, queue.in_flight, queue.delayed].map(|figure| figure.to_string());
    row(&escape(&queue.name), note, &figures, queue.dead_letters && queue.waiting > 0, 0)
}

/// A row of three figures; the one at `watched` is marked if it is `bad`.
fn row(name: &str, note: &str, figures: &[String; 3], bad: bool, watched: usize) -> String {
    let mut row = format!("<tr data-name=\"{name}\"><td><code>{name}</code>{note}</td>");
    for (at, figure) in figures.iter().enumerate() {
        let class = if bad && at == watched { "number bad" } else { "number" };
        // Writing to a string does not fail.
        let _ = write!(row, "<td class=\"{class}\">{figure}</td>");
    }
    row.push_str("</tr>\n");
    row
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
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
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
        let full =
            |dead_letters| QueueState { name: "q".to_owned(), waiting: 1, in_flight: 0, delayed: 0, dead_letters };
        assert!(queue(&full(true)).contains("number bad"));
        assert!(!queue(&full(false)).contains("number bad"));
    }

    #[test]
    fn names_are_text() {
        let name = "<b>\"&'".to_owned();
        let row = queue(&QueueState { name, waiting: 0, in_flight: 0, delayed: 0, dead_letters: false });
        assert!(row.contains("&lt;b&gt;&quot;&amp;&#39;") && !row.contains("<b>"), "{row}");
    }
}
