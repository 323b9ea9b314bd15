//! Robokassa's protocol.

use std::collections::BTreeMap;

use domain::kernel::Amount;
use domain::payments::provider::{
    Notification, NotificationError, Order, PaymentEvent, PaymentProvider as _, PaymentProviderError, PaymentUpdate,
    Verdict,
};
use reqwest::Url;
use vendors::payments::{Robokassa, RobokassaSettings, SignatureHash};

use super::{
    Call, PASSWORD2, PAYMENT, assert_forged, assert_malformed, hex, known, order, payment, receipt, report, robokassa,
    robokassa_settings,
};
use crate::fixtures::{TestClock, patient};
use crate::server::{Answer, Server};

const NOWHERE: &str = "http://127.0.0.1:1";

fn md5(text: &str) -> String {
    use md5::{Digest as _, Md5};
    hex(&Md5::digest(text))
}

fn with(change: impl FnOnce(&mut RobokassaSettings)) -> Robokassa {
    let mut settings = robokassa_settings(NOWHERE, patient());
    change(&mut settings);
    Robokassa::new(settings, TestClock::new())
}

async fn page(robokassa: &Robokassa, order: &Order) -> (String, BTreeMap<String, String>) {
    let url = Url::parse(&robokassa.open(order).await.unwrap().url).unwrap();
    let pairs: Vec<_> = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    let fields: BTreeMap<_, _> = pairs.iter().cloned().collect();
    assert_eq!(fields.len(), pairs.len(), "no field comes twice: {url}");
    (url.query().unwrap().to_owned(), fields)
}

/// A paid order as Robokassa tells it, with the signature of `signed`.
fn notice_signed(sum: &str, signed: &str) -> String {
    let signature = md5(signed).to_uppercase();
    format!(
        "out_summ={sum}&OutSum={sum}&inv_id=77&InvId=77&crc={signature}&SignatureValue={signature}&PaymentMethod=BankCard&IncSum={sum}\
        &IncCurrLabel=BankCardPSR&EMail=user%40example.com&Fee=0.0&Shp_payment={PAYMENT}"
    )
}

fn notice(sum: &str) -> String {
    notice_signed(sum, &format!("{sum}:77:{PASSWORD2}:Shp_payment={PAYMENT}"))
}

async fn read(robokassa: &Robokassa, body: &str) -> Result<Notification, NotificationError> {
    let content_type = "application/x-www-form-urlencoded";
    Call { content_type, body: body.as_bytes(), ..Call::default() }.read_by(robokassa).await
}

fn paid() -> PaymentUpdate {
    PaymentUpdate { number: Some(77), ..report("77", PaymentEvent::Paid) }
}

#[tokio::test]
async fn the_page_is_an_address_that_is_signed() {
    let (query, fields) = page(&with(|_| ()), &order()).await;
    let back = format!("https://app.example.com/pay?id={PAYMENT}&x=1");
    let signature = md5(&format!("demo:990.00:77:{back}:GET:{back}:GET:testPass1:Shp_payment={PAYMENT}"));
    let wanted = [
        ("Culture", "ru"),
        ("Description", "Пополнение: 9900 \"райтов\""),
        ("Email", "user+1@example.com"),
        ("ExpirationDate", "2026-01-21T12:49:35.0000000+00:00"),
        ("FailUrl2", &back),
        ("FailUrl2Method", "GET"),
        ("InvId", "77"),
        ("MerchantLogin", "demo"),
        ("OutSum", "990.00"),
        ("Shp_payment", PAYMENT),
        ("SignatureValue", &signature),
        ("SuccessUrl2", &back),
        ("SuccessUrl2Method", "GET"),
    ];
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(fields, wanted);
    assert!(query.contains("Email=user%2B1%40example.com"), "{query}");
    let opened = with(|_| ()).open(&order()).await.unwrap();
    assert!(
        opened.url.starts_with("https://auth.robokassa.ru/Merchant/Index.aspx?MerchantLogin=demo&"),
        "{}",
        opened.url
    );
    assert_eq!(opened.provider_payment.as_deref(), Some("77"));
}

