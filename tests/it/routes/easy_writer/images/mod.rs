//! Pictures: what the tests of their endpoints share.

mod generate_image;
mod list_images;
mod show_image;
mod upscale_image;

use serde_json::{Value, json};

use crate::easy_writer::{IMAGES, Session};
use crate::world::{Reply, World};

pub(super) const GENERATE: &str = "/api/v1/images/generate";

impl World {
    /// Orders a picture.
    pub(crate) async fn order_image(&self, user: &Session, prompt: &str, format: &str) -> Reply {
        let body = json!({ "prompt": prompt, "format": format, "style": "DEFAULT" });
        self.post(GENERATE, Some(&user.token), &body).await
    }

    /// Orders a picture for the web and returns its id.
    pub(crate) async fn start_image(&self, user: &Session) -> String {
        let reply = self.order_image(user, "Красивый закат над морем", "web").await;
        assert_eq!(reply.status, 202, "{}", reply.text);
        reply.data()["image_id"].as_str().unwrap().to_owned()
    }

    /// Orders a picture and has it drawn.
    pub(crate) async fn draw_image(&self, user: &Session) -> String {
        let image = self.start_image(user).await;
        self.drain(IMAGES).await;
        image
    }

    /// The picture as its owner sees it.
    pub(crate) async fn image(&self, user: &Session, image: &str) -> Value {
        self.get(&format!("/api/v1/images/{image}"), &user.token).await.data().clone()
    }

    /// Asks for a larger copy.
    pub(crate) async fn upscale(&self, user: &Session, image: &str, scale: u32) -> Reply {
        self.post(&format!("/api/v1/images/{image}/upscale"), Some(&user.token), &json!({ "scale": scale })).await
    }

    /// Width and height of a PNG that is served at `url`, and what it is served with.
    pub(crate) async fn served_png(&self, url: &str) -> (u32, u32, String, String) {
        let bucket = self.variable("BUCKET_NAME");
        let key = url.trim_start_matches('/');
        let object = self.platform.aws.s3().get_object().bucket(bucket).key(key).send().await.unwrap();
        let (kind, caching) = (object.content_type().unwrap().to_owned(), object.cache_control().unwrap().to_owned());
        let file = object.body.collect().await.unwrap().to_vec();
        assert_eq!(file[..8], *b"\x89PNG\r\n\x1a\n");
        let side = |at: usize| u32::from_be_bytes(file[at..at + 4].try_into().unwrap());
        (side(16), side(20), kind, caching)
    }
}
