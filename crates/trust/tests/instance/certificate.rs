//! Certificates as Fulcio makes them: an identity, who vouches for it, minutes of validity, and the word of a log of
//! certificates.

use std::time::Duration;

use model::digest::Digest;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PublicKeyData as _, SanType, SerialNumber, SigningKey as _,
    date_time_ymd,
};
use x509_cert::der::{Decode as _, Encode as _};

use super::{BEGIN, ISSUER, MINUTES, SUBJECT, id};

/// fulcio/docs/oid-info.md: the issuer as DER's UTF8String.
const ISSUED_BY: &[u64] = &[1, 3, 6, 1, 4, 1, 57264, 1, 8];
/// RFC 6962, section 3.3.
const TIMESTAMPS: &[u64] = &[1, 3, 6, 1, 4, 1, 11129, 2, 4, 2];

/// Who vouches for identities.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        (params.not_before, params.not_after) = (date_time_ymd(2024, 1, 1), date_time_ymd(2044, 1, 1));
        let certificate = params.self_signed(&key).unwrap().der().to_vec();
        Self { certificate, key: key.subject_public_key_info(), issuer: Issuer::new(params, key) }
    }

    pub(super) fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// A certificate for a key, in DER; a log of certificates signs what it is without the log's word.
    pub(super) fn certify(
        &self,
        key: &KeyPair,
        purpose: ExtendedKeyUsagePurpose,
        witness: Option<&KeyPair>,
    ) -> Vec<u8> {
        let mut params = params(purpose);
        let bare = params.signed_by(key, &self.issuer).unwrap();
        let Some(witness) = witness else { return bare.der().to_vec() };
        let bare = x509_cert::Certificate::from_der(bare.der()).unwrap();
        let said = self.timestamps(witness, &bare.tbs_certificate.to_der().unwrap());
        params.custom_extensions.push(CustomExtension::from_oid_content(TIMESTAMPS, said));
        params.signed_by(key, &self.issuer).unwrap().der().to_vec()
    }

    /// One signed timestamp in a list in an octet string: RFC 6962, section 3.2.
    fn timestamps(&self, witness: &KeyPair, certificate: &[u8]) -> Vec<u8> {
        let time = u64::try_from(BEGIN + 1).unwrap() * 1000;
        let (version, kind, entry) = ([0], [0], [0, 1]);
        let length = u32::try_from(certificate.len()).unwrap().to_be_bytes();
        let signed = [
            &version[..],
            &kind,
            &time.to_be_bytes(),
            &entry,
            Digest::of(&self.key).as_bytes(),
            length.get(1..).unwrap(),
            certificate,
            &[0, 0],
        ]
        .concat();
        let signature = witness.sign(&signed).unwrap();
        let ecdsa_with_sha256 = [4, 3];
        let stamp = [
            &version[..],
            &id(witness),
            &time.to_be_bytes(),
            &[0, 0],
            &ecdsa_with_sha256,
            &sized(&signature),
        ]
        .concat();
        let list = sized(&sized(&stamp));
        x509_cert::der::asn1::OctetString::new(list).unwrap().to_der().unwrap()
    }
}

fn params(purpose: ExtendedKeyUsagePurpose) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.serial_number = Some(SerialNumber::from(7_u64));
    params.subject_alt_names = vec![SanType::Rfc822Name(SUBJECT.try_into().unwrap())];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![purpose];
    params.not_before = date_time_ymd(2025, 1, 1);
    params.not_after = params.not_before + Duration::from_secs(MINUTES.unsigned_abs());
    let issuer = x509_cert::der::asn1::Utf8StringRef::new(ISSUER).unwrap().to_der().unwrap();
    params.custom_extensions = vec![CustomExtension::from_oid_content(ISSUED_BY, issuer)];
    params
}

/// Bytes after their length in two.
fn sized(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap();
    [&length.to_be_bytes()[..], bytes].concat()
}