#[tokio::test]
async fn test_mode_and_the_shops_hash_are_in_the_address() {
    let (_, fields) = page(&with(|settings| settings.test = true), &order()).await;
    assert_eq!(fields["IsTest"], "1");
    let (_, fields) =
        page(&with(|settings| settings.hash = SignatureHash::Sha512), &Order { email: None, ..order() }).await;
    assert_eq!(fields["SignatureValue"].len(), 128);
    assert!(!fields.contains_key("Email") && !fields.contains_key("IsTest"));
}

#[tokio::test]
async fn a_receipt_is_encoded_once_for_the_signature_and_twice_on_the_wire() {
    let (query, fields) = page(&with(|settings| settings.receipt = Some(receipt())), &order()).await;
    let once = &fields["Receipt"];
    assert!(query.contains("&Receipt=%257B%2522sno%2522"), "{query}");
    let back = format!("https://app.example.com/pay?id={PAYMENT}&x=1");
    let signed = format!("demo:990.00:77:{once}:{back}:GET:{back}:GET:testPass1:Shp_payment={PAYMENT}");
    assert_eq!(fields["SignatureValue"], md5(&signed));
    let decoded = Url::parse(&format!("https://example.com/?r={once}")).unwrap();
    let json = decoded.query_pairs().next().unwrap().1.into_owned();
    assert_eq!(
        json,
        r#"{"sno":"usn_income","items":[{"name":"Пополнение: 9900 \"райтов\"","quantity":1,"sum":990.00,"payment_method":"full_prepayment","payment_object":"service","tax":"vat5"}]}"#
    );
}

#[tokio::test]
async fn a_paid_order_is_told_by_post_or_get() {
    let robokassa = robokassa(NOWHERE, patient());
    for sum in ["990.000000", "990.00", "990"] {
        assert_eq!(read(&robokassa, &notice(sum)).await.unwrap(), Notification::Update(paid()), "{sum}");
        let query = notice(sum);
        let got = Call { query: &query, ..Call::default() }.read_by(&robokassa).await.unwrap();
        assert_eq!(got, Notification::Update(paid()), "{sum}");
    }
}

/// Vectors of another implementation: amounts as they were received, then further parameters of the shop.
#[tokio::test]
async fn signatures_of_notices_are_those_of_other_implementations() {
    let sha256 = with(|settings| settings.hash = SignatureHash::Sha256);
    let md5 = robokassa(NOWHERE, patient());
    for (robokassa, sum, shop, signature) in [
        (&md5, "990.000000", "", "6e98b2eed4f52a13c72833543d4b8993"),
        (&sha256, "990.000000", "", "24522cdd273971b3f6e672fb04008661b99e14323e829d27996c3d0a2c0b3e7f"),
        (&md5, "990.00", "", "e566020d229e6a91e228c4ec7a3e1d4a"),
        (&sha256, "990.00", "", "77ed337a29995a620b9c85265a5fd714a2eb28ddd5257d283b525c6f6cca0313"),
        (&md5, "990.000000", "&Shp_user=42&Shp_plan=pro", "74451514f55c1e3c49edc10d9300b05d"),
        (
            &sha256,
            "990.000000",
            "&Shp_plan=pro&Shp_user=42",
            "6d8824f4d0b4a97ad35d71e079df576d56931bee3bf9b7a82c8ad8fe449071b0",
        ),
    ] {
        for signature in [signature.to_owned(), signature.to_uppercase()] {
            // It is proved, but has no order of ours.
            let body = format!("OutSum={sum}&InvId=77&SignatureValue={signature}{shop}");
            assert_malformed(read(robokassa, &body).await, &body);
            let other = body.replace("InvId=77", "InvId=78");
            assert_forged(read(robokassa, &other).await, &other);
        }
    }
}

