//! `GET /api/v1/tools/tabs/{tab_id}`

use serde_json::{Value, json};

use crate::world::World;

const PATH: &str = "/api/v1/tools/tabs";

fn tool(id: &str, name: &str, description: &str, icon: &str, modes: &[&str], cost: i64) -> Value {
    json!({
        "id": id, "name": name, "description": description, "icon": icon, "supports_modes": modes, "estimated_cost": cost
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tab_has_its_tools_in_order() {
    let both = ["quick", "standard"];
    let world = World::easy_writer().await;
    let tools = [
        tool("spell_check", "Проверка орфографии", "Исправление ошибок в тексте", "check-circle", &["quick"], 5),
        tool("paraphrase", "Перефразирование", "Тот же смысл другими словами", "refresh-cw", &both, 20),
        tool(
            "edit_text",
            "Редактура текста",
            "Сильнее, короче и яснее без потери голоса автора",
            "pen-line",
            &both,
            25,
        ),
        tool("translate", "Перевод", "Точный и естественный перевод на 14 языков", "languages", &both, 25),
        tool("summarize", "Краткий пересказ", "Суть длинного текста за минуту чтения", "scissors", &["quick"], 10),
        tool("simplify", "Простыми словами", "Сложный текст, понятный любому", "lightbulb", &["quick"], 8),
        tool("email_reply", "Ответ на письмо", "Вежливый ответ по делу за пару секунд", "reply", &["quick"], 8),
        tool("greeting", "Поздравление", "Тёплые слова к любому празднику", "party-popper", &["quick"], 7),
    ];
    let tab = json!({ "tab": { "id": "everyday", "name": "На каждый день" }, "tools": tools });
    world.assert_answer(&world.get(&format!("{PATH}/everyday"), "").await, 200, &tab);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_tab_is_not_found() {
    let world = World::easy_writer().await;
    for unknown in ["unknown", "Everyday", "spell_check", "schema", "%D1%8F"] {
        let reply = world.get(&format!("{PATH}/{unknown}"), "").await;
        world.assert_refusal(&reply, 404, "TAB_NOT_FOUND");
    }
    // Which is not part of any path that the gateway passes on.
    world.assert_refusal(&world.get(&format!("{PATH}/%00"), "").await, 404, "NOT_FOUND");
}
