//! Fiscal receipts (54-FZ) in each provider's format.
//!
//! A receipt has one item: the order, named by its description. It is sent if the provider is set up for receipts and
//! the payer's e-mail is known. Sources of the codes: yookassa.ru, "Reference for receipt parameter values" (2026);
//! docs.robokassa.ru, "Fiscalization"; developers.cloudkassir.ru, `CustomerReceipt` (version 3.4.5);
//! developer.tbank.ru, `Receipt`.

use std::str::FromStr;

use domain::payments::provider::{Order, PaymentProviderError};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::money::{roubles, roubles_number};
use super::told_unreadable;

/// Values of every receipt of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiptSettings {
    pub vat: Vat,
    pub method: SettlementMethod,
    pub subject: SettlementSubject,
    /// Required by T-Bank; the others default to that of the account.
    pub taxation: Option<Taxation>,
}

/// A name that is not among the expected ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected one of: {words}", words = .0.trim_end())]
pub struct UnknownWord(&'static str);

/// An enumeration whose values have names.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$value_doc])* $value,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$value),+];

            /// The name in variables.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $word,)+
                }
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                let known = Self::ALL.iter().copied().find(|value| value.as_str() == text);
                known.ok_or(UnknownWord(concat!($($word, " "),+)))
            }
        }
    };
}

words! {
    /// VAT rate. The rates 20 % and 20/120 ended with 2025.
    Vat {
        /// Without VAT.
        None = "none",
        /// 0 %.
        Vat0 = "vat0",
        /// 5 %.
        Vat5 = "vat5",
        /// 7 %.
        Vat7 = "vat7",
        /// 10 %.
        Vat10 = "vat10",
        /// 22 %.
        Vat22 = "vat22",
        /// 5/105.
        Vat105 = "vat105",
        /// 7/107.
        Vat107 = "vat107",
        /// 10/110.
        Vat110 = "vat110",
        /// 22/122.
        Vat122 = "vat122",
    }
}

words! {
    /// Settlement method (tag 1214): those for a product without credit, which all providers name alike.
    SettlementMethod {
        /// Paid in full before it is delivered.
        FullPrepayment = "full_prepayment",
        /// Paid before it is known what will be delivered.
        Advance = "advance",
        /// Paid in full when it is delivered.
        FullPayment = "full_payment",
    }
}

words! {
    /// Settlement subject (tag 1212): those that all providers name alike.
    SettlementSubject {
        /// Goods.
        Commodity = "commodity",
        /// Work.
        Job = "job",
        /// A service.
        Service = "service",
        /// The right to use intellectual property.
        IntellectualActivity = "intellectual_activity",
        /// A payment, such as an advance.
        Payment = "payment",
        /// Anything else.
        Another = "another",
    }
}

words! {
    /// Taxation system (tag 1055).
    Taxation {
        /// General.
        Osn = "osn",
        /// Simplified, income.
        UsnIncome = "usn_income",
        /// Simplified, income less costs.
        UsnIncomeOutcome = "usn_income_outcome",
        /// Agricultural.
        Esn = "esn",
        /// Patent.
        Patent = "patent",
    }
}

impl ReceiptSettings {
    /// Receipts of prepaid services.
    pub const fn new(vat: Vat) -> Self {
        Self { vat, method: SettlementMethod::FullPrepayment, subject: SettlementSubject::Service, taxation: None }
    }

    /// ЮKassa's `receipt`.
    pub(super) fn yookassa(self, order: &Order, email: &str) -> Value {
        let mut receipt = json!({
            "customer": { "email": email },
            "items": [{
                "description": order.description,
                "quantity": "1.00",
                "amount": { "value": roubles(order.amount), "currency": "RUB" },
                "vat_code": self.vat.yookassa(),
                "payment_mode": self.method.as_str(),
                "payment_subject": self.subject.as_str(),
            }],
        });
        if let (Some(taxation), Some(receipt)) = (self.taxation, receipt.as_object_mut()) {
            receipt.insert("tax_system_code".to_owned(), taxation.yookassa().into());
        }
        receipt
    }

    /// Robokassa's `Receipt`, as JSON text. The e-mail goes beside it.
    pub(super) fn robokassa(self, order: &Order) -> Result<String, PaymentProviderError> {
        let item = RobokassaItem {
            name: &order.description,
            quantity: 1,
            sum: roubles_number(order.amount).map_err(told_unreadable)?,
            payment_method: self.method.as_str(),
            payment_object: self.subject.as_str(),
            tax: self.vat.as_str(),
        };
        let receipt = RobokassaReceipt { sno: self.taxation.map(Taxation::as_str), items: [item] };
        serde_json::to_string(&receipt).map_err(|error| PaymentProviderError::Rejected(error.to_string()))
    }

    /// The `CustomerReceipt` of CloudKassir, which comes in the `JsonData` of a CloudPayments order.
    pub(super) fn cloudpayments(self, order: &Order, email: &str) -> Result<CustomerReceipt, PaymentProviderError> {
        let amount = || roubles_number(order.amount).map_err(told_unreadable);
        Ok(CustomerReceipt {
            items: [CustomerReceiptItem {
                label: order.description.clone(),
                price: amount()?,
                quantity: 1,
                amount: amount()?,
                vat: self.vat.cloudkassir(),
                method: self.method.cloudkassir(),
                object: self.subject.cloudkassir(),
            }],
            taxation_system: self.taxation.map(Taxation::cloudkassir),
            email: email.to_owned(),
            amounts: Amounts { electronic: amount()? },
        })
    }

