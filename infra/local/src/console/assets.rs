//! Scripts, styles and the icon.

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{StatusCode, Uri};

/// Files by path. The type follows from the name.
const FILES: &[(&str, &str)] = &[
    ("/icon.svg", include_str!("icon.svg")),
    ("/style.css", include_str!("style.css")),
    ("/reference.js", include_str!("reference.js")),
    ("/start.js", include_str!("start.js")),
    ("/easy-writer/app.css", include_str!("easy_writer/app.css")),
    ("/easy-writer/account.js", include_str!("easy_writer/account.js")),
    ("/easy-writer/api.js", include_str!("easy_writer/api.js")),
    ("/easy-writer/app.js", include_str!("easy_writer/app.js")),
    ("/easy-writer/dom.js", include_str!("easy_writer/dom.js")),
    ("/easy-writer/form.js", include_str!("easy_writer/form.js")),
    ("/easy-writer/images.js", include_str!("easy_writer/images.js")),
    ("/easy-writer/money.js", include_str!("easy_writer/money.js")),
    ("/easy-writer/progress.js", include_str!("easy_writer/progress.js")),
    ("/easy-writer/sessions.js", include_str!("easy_writer/sessions.js")),
    ("/easy-writer/tools.js", include_str!("easy_writer/tools.js")),
    ("/easy-writer/watch.js", include_str!("easy_writer/watch.js")),
];

pub(super) async fn serve(uri: Uri) -> Response {
    let Some((name, text)) = FILES.iter().find(|(path, _)| *path == uri.path()) else {
        return (StatusCode::NOT_FOUND, "There is no such page. The start page is at /").into_response();
    };
    let kind = match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        _ => "image/svg+xml",
    };
    ([(CONTENT_TYPE, kind)], *text).into_response()
}

/// Scalar's script. A debug build reads it from the crate's folder at run time, where `cargo run` has it; a release build carries it.
pub(super) async fn serve_scalar() -> Response {
    let script = scalar_api_reference::get_asset("scalar.js");
    script.map_or_else(
        || StatusCode::NOT_FOUND.into_response(),
        |script| ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], script).into_response(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The files that a page or module refers to: `src="…"`, `href="…"`, `from "…"`.
    fn named(text: &str) -> Vec<&str> {
        let marks = ["src=\"/", "href=\"/", "from \"./"];
        let after = marks.iter().flat_map(|mark| text.split(mark).skip(1));
        after.filter_map(|rest| rest.split('"').next()).filter(|name| name.contains('.')).collect()
    }

    #[test]
    fn every_file_that_a_page_names_is_served() {
        let pages = [include_str!("easy_writer/index.html"), include_str!("reference.html")];
        let texts = pages.into_iter().chain(FILES.iter().map(|(_, text)| *text));
        let names: Vec<_> = texts.flat_map(named).collect();
        assert!(names.contains(&"easy-writer/app.js") && names.contains(&"api.js"), "{names:?}");
        for name in names.into_iter().filter(|name| !name.contains('{')) {
            let served =
                name == "reference/scalar.js" || FILES.iter().any(|(path, _)| path.ends_with(&format!("/{name}")));
            assert!(served, "{name}");
        }
    }

    #[test]
    fn no_file_has_what_the_policy_forbids() {
        let pages = [("index", include_str!("easy_writer/index.html")), ("reference", include_str!("reference.html"))];
        for (name, text) in FILES.iter().copied().chain(pages) {
            for forbidden in ["innerHTML", "insertAdjacentHTML", "document.write", "eval(", "style=\"", "javascript:"] {
                assert!(!text.contains(forbidden), "{name} has {forbidden}");
            }
        }
    }
}
