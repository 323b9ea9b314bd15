//! Answers of `OpStateExt`.
//!
//! | state | meaning | update |
//! |---|---|---|
//! | 5 | created | nothing |
//! | 10 | cancelled: expired, or the payer gave up | canceled |
//! | 20 | held | authorized |
//! | 50 | received, being credited to the shop | nothing: 60 may follow |
//! | 60 | crediting failed, returned to the payer | canceled: never ours (a shop's refunds are not here) |
//! | 80 | suspended by the provider's security | nothing |
//! | 100 | credited to the shop | paid |
//!
//! `OutSum` is credited to the shop, less the fee; `IncSum` is paid by the payer and may include the fee. Either may be
//! the amount of the order, depending on who bears the fee. The amount of an order cannot be changed without the first
//! password, so the matching one is reported; if none matches, `IncSum`.

use domain::kernel::Amount;
use domain::payments::provider::{PaymentEvent, PaymentProviderError, PaymentRef, PaymentUpdate};
use roxmltree::{Document, Node};

use super::{OUR_PARAMETER, our_id};
use crate::payments::{ROUBLES, Unreadable, money, told_unreadable};

/// Parses an answer about a payment.
pub(super) fn read(answer: &[u8], asked: &PaymentRef) -> Result<Option<PaymentUpdate>, PaymentProviderError> {
    let broken = |reason: &str| PaymentProviderError::Broken(reason.to_owned());
    let text = std::str::from_utf8(answer).map_err(|_| broken("the answer is not UTF-8"))?;
    // The parser rejects DTDs, so entities cannot expand.
    let document = Document::parse(text).map_err(|_| broken("the answer is not XML"))?;
    let root = document.root_element();
    match text_at(root, &["Result", "Code"]) {
        Some("0") => {}
        // No such operation.
        Some("3") => return Ok(None),
        Some("1") => return Err(PaymentProviderError::Rejected("1: the signature is wrong".to_owned())),
        Some("2") => return Err(PaymentProviderError::Rejected("2: there is no such shop".to_owned())),
        Some("4") => {
            return Err(PaymentProviderError::Rejected("4: there are two operations of this number".to_owned()));
        }
        Some("1000") => return Err(broken("1000: an internal error of the service")),
        _ => return Err(broken("the answer has an unknown result")),
    }
    let event = match text_at(root, &["State", "Code"]) {
        Some("100") => PaymentEvent::Paid,
        Some("20") => PaymentEvent::Authorized,
        Some("10" | "60") => PaymentEvent::Canceled,
        Some("5" | "50" | "80") => return Ok(None),
        _ => return Err(broken("the answer has an unknown state")),
    };
    let amount = match event {
        PaymentEvent::Canceled => asked.amount,
        _ => amount(root, asked).map_err(told_unreadable)?,
    };
    // Another installation of the same shop may have used the order number before.
    let payment = match our_parameter(root) {
        Some(id) => our_id(id).map_err(told_unreadable)?,
        None => asked.payment,
    };
    Ok(Some(PaymentUpdate {
        payment,
        number: Some(asked.number),
        provider_payment: asked.number.to_string(),
        event,
        amount,
        currency: ROUBLES.to_owned(),
        test: false,
    }))
}

fn amount(root: Node<'_, '_>, asked: &PaymentRef) -> Result<Amount, Unreadable> {
    let at = |name| text_at(root, &["Info", name]).map(money::kopecks).transpose();
    let (given, got) = (at("IncSum")?, at("OutSum")?);
    let fits = [given, got].into_iter().flatten().find(|amount| *amount == asked.amount);
    fits.or(given).or(got).ok_or_else(|| Unreadable::new("the answer has no amount"))
}

fn our_parameter<'a>(root: Node<'a, '_>) -> Option<&'a str> {
    let fields = child(root, "UserField")?;
    let ours = fields.children().find(|field| text_at(*field, &["Name"]) == Some(OUR_PARAMETER))?;
    text_at(ours, &["Value"])
}

fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| child.tag_name().name() == name)
}

fn text_at<'a>(node: Node<'a, '_>, path: &[&str]) -> Option<&'a str> {
    let node = path.iter().try_fold(node, |node, name| child(node, name))?;
    node.text().map(str::trim)
}
