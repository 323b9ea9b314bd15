//! Pictures as a whole.

use super::*;

fn order(prompt: &str) -> Order {
    Order { prompt: prompt.to_owned(), style: None, width: 512, height: 512 }
}

fn drawn(order: &Order) -> RgbImage {
    draw(order).unwrap().0
}

/// The share of pixels that differ visibly.
fn difference(first: &RgbImage, second: &RgbImage) -> f64 {
    let pairs = first.pixels().zip(second.pixels());
    let far = pairs.filter(|(a, b)| a.0.iter().zip(b.0).any(|(a, b)| a.abs_diff(b) > 8)).count();
    f64::from(u32::try_from(far).unwrap()) / f64::from(first.width() * first.height())
}

/// How many pixels are white, as only letters are.
fn white(picture: &RgbImage) -> usize {
    picture.pixels().filter(|pixel| pixel.0.iter().all(|part| *part > 230)).count()
}

#[test]
fn the_same_order_gives_the_same_files() {
    let order = order("Кот спит на крыше ночного города");
    let (first, second) = (draw(&order).unwrap(), draw(&order).unwrap());
    assert_eq!(first.png().unwrap(), second.png().unwrap());
    assert_eq!(first.jpeg().unwrap(), second.jpeg().unwrap());
}

#[test]
fn different_prompts_and_styles_give_different_pictures() {
    let prompts = ["Красивый закат над морем", "Поле ромашек под утренним солнцем", "mountains and a lake"].map(order);
    let styled = [Some("KANDINSKY"), Some("ANIME")].map(|style| Order { style, ..order("mountains and a lake") });
    let pictures: Vec<_> = prompts.iter().chain(&styled).map(drawn).collect();
    for (number, first) in pictures.iter().enumerate() {
        for second in &pictures[number + 1..] {
            assert!(difference(first, second) > 0.5, "{number}: {}", difference(first, second));
        }
    }
}

#[test]
fn the_prompt_and_the_mark_are_written_in_the_picture() {
    let part = |prompt: &str, (top, height)| {
        white(&image::imageops::crop_imm(&drawn(&order(prompt)), 0, top, 512, height).to_image())
    };
    let (corner, middle) = ((0, 40), (216, 80));
    assert!(part(" ", corner) > 20 && part(" ", middle) == 0);
    assert!(part("Кот", middle) > 100 && part("Красивый закат", middle) > 2 * part("Кот", middle));
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
    for odd in ["🙂🙂🙂", "   ", "ы", &"ы".repeat(1000), &"слово ".repeat(160), "\u{0}\u{202e}<svg>"] {
        assert!(draw(&Order { width: 64, height: 64, ..order(odd) }).is_some(), "{odd}");
    }
}

#[test]
fn forbidden_words_are_seen_in_any_case() {
    assert!(is_forbidden("Это ЗАПРЕЩЕНО") && is_forbidden("a Forbidden forest"));
    assert!(!is_forbidden("Осенний лес"));
}
