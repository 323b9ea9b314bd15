//! A list of references: takes each source apart and puts it together by a standard.

use super::Task;
use crate::text::is_cyrillic;
use crate::text::put::put;
use crate::text::sentences::without_bullet;

/// What is known of a source; empty where nothing is.
#[derive(Debug, Default, PartialEq, Eq)]
struct Source {
    authors: Vec<String>,
    title: String,
    /// The journal or collection in which an article stands.
    within: String,
    city: String,
    publisher: String,
    year: String,
    pages: String,
    url: String,
    is_law: bool,
}

pub(super) fn bibliography(task: &Task<'_>) -> String {
    let lines = task.get("text").lines().map(without_bullet).filter(|line| line.split_whitespace().count() > 1);
    let mut sources: Vec<Source> = Vec::new();
    for source in lines.map(parse) {
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    let standard = task.get("format");
    if task.get("order") != "как в списке" {
        sources.sort_by_cached_key(|source| {
            let head = source.authors.first().unwrap_or(&source.title).to_lowercase();
            (!source.is_law, !head.starts_with(is_cyrillic), head)
        });
    }
    let numbered = standard.is_empty() || standard.starts_with("ГОСТ");
    let date =
        if task.get("date").is_empty() { "[уточнить: дата обращения]" } else { task.get("date") };
    let line = |(place, source): (usize, &Source)| {
        let text = format(source, standard, date);
        if numbered { format!("{}. {text}", place + 1) } else { text }
    };
    sources.iter().enumerate().map(line).collect::<Vec<_>>().join("\n")
}

fn parse(line: &str) -> Source {
    let mut source = Source::default();
    let mut rest = close_initials(line.trim());
    if let Some(at) = rest.find("http").or_else(|| rest.find("www.")) {
        let url = rest.get(at..).unwrap_or_default().split_whitespace().next().unwrap_or_default();
        url.trim_end_matches(['.', ',', ';', ')']).clone_into(&mut source.url);
        let end = at + url.len();
        rest = format!("{} {}", rest.get(..at).unwrap_or_default(), rest.get(end..).unwrap_or_default());
        rest = rest.replace("URL:", "").replace("url:", "");
    }
    let lower = rest.to_lowercase();
    source.is_law =
        ["закон", "кодекс", "конституция", "постановление", "указ ", "фз"].iter().any(|word| lower.contains(word));
    if let Some(year) = years(&rest) {
        rest = rest.replacen(&format!("({year})"), "", 1).replacen(&year, "", 1);
        source.year = year;
    }
    if let Some((before, after)) = rest.clone().split_once("//") {
        after.trim().trim_end_matches(['.', ',', ' ', '—', '-']).clone_into(&mut source.within);
        before.clone_into(&mut rest);
    }
    let mut title = Vec::new();
    for part in rest
        .split([',', ';'])
        .flat_map(|part| part.split(" — "))
        .flat_map(|part| part.split(". "))
        .map(|part| part.trim().trim_end_matches('.'))
    {
        place(&mut source, part, &mut title);
    }
    let title = title.join(", ");
    let unquoted = title.strip_prefix(['«', '"']).and_then(|inner| inner.strip_suffix(['»', '"']));
    unquoted.unwrap_or(&title).trim().clone_into(&mut source.title);
    source
}

/// `И. И.` as `И.И.`, so that a full stop and a blank divide parts only.
fn close_initials(line: &str) -> String {
    let mut closed = String::with_capacity(line.len());
    for word in line.split_whitespace() {
        let both = is_initials(word.trim_end_matches(',')) && closed.rsplit(' ').next().is_some_and(is_initials);
        if !closed.is_empty() && !both {
            closed.push(' ');
        }
        closed.push_str(word);
    }
    closed
}

/// Finds out what a part of a line is.
fn place(source: &mut Source, part: &str, title: &mut Vec<String>) {
    if !part.chars().any(char::is_alphanumeric) {
        return;
    }
    let digits = part.chars().filter(char::is_ascii_digit).count();
    let is_pages = digits > 0
        && (part.ends_with(" с")
            || part.starts_with("С ")
            || part.starts_with("с ")
            || part.ends_with(" стр")
            || part.starts_with("pp"));
    match part.split_once(':') {
        Some((city, publisher))
            if city.split_whitespace().count() <= 2 && !publisher.trim().is_empty() && !title.is_empty() =>
        {
            full_city(city.trim()).clone_into(&mut source.city);
            publisher.trim().clone_into(&mut source.publisher);
        }
        _ if is_pages => part.clone_into(&mut source.pages),
        _ if title.is_empty() && !source.is_law && is_person(part) => source.authors.push(person(part)),
        _ if is_initials(part) && title.is_empty() => {
            if let Some(last) = source.authors.last_mut().filter(|last| !last.contains('.')) {
                put(last, format_args!(" {}", spaced(part)));
            }
        }
        _ if full_city(part) != part
            || ["Москва", "Санкт-Петербург", "Казань", "London", "New York"].contains(&part) =>
        {
            full_city(part).clone_into(&mut source.city);
        }
        _ if !title.is_empty() && is_publisher(part) => part.clone_into(&mut source.publisher),
        _ => title.push(part.to_owned()),
    }
}

fn years(text: &str) -> Option<String> {
    let digits: String = text.chars().map(|c| if c.is_ascii_digit() { c } else { ' ' }).collect();
    digits.split_whitespace().rfind(|run| run.len() == 4 && ("1700".."2100").contains(run)).map(str::to_owned)
}

fn full_city(city: &str) -> &str {
    match city.trim_end_matches('.') {
        "М" => "Москва",
        "СПб" => "Санкт-Петербург",
        "Л" => "Ленинград",
        "Н. Новгород" => "Нижний Новгород",
        _ => city,
    }
}

fn is_publisher(part: &str) -> bool {
    let lower = part.to_lowercase();
    [
        "изд",
        "пресс",
        "press",
        "наука",
        "просвещение",
        "аст",
        "эксмо",
        "питер",
        "юрайт",
        "инфра",
        "дрофа",
        "вильямс",
        "манн",
    ]
    .iter()
    .any(|word| lower.contains(word))
        && part.split_whitespace().count() <= 5
}

fn is_initials(part: &str) -> bool {
    let bare: Vec<&str> = part.split(['.', ' ']).filter(|bit| !bit.is_empty()).collect();
    !bare.is_empty()
        && bare.len() <= 2
        && bare.iter().all(|bit| bit.chars().count() == 1 && bit.chars().all(char::is_uppercase))
}

/// `Иванов И. И`, `И. И. Иванов` or a lone `Иванов`.
fn is_person(part: &str) -> bool {
    let words: Vec<&str> = part.split([' ', '.']).filter(|word| !word.is_empty()).collect();
    let capitals = words.iter().all(|word| word.chars().next().is_some_and(char::is_uppercase));
    let initials = words.iter().filter(|word| word.chars().count() == 1).count();
    let surname = words.iter().find(|word| word.chars().count() > 2);
    let lone = words.len() == 1
        && surname.is_some_and(|word| {
            ["ов", "ев", "ин", "ий", "ой", "ко", "ая", "ва", "на", "ер", "он"].iter().any(|end| word.ends_with(end))
        });
    capitals && words.len() <= 3 && surname.is_some() && (initials > 0 || lone)
}

/// Surname first, initials apart.
fn person(part: &str) -> String {
    let words: Vec<&str> = part.split([' ', '.']).filter(|word| !word.is_empty()).collect();
    let surname = words.iter().find(|word| word.chars().count() > 1).copied().unwrap_or_default();
    let initials: Vec<String> =
        words.iter().filter(|word| word.chars().count() == 1).map(|letter| format!("{letter}.")).collect();
    if initials.is_empty() { surname.to_owned() } else { format!("{surname} {}", initials.join(" ")) }
}

fn spaced(initials: &str) -> String {
    initials.split(['.', ' ']).filter(|bit| !bit.is_empty()).map(|bit| format!("{bit}.")).collect::<Vec<_>>().join(" ")
}

/// `Иванов И. И.` as `И. И. Иванов`.
fn reversed(author: &str) -> String {
    author.split_once(' ').map_or_else(|| author.to_owned(), |(surname, initials)| format!("{initials} {surname}"))
}

fn or_mark(text: &str, mark: &str) -> String {
    if text.is_empty() { format!("[уточнить: {mark}]") } else { text.to_owned() }
}

fn format(source: &Source, standard: &str, date: &str) -> String {
    let title = or_mark(&source.title, "название");
    let year = or_mark(&source.year, "год");
    let is_online = !source.url.is_empty();
    let needs_imprint = !is_online && !source.is_law && source.within.is_empty();
    match standard {
        "APA 7" | "MLA 9" => western(source, standard, &title, &year, date),
        "ГОСТ Р 7.0.5–2008" => {
            let head =
                if source.authors.is_empty() { String::new() } else { format!("{} ", source.authors.join(", ")) };
            let within = if source.within.is_empty() { String::new() } else { format!(" // {}", source.within) };
            let imprint = if needs_imprint {
                format!(" {} : {}, {year}.", or_mark(&source.city, "город"), or_mark(&source.publisher, "издательство"))
            } else {
                format!(" {year}.")
            };
            let pages = if source.pages.is_empty() { String::new() } else { format!(" {}.", source.pages) };
            let url = if is_online {
                format!(" URL: {} (дата обращения: {date}).", source.url)
            } else {
                String::new()
            };
            format!("{head}{title}{within}.{imprint}{pages}{url}")
        }
        _ => {
            let head =
                source.authors.first().map(|author| format!("{} ", author.replacen(' ', ", ", 1))).unwrap_or_default();
            let by = if source.authors.is_empty() {
                String::new()
            } else {
                format!(" / {}", source.authors.iter().map(|author| reversed(author)).collect::<Vec<_>>().join(", "))
            };
            let within = if source.within.is_empty() { String::new() } else { format!(" // {}", source.within) };
            let imprint = if needs_imprint {
                format!(
                    " — {} : {}, {year}.",
                    or_mark(&source.city, "город"),
                    or_mark(&source.publisher, "издательство")
                )
            } else {
                format!(" — {year}.")
            };
            let pages = if source.pages.is_empty() { String::new() } else { format!(" — {}.", source.pages) };
            let url = if is_online {
                format!(" — URL: {} (дата обращения: {date}).", source.url)
            } else {
                String::new()
            };
            let form = if is_online { "электронный" } else { "непосредственный" };
            format!("{head}{title}{by}{within}.{imprint}{pages}{url} — Текст : {form}.")
        }
    }
}

fn western(source: &Source, standard: &str, title: &str, year: &str, date: &str) -> String {
    let authors: Vec<String> = source.authors.iter().map(|author| author.replacen(' ', ", ", 1)).collect();
    let url = if source.url.is_empty() { String::new() } else { format!(" {}", source.url) };
    let home = [&source.within, &source.publisher].into_iter().find(|text| !text.is_empty()).cloned();
    let home = home.unwrap_or_else(|| {
        if url.is_empty() { "[уточнить: издательство]".to_owned() } else { String::new() }
    });
    if standard == "APA 7" {
        let head = if authors.is_empty() { String::new() } else { format!("{} ", authors.join(", & ")) };
        let tail = if home.is_empty() { String::new() } else { format!(" {home}.") };
        if head.is_empty() {
            format!("*{title}*. ({year}).{tail}{url}")
        } else {
            format!("{head}({year}). *{title}*.{tail}{url}")
        }
    } else {
        let head = if authors.is_empty() { String::new() } else { format!("{} ", or_dot(&authors.join(", and "))) };
        let parts: Vec<String> =
            [home, year.to_owned(), url.trim().to_owned()].into_iter().filter(|part| !part.is_empty()).collect();
        let accessed = if url.is_empty() { String::new() } else { format!(" Accessed {date}.") };
        format!("{head}*{title}*. {}.{accessed}", parts.join(", "))
    }
}

fn or_dot(text: &str) -> String {
    if text.ends_with('.') { text.to_owned() } else { format!("{text}.") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_book_is_taken_apart() {
        let source = parse("Иванов И.И. Основы экономики. М.: Наука, 2019. 300 с.");
        assert_eq!(source.authors, ["Иванов И. И."]);
        assert_eq!(
            (source.title.as_str(), source.city.as_str(), source.publisher.as_str()),
            ("Основы экономики", "Москва", "Наука")
        );
        assert_eq!((source.year.as_str(), source.pages.as_str()), ("2019", "300 с"));
    }

    #[test]
    fn missing_parts_are_marked() {
        let line = format(&parse("Петрова А. В., Как писать тексты"), "ГОСТ Р 7.0.100–2018", "");
        assert_eq!(
            line,
            "Петрова, А. В. Как писать тексты / А. В. Петрова. — [уточнить: город] : [уточнить: издательство], [уточнить: год]. — Текст : непосредственный."
        );
    }

    #[test]
    fn a_site_has_an_address_and_a_date() {
        let line =
            format(&parse("Правила русского языка, 2023, https://gramota.ru/rules"), "ГОСТ Р 7.0.5–2008", "01.02.2025");
        assert_eq!(line, "Правила русского языка. 2023. URL: https://gramota.ru/rules (дата обращения: 01.02.2025).");
    }
}