    /// T-Bank's `Receipt`. Fails if the taxation is not set.
    pub(super) fn tbank(self, order: &Order, email: &str) -> Result<Value, PaymentProviderError> {
        let taxation = self
            .taxation
            .ok_or_else(|| PaymentProviderError::Rejected("receipts of T-Bank need the taxation".to_owned()))?;
        let kopecks = order.amount.units();
        Ok(json!({
            "Email": email,
            "Taxation": taxation.as_str(),
            "Items": [{
                "Name": order.description,
                "Price": kopecks,
                "Quantity": 1,
                "Amount": kopecks,
                "Tax": self.vat.as_str(),
                "PaymentMethod": self.method.as_str(),
                "PaymentObject": self.subject.as_str(),
            }],
        }))
    }
}

#[derive(Serialize)]
struct RobokassaReceipt<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    sno: Option<&'static str>,
    items: [RobokassaItem<'a>; 1],
}

#[derive(Serialize)]
struct RobokassaItem<'a> {
    name: &'a str,
    quantity: u32,
    sum: Box<RawValue>,
    payment_method: &'static str,
    payment_object: &'static str,
    tax: &'static str,
}

/// A receipt for CloudKassir.
#[derive(Serialize)]
pub(super) struct CustomerReceipt {
    #[serde(rename = "Items")]
    items: [CustomerReceiptItem; 1],
    #[serde(rename = "taxationSystem", skip_serializing_if = "Option::is_none")]
    taxation_system: Option<u8>,
    email: String,
    amounts: Amounts,
}

#[derive(Serialize)]
struct CustomerReceiptItem {
    label: String,
    price: Box<RawValue>,
    quantity: u32,
    amount: Box<RawValue>,
    vat: Option<u8>,
    method: u8,
    object: u8,
}

#[derive(Serialize)]
struct Amounts {
    electronic: Box<RawValue>,
}

impl Vat {
    const fn yookassa(self) -> u8 {
        match self {
            Self::None => 1,
            Self::Vat0 => 2,
            Self::Vat10 => 3,
            Self::Vat110 => 5,
            Self::Vat5 => 7,
            Self::Vat7 => 8,
            Self::Vat105 => 9,
            Self::Vat107 => 10,
            Self::Vat22 => 11,
            Self::Vat122 => 12,
        }
    }

    const fn cloudkassir(self) -> Option<u8> {
        match self {
            Self::None => None,
            Self::Vat0 => Some(0),
            Self::Vat5 => Some(5),
            Self::Vat7 => Some(7),
            Self::Vat10 => Some(10),
            Self::Vat22 => Some(22),
            Self::Vat105 => Some(105),
            Self::Vat107 => Some(107),
            Self::Vat110 => Some(110),
            Self::Vat122 => Some(122),
        }
    }
}

impl SettlementMethod {
    const fn cloudkassir(self) -> u8 {
        match self {
            Self::FullPrepayment => 1,
            Self::Advance => 3,
            Self::FullPayment => 4,
        }
    }
}

impl SettlementSubject {
    const fn cloudkassir(self) -> u8 {
        match self {
            Self::Commodity => 1,
            Self::Job => 3,
            Self::Service => 4,
            Self::IntellectualActivity => 9,
            Self::Payment => 10,
            Self::Another => 13,
        }
    }
}

impl Taxation {
    const fn yookassa(self) -> u8 {
        match self {
            Self::Osn => 1,
            Self::UsnIncome => 2,
            Self::UsnIncomeOutcome => 3,
            Self::Esn => 5,
            Self::Patent => 6,
        }
    }

    const fn cloudkassir(self) -> u8 {
        match self {
            Self::Osn => 0,
            Self::UsnIncome => 1,
            Self::UsnIncomeOutcome => 2,
            Self::Esn => 4,
            Self::Patent => 5,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_and_others_refused() {
        for vat in Vat::ALL {
            assert_eq!(vat.as_str().parse(), Ok(*vat));
        }
        assert_eq!("full_prepayment".parse(), Ok(SettlementMethod::FullPrepayment));
        assert_eq!("service".parse(), Ok(SettlementSubject::Service));
        assert_eq!("usn_income".parse(), Ok(Taxation::UsnIncome));
        assert!("vat20".parse::<Vat>().is_err(), "there is no such rate any more");
        assert!("envd".parse::<Taxation>().is_err(), "nor such a taxation");
        assert_eq!(
            "".parse::<SettlementMethod>().unwrap_err().to_string(),
            "expected one of: full_prepayment advance full_payment"
        );
    }

    #[test]
    fn rates_have_the_codes_of_the_references() {
        let codes: Vec<_> = Vat::ALL.iter().map(|vat| (vat.as_str(), vat.yookassa(), vat.cloudkassir())).collect();
        assert_eq!(
            codes,
            [
                ("none", 1, None),
                ("vat0", 2, Some(0)),
                ("vat5", 7, Some(5)),
                ("vat7", 8, Some(7)),
                ("vat10", 3, Some(10)),
                ("vat22", 11, Some(22)),
                ("vat105", 9, Some(105)),
                ("vat107", 10, Some(107)),
                ("vat110", 5, Some(110)),
                ("vat122", 12, Some(122)),
            ]
        );
        let codes: Vec<_> =
            Taxation::ALL.iter().map(|taxation| (taxation.yookassa(), taxation.cloudkassir())).collect();
        assert_eq!(codes, [(1, 0), (2, 1), (3, 2), (5, 4), (6, 5)]);
    }
}
