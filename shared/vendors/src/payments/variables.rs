//! Settings of payment providers from configuration variables.

use ipnet::IpNet;

use super::{
    CloudPaymentsSettings, PaymentProvidersSettings, ReceiptSettings, RobokassaSettings, TBankSettings, TIMEOUTS,
    YooKassaSettings,
};
use crate::variables::{Variables, malformed, url};
use crate::{MalformedVariable, Secret};

impl PaymentProvidersSettings {
    /// Reads the settings through `get`, which returns a variable's value unless it is unset or empty.
    ///
    /// A provider is configured if its key is set: `YOOKASSA_SECRET_KEY`, `ROBOKASSA_PASSWORD1`,
    /// `CLOUDPAYMENTS_API_SECRET`, `TBANK_PASSWORD`. It then needs its name (`YOOKASSA_SHOP_ID`, `ROBOKASSA_LOGIN`,
    /// `CLOUDPAYMENTS_PUBLIC_ID`, `TBANK_TERMINAL_KEY`; Robokassa also `ROBOKASSA_PASSWORD2`), may have other URLs
    /// (`*_BASE_URL`, `ROBOKASSA_PAYMENT_URL`, `ROBOKASSA_SERVICE_URL`), and is in test mode if `*_TEST` is `true`.
    /// `YOOKASSA_ADDRESSES` lists the networks that notifications come from, separated by commas; `ROBOKASSA_HASH` is
    /// the hash of signatures; `PAYMENT_NOTIFICATION_URL` is the address of our webhooks without the provider's name.
    ///
    /// Receipts are sent if `RECEIPT_VAT` is set; `RECEIPT_METHOD`, `RECEIPT_SUBJECT` and `RECEIPT_TAXATION`, which
    /// T-Bank requires, complete them. `PAYMENT_TIMEOUTS` is `connect/first_byte/silence/total` in milliseconds, for
    /// all providers.
    pub fn read<'v>(get: impl Fn(&str) -> Option<&'v str>) -> Result<Self, MalformedVariable> {
        let vars = Variables(&get);
        let timeouts = vars.timeouts("PAYMENT_TIMEOUTS", TIMEOUTS)?;
        let receipt = receipt(vars)?;
        let mut settings = Self::default();
        if let Some(key) = vars.secret("YOOKASSA_SECRET_KEY") {
            let mut yookassa = YooKassaSettings::new(vars.require("YOOKASSA_SHOP_ID")?, key);
            vars.url("YOOKASSA_BASE_URL", &mut yookassa.base_url)?;
            yookassa.test = vars.switch("YOOKASSA_TEST", false)?;
            if let Some(list) = vars.get("YOOKASSA_ADDRESSES") {
                yookassa.addresses = networks("YOOKASSA_ADDRESSES", list)?;
            }
            settings.yookassa = Some(YooKassaSettings { receipt, timeouts, ..yookassa });
        }
        if let Some(password) = vars.secret("ROBOKASSA_PASSWORD1") {
            let login = vars.require("ROBOKASSA_LOGIN")?;
            let second = Secret::new(vars.require("ROBOKASSA_PASSWORD2")?);
            let mut robokassa = RobokassaSettings::new(login, password, second);
            robokassa.hash = vars.word("ROBOKASSA_HASH")?.unwrap_or(robokassa.hash);
            robokassa.test = vars.switch("ROBOKASSA_TEST", false)?;
            vars.url("ROBOKASSA_PAYMENT_URL", &mut robokassa.payment_url)?;
            vars.url("ROBOKASSA_SERVICE_URL", &mut robokassa.service_url)?;
            settings.robokassa = Some(RobokassaSettings { receipt, timeouts, ..robokassa });
        }
        if let Some(secret) = vars.secret("CLOUDPAYMENTS_API_SECRET") {
            let mut cloudpayments = CloudPaymentsSettings::new(vars.require("CLOUDPAYMENTS_PUBLIC_ID")?, secret);
            vars.url("CLOUDPAYMENTS_BASE_URL", &mut cloudpayments.base_url)?;
            cloudpayments.test = vars.switch("CLOUDPAYMENTS_TEST", false)?;
            settings.cloudpayments = Some(CloudPaymentsSettings { receipt, timeouts, ..cloudpayments });
        }
        if let Some(password) = vars.secret("TBANK_PASSWORD") {
            settings.tbank = Some(TBankSettings { timeouts, ..tbank(password, receipt, vars)? });
        }
        Ok(settings)
    }
}

