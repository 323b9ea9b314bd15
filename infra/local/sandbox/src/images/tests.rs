//! Pictures as a whole.

use super::*;

const PROMPTS: [&str; 7] = [
    "Красивый закат над морем",
    "Кот спит на крыше ночного города",
    "Поле ромашек под утренним солнцем",
    "mountains and a lake",
    "Осенний лес",
    "Чашка кофе и книга",
    "Стратегия развития",
];

fn order(prompt: &str) -> Order {
    Order { prompt: prompt.to_owned(), style: Style::Default, width: 256, height: 256 }
}

fn drawn(order: &Order) -> RgbImage {
    draw(order).unwrap().0
}

/// The share of pixels that differ visibly.
fn difference(first: &RgbImage, second: &RgbImage) -> f64 {
    let pairs = first.pixels().zip(second.pixels());
    let far = pairs.filter(|(a, b)| a.0.iter().zip(b.0).any(|(a, b)| a.abs_diff(b) > 24)).count();
    f64::from(u32::try_from(far).unwrap()) / f64::from(first.width() * first.height())
}

#[test]
fn the_same_order_gives_the_same_files() {
    let order = order("Кот спит на крыше ночного города");
    let (first, second) = (draw(&order).unwrap(), draw(&order).unwrap());
    assert_eq!(first.png().unwrap(), second.png().unwrap());
    assert_eq!(first.jpeg().unwrap(), second.jpeg().unwrap());
}

#[test]
fn different_prompts_give_different_pictures() {
    let pictures = PROMPTS.map(|prompt| drawn(&order(prompt)));
    for (number, first) in pictures.iter().enumerate() {
        for second in &pictures[number + 1..] {
            assert!(difference(first, second) > 0.5, "{number}: {}", difference(first, second));
        }
    }
}

#[test]
fn pictures_of_one_subject_are_alike_and_not_the_same() {
    let (first, second) = (drawn(&order("Осенний лес")), drawn(&order("Лес осенью")));
    let apart = difference(&first, &second);
    assert!((0.05..0.9).contains(&apart), "{apart}");
}

#[test]
fn the_text_of_the_caption_is_in_the_picture() {
    // Words that nothing is drawn for change the band and leave no other trace than the chances of the prompt.
    let band = |prompt: &str| {
        let picture = drawn(&order(prompt));
        image::imageops::crop_imm(&picture, 0, 238, 256, 12).to_image()
    };
    let white = |picture: &RgbImage| picture.pixels().filter(|pixel| pixel.0.iter().all(|part| *part > 230)).count();
    let (short, long) = (band("Так"), band("Так себе, честно говоря"));
    assert!(difference(&short, &long) > 0.05);
    assert!(white(&short) > 20 && white(&long) > 3 * white(&short), "{} {}", white(&short), white(&long));
}

#[test]
fn styles_change_the_picture() {
    let of = |style| drawn(&Order { style, ..order("Красивый закат над морем") });
    let pictures = [Style::Default, Style::Kandinsky, Style::Uhd, Style::Anime].map(of);
    for (number, first) in pictures.iter().enumerate() {
        for second in &pictures[number + 1..] {
            assert!(difference(first, second) > 0.1, "{number}: {}", difference(first, second));
        }
    }
    let told = drawn(&order("Красивый закат над морем. Стиль: аниме"));
    assert!(difference(&told, &pictures[0]) > 0.1, "a style told in words counts");
}

#[test]
fn files_have_the_wanted_size_and_format() {
    for (width, height) in [(1024, 512), (64, 1024), (16, 16)] {
        let picture =
            draw(&Order { width, height, ..order("Поле ромашек под утренним солнцем") }).unwrap();
        let (jpeg, png) = (picture.jpeg().unwrap(), picture.png().unwrap());
        assert_eq!(image::guess_format(&jpeg).unwrap(), image::ImageFormat::Jpeg);
        assert_eq!(image::guess_format(&png).unwrap(), image::ImageFormat::Png);
        for file in [jpeg, png] {
            let read = image::load_from_memory(&file).unwrap();
            assert_eq!((read.width(), read.height()), (width.into(), height.into()));
        }
    }
    assert!(draw(&Order { width: 0, ..order("Кот") }).is_none());
}

#[test]
fn any_prompt_gives_a_picture() {
    let words: Vec<&str> = include_str!("../../data/images/words.txt").split_whitespace().collect();
    for few in words.chunks(12) {
        assert!(draw(&Order { width: 64, height: 64, ..order(&few.join(" ").replace(['=', '_'], " ")) }).is_some());
    }
    for odd in ["🙂🙂🙂", "   ", "ы", &"ы".repeat(1000), &"слово ".repeat(160), "\u{0}\u{202e}<svg>"] {
        assert!(draw(&Order { width: 64, height: 64, ..order(odd) }).is_some(), "{odd}");
    }
}

#[test]
fn forbidden_words_are_seen_in_any_case() {
    assert!(is_forbidden("Это ЗАПРЕЩЕНО") && is_forbidden("a Forbidden forest"));
    assert!(!is_forbidden("Осенний лес"));
}
