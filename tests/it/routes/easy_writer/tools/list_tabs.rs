//! `GET /api/v1/tools/tabs`

use serde_json::json;

use crate::world::World;

const PATH: &str = "/api/v1/tools/tabs";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tabs_are_those_of_the_contract_with_and_without_a_token() {
    let world = World::easy_writer().await;
    let tabs = json!({
        "tabs": [
            { "id": "everyday", "name": "На каждый день", "icon": "sun", "tools_count": 8 },
            { "id": "education", "name": "Обучение", "icon": "graduation-cap", "tools_count": 8 },
            { "id": "business", "name": "Бизнес", "icon": "briefcase", "tools_count": 6 },
            { "id": "marketing", "name": "Маркетинг", "icon": "megaphone", "tools_count": 7 },
            { "id": "special", "name": "Особый случай", "icon": "sparkles", "tools_count": 6 }
        ]
    });
    let user = world.register("user@example.com").await;
    for token in [user.token.as_str(), "garbage", ""] {
        world.assert_answer(&world.get(PATH, token).await, 200, &tabs);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_tab_has_as_many_tools_as_it_says() {
    let world = World::easy_writer().await;
    for tab in world.get(PATH, "").await.data()["tabs"].as_array().unwrap() {
        let shown = world.get(&format!("{PATH}/{}", tab["id"].as_str().unwrap()), "").await;
        assert_eq!(json!(shown.data()["tools"].as_array().unwrap().len()), tab["tools_count"]);
        assert_eq!(shown.data()["tab"], json!({ "id": tab["id"], "name": tab["name"] }));
    }
}