fn tbank(
    password: Secret,
    receipt: Option<ReceiptSettings>,
    vars: Variables<'_, '_>,
) -> Result<TBankSettings, MalformedVariable> {
    let mut tbank = TBankSettings::new(vars.require("TBANK_TERMINAL_KEY")?, password);
    vars.url("TBANK_BASE_URL", &mut tbank.base_url)?;
    tbank.test = vars.switch("TBANK_TEST", false)?;
    // Notifications do not say that no money is behind them.
    if tbank.terminal_key.ends_with("DEMO") && !tbank.test {
        return Err(malformed("TBANK_TEST", &"has to be true: the terminal is a test one"));
    }
    if let Some(base) = vars.get("PAYMENT_NOTIFICATION_URL") {
        let base = url("PAYMENT_NOTIFICATION_URL", base)?;
        tbank.notification_url = Some(format!("{}/tbank", base.trim_end_matches('/')));
    }
    if receipt.is_some_and(|receipt| receipt.taxation.is_none()) {
        return Err(malformed("RECEIPT_TAXATION", &"missing, though T-Bank needs it for receipts"));
    }
    tbank.receipt = receipt;
    Ok(tbank)
}

fn receipt(vars: Variables<'_, '_>) -> Result<Option<ReceiptSettings>, MalformedVariable> {
    let Some(vat) = vars.word("RECEIPT_VAT")? else { return Ok(None) };
    let default = ReceiptSettings::new(vat);
    Ok(Some(ReceiptSettings {
        method: vars.word("RECEIPT_METHOD")?.unwrap_or(default.method),
        subject: vars.word("RECEIPT_SUBJECT")?.unwrap_or(default.subject),
        taxation: vars.word("RECEIPT_TAXATION")?,
        ..default
    }))
}

