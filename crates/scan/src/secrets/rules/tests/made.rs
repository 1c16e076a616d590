//! Secrets out of templates: `{h40}` is forty hexadecimal digits, `{github}` a token with its checksum.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::secrets::check::{base62, polymod};

/// What chance draws from.
const HEX: &[u8] = b"0123456789abcdef";
const DIGITS: &[u8] = b"0123456789";
const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const BOTH: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BECH32: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// Where characters come from: chance, or one over and over.
struct Source {
    state: u64,
    dull: bool,
}

/// A secret as its maker would make it.
pub(super) fn random(template: &str, seed: u64) -> String {
    filled(template, &mut Source { state: seed, dull: false })
}

/// One of the same shape without any chance in it.
pub(super) fn dull(template: &str) -> String {
    filled(template, &mut Source { state: 0, dull: true })
}

fn filled(template: &str, source: &mut Source) -> String {
    let mut parts = template.split('{');
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap();
        text.push_str(&source.part(name));
        text.push_str(rest);
    }
    text
}

impl Source {
    /// Knuth's generator, its upper half.
    fn next(&mut self) -> usize {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.state >> 33).unwrap()
    }

    fn drawn(&mut self, alphabet: &[u8], length: usize) -> String {
        let one = |source: &mut Self| {
            if source.dull { alphabet[0] } else { alphabet[source.next() % alphabet.len()] }
        };
        (0..length).map(|_| char::from(one(self))).collect()
    }

    fn part(&mut self, name: &str) -> String {
        match name {
            "uuid" => [8, 4, 4, 4, 12].map(|length| self.drawn(HEX, length)).join("-"),
            "github" => format!("{}{}", ["gh", "p_"].concat(), self.summed()),
            "npm" => format!("{}{}", ["np", "m_"].concat(), self.summed()),
            "age" => self.age(),
            "pypi" => self.pypi(),
            "plain-key" => self.key(&[2, 1, 0]),
            "encrypted-key" => self.key(&[0x30, 0]),
            "wrapped-key" => {
                let key = self.drawn(BOTH, 200);
                let mark = if self.dull { "CERTIFICATE" } else { "PRIVATE KEY" };
                STANDARD.encode(format!("-----BEGIN {mark}-----\n{key}"))
            }
            "pgp-key" => STANDARD.encode([if self.dull { 0x99 } else { 0x95 }; 60]),
            "jwt" => self.token(r#"{"sub":"a-user-of-it"}"#),
            "kubernetes" => self.token(r#"{"iss":"kubernetes/serviceaccount"}"#),
            "basic" => STANDARD.encode(format!(
                "me:{}",
                if self.dull { "password".to_owned() } else { self.drawn(BOTH, 12) }
            )),
            "wireguard" => format!("{}0=", self.drawn(BOTH, 42)),
            "bytes64" => self.encoded(64),
            "bytes32" => self.encoded(32),
            "algorithm" => if self.dull { "ssh" } else { "ssh-ed25519" }.to_owned(),
            "password" if self.dull => "password".to_owned(),
            "password" => format!("{}a7&K", self.drawn(UPPER, 8)),
            _ => self.counted(name),
        }
    }

    /// A letter for the alphabet, and how many.
    fn counted(&mut self, name: &str) -> String {
        let alphabet = match &name[..1] {
            "h" => HEX,
            "d" => DIGITS,
            "u" => UPPER,
            "l" => LOWER,
            "a" => BOTH,
            "2" => BASE32,
            other => panic!("no alphabet {other}"),
        };
        self.drawn(alphabet, name[1..].parse().unwrap())
    }

    /// GitHub's and npm's.
    fn summed(&mut self) -> String {
        let body = self.drawn(BOTH, 30);
        let sum = crc32fast::hash(body.as_bytes()) ^ u32::from(self.dull);
        format!("{body}{}", String::from_utf8(base62(sum).to_vec()).unwrap())
    }

    /// BIP 173 over the prefix and 32 bytes.
    fn age(&mut self) -> String {
        let prefix = ["age-secret", "-key-"].concat();
        let data: Vec<usize> = (0..52).map(|_| self.next() % 32).collect();
        let high = prefix.bytes().map(|byte| u32::from(byte >> 5));
        let low = prefix.bytes().map(|byte| u32::from(byte & 31));
        let values = data.iter().map(|value| u32::try_from(*value).unwrap());
        let sum = high.chain([0]).chain(low).chain(values).chain([0; 6]).fold(1, polymod)
            ^ 1
            ^ u32::from(self.dull);
        let sum = (0..6).map(|at| usize::try_from((sum >> (5 * (5 - at))) & 31).unwrap());
        let letters: String =
            data.iter().copied().chain(sum).map(|value| char::from(BECH32[value])).collect();
        format!("{prefix}1{letters}").to_ascii_uppercase()
    }

    fn pypi(&mut self) -> String {
        let mut body = vec![2, 1, 8];
        body.extend(b"pypi.org");
        body.push(2);
        body.extend(if self.dull { vec![0; 60] } else { self.drawn(BOTH, 60).into_bytes() });
        format!("{}{}", ["py", "pi-"].concat(), STANDARD.encode(body).replace('+', "-").replace('/', "_"))
    }

    /// A sequence in DER that begins so.
    fn key(&mut self, beginning: &[u8]) -> String {
        let mut body = beginning.to_vec();
        body.extend(self.drawn(BOTH, 100).bytes());
        let length = u8::try_from(body.len()).unwrap() - u8::from(self.dull);
        body.splice(0..0, [0x30, length]);
        STANDARD.encode(body)
    }

    fn token(&mut self, claims: &str) -> String {
        let algorithm = if self.dull { "none" } else { "HS256" };
        let part = |text: &str| STANDARD.encode(text).trim_end_matches('=').to_owned();
        let header = format!(r#"{{"alg":"{algorithm}","typ":"JWT"}}"#);
        format!("{}.{}.{}", part(&header), part(claims), self.drawn(BOTH, 43))
    }

    fn encoded(&mut self, length: usize) -> String {
        let bytes: Vec<u8> =
            (0..length).map(|_| if self.dull { 0 } else { (self.next() >> 8) as u8 }).collect();
        STANDARD.encode(bytes)
    }
}
