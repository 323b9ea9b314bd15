//! What must be corrected, and what must stay.

use super::*;

/// Checks all pairs and reports every wrong one at once.
fn check(pairs: &[(&str, &str)]) {
    let wrong: Vec<String> = pairs
        .iter()
        .map(|(written, meant)| (written, meant, correct(written)))
        .filter(|(_, meant, got)| *meant != got)
        .map(|(written, meant, got)| format!("{written}: expected {meant}, got {got}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn russian_words_are_corrected() {
    check(
        &[
            ("превет", "привет"),
            ("скозать", "сказать"),
            ("сдесь", "здесь"),
            ("севодня", "сегодня"),
            ("сонце", "солнце"),
            ("чуство", "чувство"),
            ("празник", "праздник"),
            ("здраствуйте", "здравствуйте"),
            ("извените", "извините"),
            ("пожалуста", "пожалуйста"),
            ("сабака", "собака"),
            ("карова", "корова"),
            ("малако", "молоко"),
            ("харашо", "хорошо"),
            ("учавствовать", "участвовать"),
            ("будующий", "будущий"),
            ("следущий", "следующий"),
            ("програма", "программа"),
            ("агенство", "агентство"),
            ("интерестный", "интересный"),
            ("ужастный", "ужасный"),
            ("зделать", "сделать"),
            ("лутше", "лучше"),
            ("обьект", "объект"),
            ("подьезд", "подъезд"),
            ("сьел", "съел"),
            ("росскажи", "расскажи"),
            ("безплатно", "бесплатно"),
            ("професия", "профессия"),
            ("комманда", "команда"),
            ("коментарий", "комментарий"),
            ("искуство", "искусство"),
            ("оффис", "офис"),
            ("однаклассники", "одноклассники"),
            ("расчитать", "рассчитать"),
            ("вообщем", "в общем"),
            ("незнаю", "не знаю"),
            ("расписанее", "расписание"),
            ("кампьютер", "компьютер"),
            ("тилефон", "телефон"),
            ("учитиль", "учитель"),
            ("рибёнок", "ребёнок"),
            ("вчира", "вчера"),
            ("конешно", "конечно"),
            ("скушно", "скучно"),
            ("красивова", "красивого"),
            ("шыроко", "широко"),
            ("количесво", "количество"),
            ("телефно", "телефон"),
            ("првиет", "привет"),
            ("очнеь", "очень"),
            ("спосибо", "спасибо"),
            ("москва", "Москва"),
            ("расия", "Россия"),
            ("понидельник", "понедельник"),
            ("какой-нибуть", "какой-нибудь"),
            ("хотел-бы", "хотел бы"),
            ("превлекательный", "привлекательный"),
            ("преехал", "приехал"),
            ("рассщитывать", "рассчитывать"),
        ][..],
    );
}

#[test]
fn russian_sentences_are_corrected() {
    check(&[
        ("Превет мир", "Привет мир"),
        ("Превет, мир!", "Привет, мир!"),
        ("Севодня  харошая погода,и мы идём гулять.", "Сегодня  хорошая погода,и мы идём гулять."),
        ("Я незнаю, что дилать.", "Я не знаю, что делать."),
        ("Он хотел скозать: «Извените, я апаздал»", "Он хотел сказать: «Извините, я опоздал»"),
        ("Во первых, это не правельно, во вторых — долго.", "Во-первых, это не правильно, во-вторых — долго."),
        ("ПРЕВЕТ, мир", "ПРИВЕТ, мир"),
        (
            "Мама мыла раму, а папа читал газету. Затем они пашли гулять.",
            "Мама мыла раму, а папа читал газету. Затем они пошли гулять.",
        ),
        (
            "Пишу на адрес ivan@mail.ru про https://exampel.com и жду отвта.",
            "Пишу на адрес ivan@mail.ru про https://exampel.com и жду ответа.",
        ),
        ("- купить хлеп\n- позвонить маме\n", "- купить хлеб\n- позвонить маме\n"),
    ]);
}

#[test]
fn english_is_corrected() {
    check(
        &[
            ("teh", "the"),
            ("recieve", "receive"),
            ("definately", "definitely"),
            ("seperate", "separate"),
            ("occured", "occurred"),
            ("untill", "until"),
            ("becuase", "because"),
            ("freind", "friend"),
            ("tommorow", "tomorrow"),
            ("neccessary", "necessary"),
            ("goverment", "government"),
            ("adress", "address"),
            ("begining", "beginning"),
            ("beleive", "believe"),
            ("embarass", "embarrass"),
            ("enviroment", "environment"),
            ("existance", "existence"),
            ("foriegn", "foreign"),
            ("happend", "happened"),
            ("immediatly", "immediately"),
            ("knowlege", "knowledge"),
            ("wierd", "weird"),
            ("acheive", "achieve"),
            ("langauge", "language"),
            ("buisness", "business"),
            ("diffrent", "different"),
            ("prefered", "preferred"),
            ("wendesday", "Wednesday"),
            ("I dont know waht to do.", "I don't know what to do."),
            ("Ths is a sentense with erors.", "This is a sentence with errors."),
            ("Thier house is beautifull, isn't it?", "Their house is beautiful, isn't it?"),
            ("My freinds recieved alot of mesages yesterday.", "My friends received a lot of messages yesterday."),
        ][..],
    );
}

#[test]
fn both_languages_in_one_text_are_corrected() {
    check(&[("Я написал recieve вместо нужнова слова.", "Я написал receive вместо нужного слова.")]);
}

#[test]
fn correct_texts_stay_as_they_are() {
    let texts = [
        "Привет, мир!",
        "Ещё вчера мы с Катей Иванченко ходили в кафе «Уютный дворик» на улице Большая Ордынка.",
        "Яндекс и Google выпустили новые модели; подробности — на https://ya.ru/news?id=15 и www.example.com.",
        "Напишите на info@my-company.ru или позвоните: +7 (495) 123-45-67.",
        "Нейросеть написала промпт для лендинга, а таргетолог запустил сторис.",
        "Мне нравится учиться. Он не хочет возвращаться, но вернётся.",
        "Кто-нибудь, что-то, кое-как, по-русски, из-за, всё-таки, давай-ка.",
        "ООО «Ромашка» работает с ФНС, ИНН и КПП.",
        "В 2024 году цена выросла на 3,5% — до 100 руб. за 1 кг.",
        "Александр Сергеевич Пушкин родился в Москве в 1799 году.",
        "Съешь ещё этих мягких французских булок, да выпей же чаю.",
        "The quick brown fox jumps over the lazy dog.",
        "It's John's book; they're reading McDonald's report on GitHub.",
        "Use snake_case, #hashtag, @username, C++ and TCP/IP in JavaScript.",
        "Компания Xiaomi представила смартфон с Wi-Fi и iOS-приложением.",
        "Глеб Жеглов и Володя Шарапов. Хогвартс. Мальдивы.",
        "Компания и кампания — разные слова. Он надел одежду и одел ребёнка.",
        "",
        "   \n\t",
        "🙂 123 — … !",
    ];
    check(&texts.map(|text| (text, text)));
}

#[test]
fn all_frequent_words_are_words() {
    let lists =
        [include_str!("../../data/spelling/frequent_ru.txt"), include_str!("../../data/spelling/frequent_en.txt")];
    let unknown: Vec<_> = lists
        .iter()
        .flat_map(|list| list.split_whitespace())
        .filter(|word| !is_known(word) && !is_known(&case::capitalise(word)))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn every_table_corrects_to_known_words() {
    let tables = [
        include_str!("../../data/spelling/fixed_ru.txt"),
        include_str!("../../data/spelling/fixed_en.txt"),
        include_str!("../../data/spelling/phrases_ru.txt"),
    ];
    let rows = tables.iter().flat_map(|table| table.lines()).filter(|line| !line.starts_with('#'));
    for row in rows {
        let (_, right) = row.split_once(" = ").expect(row);
        assert!(right.split(' ').all(is_known), "{row}");
    }
}

#[test]
fn a_word_of_any_length_is_dealt_with() {
    for letters in [31, 200, 10_000] {
        let word = "я".repeat(letters);
        assert_eq!(correct(&word), word);
    }
}