#[tokio::test]
async fn whatever_is_changed_in_a_notice_spoils_its_signature() {
    let robokassa = robokassa(NOWHERE, patient());
    let good = notice("990.000000");
    for (from, to) in [
        ("OutSum=990.000000", "OutSum=990.00"),
        ("OutSum=990.000000", "OutSum=9900.000000"),
        ("&InvId=77", "&InvId=78"),
        (PAYMENT, "019be060-0000-7000-8000-000000000002"),
        ("Shp_payment=", "Shp_other="),
        ("&Fee=0.0", "&Shp_more=1"),
        ("&SignatureValue=", "&Signature="),
        ("&SignatureValue=", "&SignatureValue=0"),
    ] {
        let changed = good.replace(from, to);
        assert_ne!(changed, good);
        assert_forged(read(&robokassa, &changed).await, &changed);
    }
    let first = notice_signed("990.00", &format!("990.00:77:testPass1:Shp_payment={PAYMENT}"));
    assert_forged(read(&robokassa, &first).await, "the first password signs the page to return to, not the notice");
}

#[tokio::test]
async fn a_proved_notice_can_be_malformed() {
    let robokassa = robokassa(NOWHERE, patient());
    for sum in ["990.005", "-990.00", "9e2", "99999999999999999999", "NaN", "990,00"] {
        assert_malformed(read(&robokassa, &notice(sum)).await, sum);
    }
    for number in ["0x4d", "-1", "4294967296"] {
        let signature = md5(&format!("990.00:{number}:{PASSWORD2}:Shp_payment={PAYMENT}"));
        let body = format!("OutSum=990.00&InvId={number}&SignatureValue={signature}&Shp_payment={PAYMENT}");
        assert_malformed(read(&robokassa, &body).await, number);
    }
    let twice = format!("{}&OutSum=1.00", notice("990.00"));
    for body in ["", "OutSum=1", r#"{"data":{"state":"HOLD","invId":77}}"#, &twice] {
        assert_malformed(read(&robokassa, body).await, body);
    }
}

#[tokio::test]
async fn a_test_notice_says_so_whatever_its_flag() {
    let flagged = format!("{}&IsTest=1", notice("990.00"));
    let told = read(&robokassa(NOWHERE, patient()), &flagged).await.unwrap();
    assert_eq!(told, Notification::Update(PaymentUpdate { test: true, ..paid() }));
    let told = read(&with(|settings| settings.test = true), &notice("990.00")).await.unwrap();
    assert_eq!(
        told,
        Notification::Update(PaymentUpdate { test: true, ..paid() }),
        "the flag is not signed, the password is a test one"
    );
}

#[test]
fn the_answer_has_the_number() {
    let robokassa = robokassa(NOWHERE, patient());
    for verdict in
        [Verdict::Accepted, Verdict::UnknownPayment, Verdict::WrongAmount, Verdict::Expired, Verdict::Refused]
    {
        let answer = robokassa.acknowledge(&Notification::Update(paid()), verdict);
        assert_eq!((answer.content_type, answer.body.as_str()), ("text/plain; charset=utf-8", "OK77"));
    }
}

/// An answer of `OpStateExt`.
fn state(code: u16, more: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?>
<OperationStateResponse xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns="http://merchant.roboxchange.com/WebService/">
  <Result><Code>0</Code></Result>
  <State><Code>{code}</Code><RequestDate>2026-01-21T14:49:35.1234567+03:00</RequestDate></State>
  {more}
</OperationStateResponse>"#
    )
}

fn info(given: &str, got: &str) -> String {
    format!(
        "<Info><IncCurrLabel>BankCardPSR</IncCurrLabel><IncSum>{given}</IncSum><OutSum>{got}</OutSum><OpKey>0005F891</OpKey></Info>\
         <UserField><Field><Name>Shp_payment</Name><Value>{PAYMENT}</Value></Field></UserField>"
    )
}

async fn looked_up(answer: Answer) -> (Server, Result<Vec<PaymentUpdate>, PaymentProviderError>) {
    let server = Server::start(move |_, _| answer.clone()).await;
    let told = robokassa(&server.url(), patient()).look_up(&known(Some("77"))).await;
    (server, told)
}

#[tokio::test]
async fn a_payment_is_looked_up_by_its_number() {
    let (server, told) = looked_up(Answer::ok(state(100, &info("990.000000", "950.400000")))).await;
    assert_eq!(told.unwrap(), [paid()]);
    let seen = server.seen();
    let [get] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!(get.method, "GET");
    assert_eq!(
        get.path,
        "/Service.asmx/OpStateExt?MerchantLogin=demo&InvoiceID=77&Signature=07f9f24d84bb84d4bf09f7eea5384646"
    );
}

