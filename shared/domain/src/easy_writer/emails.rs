//! Emails to users.

use crate::mail::Mail;

/// Notification that the password was changed: if its owner did not do it, they should know at once.
pub(super) fn password_changed(to: &str) -> Mail {
    Mail {
        to: to.to_owned(),
        subject: "Пароль изменён".to_owned(),
        text: "Здравствуйте!\n\nПароль вашей учётной записи Easy Writer изменён, все остальные сеансы завершены.\n\n\
               Если это были не вы, ответьте на это письмо: мы поможем вернуть доступ.\n"
            .to_owned(),
    }
}
