//! Signatures of notifications and orders.

use std::fmt::Write as _;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::{Digest, Md5};
use ripemd::Ripemd160;
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq as _;

/// Hash of a Robokassa shop's signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignatureHash {
    /// The default of a new shop.
    #[default]
    Md5,
    Ripemd160,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected md5, ripemd160, sha1, sha256, sha384 or sha512")]
pub struct UnknownHash;

impl FromStr for SignatureHash {
    type Err = UnknownHash;

    fn from_str(text: &str) -> Result<Self, UnknownHash> {
        match text {
            "md5" => Ok(Self::Md5),
            "ripemd160" => Ok(Self::Ripemd160),
            "sha1" => Ok(Self::Sha1),
            "sha256" => Ok(Self::Sha256),
            "sha384" => Ok(Self::Sha384),
            "sha512" => Ok(Self::Sha512),
            _ => Err(UnknownHash),
        }
    }
}

impl SignatureHash {
    /// The digest of a text in lower-case hexadecimal digits.
    pub(super) fn hex(self, text: &str) -> String {
        match self {
            Self::Md5 => hex(&Md5::digest(text)),
            Self::Ripemd160 => hex(&Ripemd160::digest(text)),
            Self::Sha1 => hex(&Sha1::digest(text)),
            Self::Sha256 => hex(&Sha256::digest(text)),
            Self::Sha384 => hex(&Sha384::digest(text)),
            Self::Sha512 => hex(&Sha512::digest(text)),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Compares two hexadecimal texts regardless of case, in constant time.
pub(super) fn is_same_hex(ours: &str, theirs: &str) -> bool {
    ours.to_ascii_lowercase().as_bytes().ct_eq(theirs.to_ascii_lowercase().as_bytes()).into()
}

/// Whether `mac` is the HMAC-SHA-256 of `message` in base64, in constant time.
pub(super) fn is_hmac_sha256(key: &str, message: &[u8], mac: &str) -> bool {
    let Ok(mac) = STANDARD.decode(mac.trim()) else { return false };
    // HMAC accepts an empty key, which would prove nothing.
    match Hmac::<Sha256>::new_from_slice(key.as_bytes()) {
        Ok(hmac) if !key.is_empty() => hmac.chain_update(message).verify_slice(&mac).is_ok(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The digests of the empty text, from the standards.
    #[test]
    fn every_hash_is_what_it_is_called() {
        for (name, digest) in [
            ("md5", "d41d8cd98f00b204e9800998ecf8427e"),
            ("ripemd160", "9c1185a5c5e9fc54612808977ee8f548b2258d31"),
            ("sha1", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            ("sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (
                "sha384",
                "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b",
            ),
            (
                "sha512",
                "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
            ),
        ] {
            assert_eq!(name.parse::<SignatureHash>().unwrap().hex(""), digest, "{name}");
        }
        assert!("MD5 ".parse::<SignatureHash>().is_err());
    }

    #[test]
    fn hexadecimal_digits_are_compared_in_any_case_and_to_the_end() {
        assert!(is_same_hex("5f6f", "5F6f"));
        for other in ["", "5f6", "5f6f0", "5f6e", "0f6f"] {
            assert!(!is_same_hex("5f6f", other), "{other}");
        }
    }

    #[test]
    fn an_hmac_has_to_be_whole() {
        // RFC 4231, test case 2.
        let mac = "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=";
        let message = b"what do ya want for nothing?";
        assert!(is_hmac_sha256("Jefe", message, mac) && is_hmac_sha256("Jefe", message, &format!(" {mac}\n")));
        for other in ["", "W9zBRr9gdU4=", "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEA=", "not base64"] {
            assert!(!is_hmac_sha256("Jefe", message, other), "{other}");
        }
        assert!(!is_hmac_sha256("jefe", message, mac) && !is_hmac_sha256("Jefe", b"what", mac));
        let of_no_key = "dtnnGU59vDqgC76P+59vy1qTIXD5cflIuyq2FgfSudY=";
        assert!(!is_hmac_sha256("", message, of_no_key), "a secret that is not set proves nothing");
    }
}
