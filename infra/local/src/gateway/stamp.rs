//! Ids and times as API Gateway writes them.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use domain::kernel::{Clock, IdSource, Timestamp};

/// Mints the ids and reads the clock of one stack.
#[derive(Clone)]
pub(crate) struct Stamp {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
}

impl Stamp {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// An id such as `JKJaXmPLvHcESHA=`: eleven bytes in base64, the form of request and connection ids.
    pub(crate) fn short_id(&self) -> String {
        let bytes = *self.ids.uuid(self.now()).as_bytes();
        // The front of a UUIDv7 is its time; the rest is what tells two ids apart.
        URL_SAFE.encode(bytes.last_chunk::<11>().unwrap_or(&[0; 11]))
    }

    /// A trace id, as in `Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e`.
    pub(crate) fn trace_id(&self) -> String {
        let now = self.now();
        let random = self.ids.uuid(now).simple().to_string();
        format!("Root=1-{:08x}-{}", now.as_second(), random.get(8..).unwrap_or_default())
    }
}

/// A time such as `10/Mar/2020:05:16:23 +0000`.
pub(crate) fn request_time(at: Timestamp) -> String {
    at.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string()
}

#[cfg(test)]
pub(crate) mod tests {
    use domain::kernel::RandomIds;
    use edge::Platform;
    use store::{Aws, AwsSettings};

    use super::*;

    /// A clock that stands still.
    pub(crate) struct FixedClock(pub(crate) Timestamp);

    impl Clock for FixedClock {
        fn now(&self) -> Timestamp {
            self.0
        }
    }

    pub(crate) fn stamp() -> Stamp {
        Stamp { clock: Arc::new(FixedClock("2020-03-10T05:16:23.220Z".parse().unwrap())), ids: Arc::new(RandomIds) }
    }

    pub(crate) fn platform() -> Platform {
        let Stamp { clock, ids } = stamp();
        let aws = Aws::new(AwsSettings {
            region: "eu-central-1".to_owned(),
            access_key_id: "local".to_owned(),
            secret_access_key: "local".to_owned(),
            session_token: None,
            dynamodb_endpoint: None,
            s3_endpoint: None,
            sqs_endpoint: None,
            http_client: None,
        });
        Platform { vars: edge::Vars::default(), clock, ids, aws }
    }

    #[test]
    fn ids_and_times_look_like_the_gateways() {
        let id = stamp().short_id();
        assert_eq!((id.len(), id.ends_with('=')), (16, true));
        assert_ne!(id, stamp().short_id());
        assert_eq!(stamp().trace_id().len(), "Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e".len());
        assert_eq!(request_time(stamp().now()), "10/Mar/2020:05:16:23 +0000");
    }
}