#[tokio::test]
async fn every_state_has_its_meaning() {
    for (code, event) in [
        (5, None),
        (10, Some(PaymentEvent::Canceled)),
        (20, Some(PaymentEvent::Authorized)),
        (50, None),
        (60, Some(PaymentEvent::Canceled)),
        (80, None),
        (100, Some(PaymentEvent::Paid)),
    ] {
        let (_server, told) = looked_up(Answer::ok(state(code, &info("990.00", "990.00")))).await;
        let wanted: Vec<_> = event.map(|event| PaymentUpdate { event, ..paid() }).into_iter().collect();
        assert_eq!(told.unwrap(), wanted, "{code}");
    }
    let (_server, told) = looked_up(Answer::ok(state(10, ""))).await;
    assert_eq!(
        told.unwrap(),
        [PaymentUpdate { event: PaymentEvent::Canceled, ..paid() }],
        "nobody paid, so there is no amount"
    );
}

#[tokio::test]
async fn the_amount_is_the_one_that_fits_whoever_bears_the_fee() {
    for (given, got, kopecks) in [
        ("990.000000", "950.4", 99_000),
        ("1029.60", "990.000000", 99_000),
        ("500.00", "480.00", 50_000),
        ("2000.00", "1980.00", 200_000),
    ] {
        let (_server, told) = looked_up(Answer::ok(state(100, &info(given, got)))).await;
        assert_eq!(told.unwrap(), [PaymentUpdate { amount: Amount::new(kopecks), ..paid() }], "{given} {got}");
    }
}

#[tokio::test]
async fn another_order_of_the_same_number_is_told_as_such() {
    let other = "019be060-0000-7000-8000-00000000000f";
    let (_server, told) = looked_up(Answer::ok(state(100, &info("990.00", "990.00").replace(PAYMENT, other)))).await;
    assert_eq!(told.unwrap(), [PaymentUpdate { payment: other.parse().unwrap(), ..paid() }]);
    let unlabelled = "<Info><IncSum>990.00</IncSum></Info>";
    let (_server, told) = looked_up(Answer::ok(state(100, unlabelled))).await;
    assert_eq!(told.unwrap()[0].payment, payment());
}

#[tokio::test]
async fn results_and_garbage_have_their_meaning() {
    let result =
        |code: &str| format!("<OperationStateResponse><Result><Code>{code}</Code></Result></OperationStateResponse>");
    let (_server, told) = looked_up(Answer::ok(result("3"))).await;
    assert_eq!(told.unwrap(), [], "nobody has opened the page yet");
    for code in ["1", "2", "4"] {
        let (_server, told) = looked_up(Answer::ok(result(code))).await;
        assert!(matches!(told, Err(PaymentProviderError::Rejected(_))), "{code}: {told:?}");
    }
    let bomb = r#"<!DOCTYPE a [<!ENTITY x "xxxxxxxx"><!ENTITY y "&x;&x;&x;&x;">]><a>&y;</a>"#;
    let deep = "<a>".repeat(50_000);
    let bodies = [
        result("1000"),
        result("7"),
        String::new(),
        "not XML".to_owned(),
        "<a/>".to_owned(),
        bomb.to_owned(),
        deep,
        state(70, ""),
        state(100, ""),
        state(100, &info("many", "")),
        state(100, &info("990.00", "990.00").replace(PAYMENT, "42")),
    ];
    for body in bodies {
        let (_server, told) = looked_up(Answer::ok(&body)).await;
        assert!(matches!(told, Err(PaymentProviderError::Broken(_))), "{body:.100}: {told:?}");
    }
    let (_server, told) = looked_up(Answer::ok(b"<a>\xff</a>")).await;
    assert!(matches!(told, Err(PaymentProviderError::Broken(_))), "{told:?}");
}

#[tokio::test]
async fn test_payments_cannot_be_asked_about() {
    let server = Server::start(|_, _| Answer::ok("")).await;
    let settings = RobokassaSettings { test: true, ..robokassa_settings(&server.url(), patient()) };
    assert_eq!(Robokassa::new(settings, TestClock::new()).look_up(&known(Some("77"))).await.unwrap(), []);
    assert!(server.seen().is_empty());
}