fn networks(name: &'static str, list: &str) -> Result<Vec<IpNet>, MalformedVariable> {
    let networks: Result<_, _> = list.split(',').map(|network| network.trim().parse()).collect();
    networks.map_err(|error: ipnet::AddrParseError| malformed(name, &error))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{SettlementMethod, SettlementSubject, SignatureHash, Taxation, Vat};
    use super::*;

    type Pair = (&'static str, &'static str);

    fn read(pairs: &[Pair]) -> Result<PaymentProvidersSettings, MalformedVariable> {
        PaymentProvidersSettings::read(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| *value))
    }

    const YOOKASSA: [Pair; 2] = [("YOOKASSA_SECRET_KEY", "k"), ("YOOKASSA_SHOP_ID", "1")];
    const ROBOKASSA: [Pair; 3] =
        [("ROBOKASSA_PASSWORD1", "a"), ("ROBOKASSA_PASSWORD2", "b"), ("ROBOKASSA_LOGIN", "shop")];
    const CLOUDPAYMENTS: [Pair; 2] = [("CLOUDPAYMENTS_API_SECRET", "s"), ("CLOUDPAYMENTS_PUBLIC_ID", "pk")];
    const TBANK: [Pair; 2] = [("TBANK_PASSWORD", "p"), ("TBANK_TERMINAL_KEY", "1DEMO")];

    #[test]
    fn a_provider_is_configured_by_its_key() {
        let settings = read(&YOOKASSA).unwrap();
        let yookassa = settings.yookassa.unwrap();
        assert_eq!((yookassa.base_url.as_str(), yookassa.test), (YooKassaSettings::DEFAULT_BASE_URL, false));
        assert_eq!(yookassa.addresses.len(), 10);
        assert!(settings.robokassa.is_none() && settings.cloudpayments.is_none() && settings.tbank.is_none());
        let robokassa = read(&ROBOKASSA).unwrap().robokassa.unwrap();
        assert_eq!((robokassa.hash, robokassa.receipt), (SignatureHash::Md5, None));
        assert!(read(&CLOUDPAYMENTS).unwrap().cloudpayments.is_some());
        assert!(read(&[("YOOKASSA_SHOP_ID", "1"), ("TBANK_TERMINAL_KEY", "1")]).unwrap().yookassa.is_none());
    }

    #[test]
    fn every_setting_reaches_its_provider() {
        let own = [
            ("YOOKASSA_TEST", "true"),
            ("YOOKASSA_BASE_URL", "http://127.0.0.1:1/yookassa"),
            ("YOOKASSA_ADDRESSES", "127.0.0.1/32, ::1/128"),
            ("ROBOKASSA_HASH", "sha256"),
            ("ROBOKASSA_TEST", "true"),
            ("ROBOKASSA_PAYMENT_URL", "http://127.0.0.1:1/pay"),
            ("ROBOKASSA_SERVICE_URL", "http://127.0.0.1:1/service"),
            ("CLOUDPAYMENTS_BASE_URL", "http://127.0.0.1:1/cp"),
            ("CLOUDPAYMENTS_TEST", "true"),
            ("TBANK_BASE_URL", "http://127.0.0.1:1/v2"),
            ("TBANK_TEST", "true"),
            ("PAYMENT_NOTIFICATION_URL", "https://api.example/api/v1/payments/webhook/"),
            ("PAYMENT_TIMEOUTS", "1/2/3/4"),
            ("RECEIPT_VAT", "vat22"),
            ("RECEIPT_METHOD", "advance"),
            ("RECEIPT_SUBJECT", "payment"),
            ("RECEIPT_TAXATION", "osn"),
        ];
        let pairs: Vec<_> = [&YOOKASSA[..], &ROBOKASSA, &CLOUDPAYMENTS, &TBANK, &own].concat();
        let settings = read(&pairs).unwrap();
        let (yookassa, robokassa) = (settings.yookassa.unwrap(), settings.robokassa.unwrap());
        let (cloudpayments, tbank) = (settings.cloudpayments.unwrap(), settings.tbank.unwrap());
        assert!(yookassa.test && robokassa.test && cloudpayments.test && tbank.test);
        assert_eq!(yookassa.base_url, "http://127.0.0.1:1/yookassa");
        assert_eq!(yookassa.addresses, ["127.0.0.1/32".parse().unwrap(), "::1/128".parse().unwrap()]);
        assert_eq!(robokassa.hash, SignatureHash::Sha256);
        assert_eq!(
            (robokassa.payment_url.as_str(), robokassa.service_url.as_str()),
            ("http://127.0.0.1:1/pay", "http://127.0.0.1:1/service")
        );
        assert_eq!(cloudpayments.base_url, "http://127.0.0.1:1/cp");
        assert_eq!(tbank.base_url, "http://127.0.0.1:1/v2");
        assert_eq!(tbank.notification_url.as_deref(), Some("https://api.example/api/v1/payments/webhook/tbank"));
        let receipt = ReceiptSettings {
            vat: Vat::Vat22,
            method: SettlementMethod::Advance,
            subject: SettlementSubject::Payment,
            taxation: Some(Taxation::Osn),
        };
        assert_eq!([yookassa.receipt, robokassa.receipt, cloudpayments.receipt, tbank.receipt], [Some(receipt); 4]);
        let totals =
            [yookassa.timeouts, robokassa.timeouts, cloudpayments.timeouts, tbank.timeouts].map(|all| all.total);
        assert_eq!(totals, [Duration::from_millis(4); 4]);
    }

    #[test]
    fn malformed_variables_are_named() {
        let name = |base: &[Pair], more: &[Pair]| read(&[base, more].concat()).unwrap_err().name;
        assert_eq!(name(&[], &YOOKASSA[..1]), "YOOKASSA_SHOP_ID");
        assert_eq!(name(&[], &ROBOKASSA[..1]), "ROBOKASSA_LOGIN");
        assert_eq!(name(&ROBOKASSA[..1], &ROBOKASSA[2..]), "ROBOKASSA_PASSWORD2");
        assert_eq!(name(&[], &CLOUDPAYMENTS[..1]), "CLOUDPAYMENTS_PUBLIC_ID");
        assert_eq!(name(&[], &TBANK[..1]), "TBANK_TERMINAL_KEY");
        assert_eq!(name(&YOOKASSA, &[("YOOKASSA_TEST", "yes")]), "YOOKASSA_TEST");
        assert_eq!(name(&YOOKASSA, &[("YOOKASSA_BASE_URL", "file:///etc")]), "YOOKASSA_BASE_URL");
        for list in ["185.71.76.0/33", "185.71.76.0/27,", "localhost", "185.71.76.0/27;::1/128"] {
            assert_eq!(name(&YOOKASSA, &[("YOOKASSA_ADDRESSES", list)]), "YOOKASSA_ADDRESSES", "{list}");
        }
        assert_eq!(name(&ROBOKASSA, &[("ROBOKASSA_HASH", "crc32")]), "ROBOKASSA_HASH");
        assert_eq!(name(&ROBOKASSA, &[("ROBOKASSA_PAYMENT_URL", "x")]), "ROBOKASSA_PAYMENT_URL");
        assert_eq!(name(&[], &[("PAYMENT_TIMEOUTS", "1")]), "PAYMENT_TIMEOUTS");
        assert_eq!(name(&[], &[("RECEIPT_VAT", "vat20")]), "RECEIPT_VAT");
        assert_eq!(name(&[("RECEIPT_VAT", "none")], &[("RECEIPT_METHOD", "credit")]), "RECEIPT_METHOD");
        assert_eq!(name(&[("RECEIPT_VAT", "none")], &[("RECEIPT_SUBJECT", "air")]), "RECEIPT_SUBJECT");
        assert_eq!(name(&[("RECEIPT_VAT", "none")], &[("RECEIPT_TAXATION", "envd")]), "RECEIPT_TAXATION");
        let test = [TBANK[0], TBANK[1], ("TBANK_TEST", "true")];
        assert_eq!(name(&test, &[("RECEIPT_VAT", "none")]), "RECEIPT_TAXATION");
        assert_eq!(name(&test, &[("PAYMENT_NOTIFICATION_URL", "api.example")]), "PAYMENT_NOTIFICATION_URL");
    }

    #[test]
    fn a_test_terminal_has_to_be_called_one() {
        assert_eq!(read(&TBANK).unwrap_err().name, "TBANK_TEST");
        let live = [TBANK[0], ("TBANK_TERMINAL_KEY", "1")];
        assert!(!read(&live).unwrap().tbank.unwrap().test);
    }
}
