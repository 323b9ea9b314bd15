//! The people who can sign in.

use aws_lc_rs::digest;

use super::fields::Fields;

/// A person with an account at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    /// The provider's numeric id.
    pub(super) subject: String,
    pub(super) name: String,
    pub(super) email: Option<String>,
    /// Whether the email is verified. Yandex does not say.
    pub(super) verified: bool,
}

/// A person on the consent page.
pub(super) struct Character {
    /// The value of the choice.
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) email: Option<&'static str>,
    pub(super) verified: bool,
    /// A note for the user of the page.
    pub(super) note: &'static str,
}

/// The choice of a person described in the form.
pub(super) const OTHER: &str = "other";

/// The people at Google.
pub(super) const AT_GOOGLE: [Character; 2] = [
    Character {
        id: "anna",
        name: "Анна Смирнова",
        email: Some("anna@example.com"),
        verified: true,
        note: "адрес подтверждён",
    },
    Character {
        id: "boris",
        name: "Борис Орлов",
        email: Some("boris@example.com"),
        verified: false,
        note: "адрес не подтверждён",
    },
];

/// The people at Yandex.
pub(super) const AT_YANDEX: [Character; 3] = [
    Character {
        id: "vera",
        name: "Вера Лебедева",
        email: Some("vera@yandex.ru"),
        verified: true,
        note: "почта самого Яндекса",
    },
    Character {
        id: "gleb",
        name: "Глеб Соколов",
        email: Some("gleb@example.com"),
        verified: false,
        note: "адрес в другой почте",
    },
    Character {
        id: "dina", name: "Дина Зайцева", email: None, verified: false, note: "без адреса"
    },
];

impl Person {
    /// The person that a form selects or describes.
    pub(super) fn chosen(form: &Fields, cast: &[Character]) -> Option<Self> {
        let choice = form.get("person")?;
        if choice == OTHER {
            let text = |name| form.get(name).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
            let (name, email) = (text("name").unwrap_or_default(), text("email"));
            let subject = subject(email.as_deref().unwrap_or(&name));
            return Some(Self { subject, name, email, verified: form.get("verified").is_some() });
        }
        let found = cast.iter().find(|person| person.id == choice)?;
        Some(Self {
            subject: subject(found.id),
            name: found.name.to_owned(),
            email: found.email.map(str::to_owned),
            verified: found.verified,
        })
    }

    /// The login: the local part of the email.
    pub(super) fn login(&self) -> &str {
        self.email.as_deref().and_then(|email| email.split('@').next()).unwrap_or("person")
    }
}

/// The same number for the same text.
fn subject(text: &str) -> String {
    let digest = digest::digest(&digest::SHA256, text.to_lowercase().as_bytes());
    digest.as_ref().iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte)).to_string()
}
