//! The vendors' test vectors, and each provider's flow with a small shop.

use std::sync::Mutex;

use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode, Uri};
use http_body_util::BodyExt as _;
use serde_json::{Map, Value, json};
use tower::ServiceExt as _;

use super::*;

const KEY: &str = "sandbox-key";

/// What a shop was told: address, headers that sign, body.
type Told = Arc<Mutex<Vec<(String, HeaderMap, String)>>>;

struct Fixture {
    router: Router,
    credentials: Credentials,
    told: Told,
}

#[expect(clippy::disallowed_methods, reason = "the shop runs beside its test and ends with its runtime")]
fn background(work: impl Future<Output = ()> + Send + 'static) {
    drop(tokio::spawn(work));
}

impl Fixture {
    /// A sandbox and a shop that answers each provider as it wants.
    async fn new() -> Self {
        let told = Told::default();
        let heard = Arc::clone(&told);
        let shop = Router::new().fallback(move |uri: Uri, headers: HeaderMap, body: Bytes| async move {
            let body = String::from_utf8(body.to_vec()).unwrap();
            let answer = match uri.path() {
                path if path.contains("/robokassa") => {
                    let number = body.split('&').find_map(|pair| pair.strip_prefix("InvId=")).unwrap().to_owned();
                    format!("OK{number}")
                }
                path if path.contains("/cloudpayments") => r#"{"code":0}"#.to_owned(),
                path if path.contains("/tbank") => "OK".to_owned(),
                _ => String::new(),
            };
            heard.lock().unwrap().push((uri.path().to_owned(), headers, body));
            answer
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        background(async move { axum::serve(listener, shop).await.unwrap() });
        let credentials = Credentials::of(KEY, "shop");
        credentials.webhook.set(format!("http://{address}/webhook")).unwrap();
        let options = Options::new(KEY, std::time::Duration::ZERO, Arc::new(|| 1_768_478_400));
        let options = Options { shops: vec![Credentials::of(KEY, "other"), credentials.clone()], ..options };
        Self { router: router(&options), credentials, told }
    }

    async fn send(
        &self,
        request: axum::http::request::Builder,
        body: impl Into<Body>,
    ) -> (StatusCode, HeaderMap, String) {
        let request = request.header("host", "sandbox.example").body(body.into()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        assert_eq!(headers["x-sandbox"], "true");
        let text = response.into_body().collect().await.unwrap().to_bytes();
        (status, headers, String::from_utf8(text.to_vec()).unwrap())
    }

    async fn click(&self, page: &str, button: &str) -> String {
        let path = page.strip_prefix("http://sandbox.example").unwrap();
        let (status, ..) = self.send(Request::post(format!("{path}/{button}")), "").await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        self.send(Request::get(path), "").await.2
    }

    fn told(&self) -> Vec<(String, HeaderMap, String)> {
        std::mem::take(&mut *self.told.lock().unwrap())
    }
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn robokassas_vectors() {
    assert_eq!(signature::md5_hex("demo:990.00:77:testPass1"), "5f6f977c918d2e3644cdc8b50478d25f");
    assert_eq!(signature::md5_hex("990.000000:77:testPass2"), "6e98b2eed4f52a13c72833543d4b8993");
    assert_eq!(
        signature::md5_hex("990.000000:77:testPass2:Shp_plan=pro:Shp_user=42"),
        "74451514f55c1e3c49edc10d9300b05d"
    );
    assert_eq!(signature::md5_hex("demo:77:testPass2"), "07f9f24d84bb84d4bf09f7eea5384646");
}

#[test]
fn cloudpayments_vectors() {
    let sign = |message: &str| signature::hmac_base64("supersecret", message);
    assert_eq!(sign("AccountId=user%2B42&Description=Hello+World"), "5yxiIp3Qv3ampXjt2l8f/MDUce/F3hy7pcTwYmCrRbg=");
    assert_eq!(sign("AccountId=user+42&Description=Hello World"), "dO4Ux8cM9DA9buV8MfAHON8x9SfbYFprxDmOsG04v/0=");
    assert_eq!(
        sign(r#"{"TransactionId":77,"Amount":42,"InvoiceId":"ord-42"}"#),
        "+vlvN9w7m9xex7q+hH8pFCLotaKJLtwq2Vyv8cfsVrs="
    );
}

#[test]
fn tbanks_vectors() {
    let token = |message: Value, password| tbank::token(message.as_object().unwrap(), password);
    let notice = json!({
        "TerminalKey": "1321054611234DEMO", "OrderId": "201709", "Success": true, "Status": "AUTHORIZED", "PaymentId": 8_742_591,
        "ErrorCode": "0", "Amount": 9855, "RebillId": 101_709, "CardId": 322_264, "Pan": "430000******0777", "ExpDate": "1122"
    });
    assert_eq!(token(notice, "Dfsfh56dgKl"), "b906d28e76c6428e37b25fcf86c0adc52c63d503013fdd632e300593d165766b");
    let nested = json!({
        "TerminalKey": "1321054611234DEMO", "OrderId": "ord-42", "Success": true, "Status": "CONFIRMED", "PaymentId": "13660",
        "ErrorCode": "0", "Amount": 99_000, "CardId": 322_264, "Pan": "430000******0777", "ExpDate": "1230", "Data": { "plan": "pro" }
    });
    assert_eq!(token(nested, "TinkoffBankTest"), "19aed3ef9747646cac706540f56804d0eabc1402dfd23315b60bc3083697b6e8");
    let state = json!({ "TerminalKey": "TinkoffBankTest", "PaymentId": "10063" });
    assert_eq!(token(state, "TinkoffBankTest"), "8fa774f8c1f0869c2f00840eea8c74c45b7990f07c437210116adf242163ac65");
}

#[test]
fn basic_authorization_and_times() {
    assert_eq!(signature::basic("123456", "test_AbCdEf"), "Basic MTIzNDU2OnRlc3RfQWJDZEVm");
    assert_eq!(iso_time(1_768_478_400), "2026-01-15T12:00:00.000Z");
    assert_eq!(iso_time(1_709_251_199), "2024-02-29T23:59:59.000Z");
}

#[tokio::test]
async fn yookassa_is_paid_declined_and_refunded() {
    let it = Fixture::new().await;
    let auth = signature::basic(&it.credentials.yookassa_shop_id, &it.credentials.yookassa_secret_key);
    let order = |value: &str| {
        json!({
            "amount": { "value": value, "currency": "RUB" }, "capture": true, "description": "Пополнение <баланса>",
            "confirmation": { "type": "redirect", "return_url": "https://shop.example/paid" }, "metadata": { "payment_id": "p1" }
        })
        .to_string()
    };
    let create = |key: &str, body: String| {
        let request =
            Request::post("/yookassa/v3/payments").header("authorization", &auth).header("idempotence-key", key);
        it.send(request, body)
    };
    let (status, _, text) = create("k1", order("500.00")).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    let payment = parsed(&text);
    assert_eq!((&payment["status"], &payment["paid"]), (&json!("pending"), &json!(false)));
    assert_eq!(parsed(&create("k1", order("500.00")).await.2)["id"], payment["id"], "the key is the same");
    assert_eq!(create("k1", order("501.00")).await.0, StatusCode::BAD_REQUEST, "another order with the same key");
    for bad in ["", "0.00", "5,00", "-1.00"] {
        assert_eq!(create("k2", order(bad)).await.0, StatusCode::BAD_REQUEST, "{bad}");
    }
    let anonymous = Request::post("/yookassa/v3/payments").header("idempotence-key", "k3");
    assert_eq!(it.send(anonymous, order("500.00")).await.0, StatusCode::UNAUTHORIZED);

    let page = payment["confirmation"]["confirmation_url"].as_str().unwrap().to_owned();
    let shown = it.send(Request::get(page.strip_prefix("http://sandbox.example").unwrap()), "").await.2;
    assert!(shown.contains("500.00 ₽") && shown.contains("&lt;баланса&gt;") && shown.contains("Песочница"), "{shown}");
    let shown = it.click(&page, "pay-twice").await;
    assert!(shown.contains("принято") && shown.contains("https:&#x2f;&#x2f;shop.example&#x2f;paid"), "{shown}");
    let told = it.told();
    assert_eq!(told.len(), 2, "the same notice twice");
    assert_eq!(told[0].2, told[1].2);
    assert_eq!((told[0].0.as_str(), &parsed(&told[0].2)["event"]), ("/webhook/yookassa", &json!("payment.succeeded")));
    let path = format!("/yookassa/v3/payments/{}", payment["id"].as_str().unwrap());
    let read = parsed(&it.send(Request::get(path).header("authorization", &auth), "").await.2);
    assert_eq!((&read["status"], &read["metadata"]["payment_id"]), (&json!("succeeded"), &json!("p1")));

    it.click(&page, "pay").await;
    assert!(it.told().is_empty(), "it is paid already");
    it.click(&page, "refund-part").await;
    let refund = parsed(&it.told()[0].2)["object"].clone();
    assert_eq!((&refund["amount"]["value"], &refund["payment_id"]), (&json!("250.00"), &payment["id"]));
    let path = format!("/yookassa/v3/refunds/{}", refund["id"].as_str().unwrap());
    assert_eq!(it.send(Request::get(path).header("authorization", &auth), "").await.0, StatusCode::OK);
    it.click(&page, "refund").await;
    assert_eq!(parsed(&it.told()[0].2)["object"]["amount"]["value"], "250.00");
    it.click(&page, "refund").await;
    assert!(it.told().is_empty(), "nothing is left");

    let other = parsed(&create("k4", order("100.00")).await.2);
    it.click(other["confirmation"]["confirmation_url"].as_str().unwrap(), "decline").await;
    assert_eq!(parsed(&it.told()[0].2)["event"], "payment.canceled");
}

#[tokio::test]
async fn robokassa_takes_signed_orders_and_tells_late() {
    let it = Fixture::new().await;
    let order = |password: &str| {
        let sum = "500.00";
        let signature = signature::md5_hex(&format!("shop:{sum}:7:{password}:Shp_payment=p1"));
        format!(
            "/robokassa/Merchant/Index.aspx?MerchantLogin=shop&OutSum={sum}&InvId=7&Description=%D0%9F&SignatureValue={signature}&Shp_payment=p1"
        )
    };
    assert_eq!(it.send(Request::get(order("wrong")), "").await.0, StatusCode::BAD_REQUEST);
    let (status, headers, _) = it.send(Request::get(order(&it.credentials.robokassa_password1)), "").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let page = headers["location"].to_str().unwrap().to_owned();
    let shown = it.click(&page, "pay-later").await;
    assert!(it.told().is_empty() && shown.contains("Отправить уведомление"), "{shown}");
    it.click(&page, "notify").await;
    let told = it.told();
    let [(path, _, body)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(path, "/webhook/robokassa");
    let signed = format!("500.000000:7:{}:Shp_payment=p1", it.credentials.robokassa_password2);
    assert!(body.contains("OutSum=500.000000&InvId=7"), "{body}");
    assert!(body.contains(&signature::md5_hex(&signed).to_uppercase()), "{body}");
    it.click(&page, "repeat").await;
    assert_eq!(it.told()[0].2, *body, "word for word");
    let asked = signature::md5_hex(&format!("shop:7:{}", it.credentials.robokassa_password2));
    let path = "/robokassa/Merchant/WebService/Service.asmx/OpStateExt?MerchantLogin=shop&InvoiceID=7&Signature=";
    let state = it.send(Request::get(format!("{path}{asked}")), "").await.2;
    assert!(state.contains("<State><Code>100</Code>"), "{state}");
    assert!(it.send(Request::get(format!("{path}0")), "").await.2.contains("<Result><Code>1</Code>"));
}

#[tokio::test]
async fn cloudpayments_asks_first() {
    let it = Fixture::new().await;
    let auth = signature::basic(&it.credentials.cloudpayments_public_id, &it.credentials.cloudpayments_api_secret);
    let call = |path: &str, body: Value| {
        let request =
            Request::post(path.to_owned()).header("authorization", &auth).header("content-type", "application/json");
        it.send(request, body.to_string())
    };
    let order = json!({ "Amount": 500.5, "Currency": "RUB", "Description": "Пополнение", "InvoiceId": "p1" });
    let created = parsed(&call("/cloudpayments/orders/create", order).await.2);
    let find = || call("/cloudpayments/v2/payments/find", json!({ "InvoiceId": "p1" }));
    assert_eq!(parsed(&find().await.2)["Success"], false, "nobody has tried to pay");
    it.click(created["Model"]["Url"].as_str().unwrap(), "pay").await;
    let told = it.told();
    let paths: Vec<_> = told.iter().map(|(path, ..)| path.as_str()).collect();
    assert_eq!(paths, ["/webhook/cloudpayments/check", "/webhook/cloudpayments/pay"]);
    let (_, headers, body) = &told[1];
    let signature = signature::hmac_base64(&it.credentials.cloudpayments_api_secret, body);
    assert_eq!(headers["content-hmac"], signature.as_str());
    assert!(body.contains("Amount=500.50") && body.contains("Status=Completed"), "{body}");
    let found = parsed(&find().await.2);
    assert_eq!((&found["Model"]["Status"], &found["Model"]["Amount"]), (&json!("Completed"), &json!(500.5)));
    it.click(created["Model"]["Url"].as_str().unwrap(), "refund").await;
    assert_eq!(it.told()[0].0, "/webhook/cloudpayments/refund");
}

#[tokio::test]
async fn tbank_tells_of_a_payment_in_both_orders() {
    let it = Fixture::new().await;
    let call = |method: &str, mut message: Map<String, Value>| {
        message.insert("TerminalKey".to_owned(), it.credentials.tbank_terminal_key.clone().into());
        let token = tbank::token(&message, &it.credentials.tbank_password);
        message.insert("Token".to_owned(), token.into());
        it.send(Request::post(format!("/tbank/v2/{method}")), Value::Object(message).to_string())
    };
    let fields = |value: Value| value.as_object().unwrap().clone();
    let mut orders = Vec::new();
    for order in ["p1", "p2"] {
        let opened = parsed(&call("Init", fields(json!({ "Amount": 50_000, "OrderId": order }))).await.2);
        assert_eq!((&opened["Success"], &opened["Status"]), (&json!(true), &json!("NEW")));
        it.click(opened["PaymentURL"].as_str().unwrap(), "pay").await;
        let told = it.told();
        orders.push(
            told.iter().map(|(_, _, body)| parsed(body)["Status"].as_str().unwrap().to_owned()).collect::<Vec<_>>(),
        );
        let notice = fields(parsed(&told[0].2));
        assert_eq!(notice["Token"], tbank::token(&notice, &it.credentials.tbank_password).as_str());
        let state = parsed(&call("GetState", fields(json!({ "PaymentId": opened["PaymentId"] }))).await.2);
        assert_eq!(state["Status"], "CONFIRMED");
    }
    assert_eq!(orders, [["AUTHORIZED", "CONFIRMED"], ["CONFIRMED", "AUTHORIZED"]]);
    let unsigned =
        json!({ "TerminalKey": it.credentials.tbank_terminal_key, "Amount": 50_000, "OrderId": "p3", "Token": "0" });
    let refused = parsed(&it.send(Request::post("/tbank/v2/Init"), unsigned.to_string()).await.2);
    assert_eq!((&refused["Success"], &refused["ErrorCode"]), (&json!(false), &json!("204")));
}

#[tokio::test]
async fn of_many_clicks_one_pays() {
    let it = Fixture::new().await;
    let auth = signature::basic(&it.credentials.cloudpayments_public_id, &it.credentials.cloudpayments_api_secret);
    let order = json!({ "Amount": 100, "Description": "Пополнение", "InvoiceId": "p1" }).to_string();
    let request = Request::post("/cloudpayments/orders/create").header("authorization", &auth);
    let created = parsed(&it.send(request.header("content-type", "application/json"), order).await.2);
    let page = created["Model"]["Url"].as_str().unwrap();
    futures_util::future::join_all((0..8).map(|_| it.click(page, "pay"))).await;
    let told = it.told();
    assert_eq!(told.iter().filter(|(path, ..)| path.ends_with("/pay")).count(), 1, "{told:?}");
}
