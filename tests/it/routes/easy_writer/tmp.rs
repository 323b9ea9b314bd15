use serde_json::json;
use crate::world::World;
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tmp() {
    let world = World::start().await;
    let user = world.register("user@example.com").await;
    for n in [50, 100, 200, 400, 800] {
        let t = std::time::Instant::now();
        let r = world.execute(&user, "spell_check", "quick", json!({ "text": "я".repeat(n) })).await;
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let peak = status.lines().find(|l| l.starts_with("VmHWM")).unwrap().to_owned();
        println!("{n} {} {:?} {peak}", r.status, t.elapsed());
    }
}
