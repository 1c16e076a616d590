//! Messages to the kernel.

/// `NLM_F_REQUEST`.
const REQUEST: u16 = 0x1;
/// `NLM_F_ACK`: the kernel says also when all went well.
const ACKNOWLEDGE: u16 = 0x4;
/// `NLM_F_DUMP`: everything of a kind.
const DUMP: u16 = 0x300;
/// `NLM_F_CREATE | NLM_F_EXCL`.
const NEW: u16 = 0x600;

/// A message that is written piece by piece: header, fixed part, attributes.
#[derive(Debug, Clone)]
pub struct Request {
    kind: u16,
    flags: u16,
    body: Vec<u8>,
}

impl Request {
    /// Asks for a change, with the fixed part that `kind` has.
    #[must_use]
    pub fn change(kind: u16, fixed: &[u8]) -> Self {
        Self::new(kind, ACKNOWLEDGE, fixed)
    }

    /// Asks for something new.
    #[must_use]
    pub fn create(kind: u16, fixed: &[u8]) -> Self {
        Self::new(kind, ACKNOWLEDGE | NEW, fixed)
    }

    /// Asks for one thing.
    #[must_use]
    pub fn get(kind: u16, fixed: &[u8]) -> Self {
        Self::new(kind, ACKNOWLEDGE, fixed)
    }

    /// Asks for all things of a kind.
    #[must_use]
    pub fn dump(kind: u16, fixed: &[u8]) -> Self {
        Self::new(kind, DUMP, fixed)
    }

    fn new(kind: u16, flags: u16, fixed: &[u8]) -> Self {
        let mut request = Self { kind, flags: flags | REQUEST, body: Vec::with_capacity(256) };
        request.write(fixed);
        request
    }

    /// Adds an attribute. What is longer than one can be is cut, and the kernel refuses it.
    #[must_use]
    pub fn attribute(mut self, kind: u16, value: &[u8]) -> Self {
        let length = u16::try_from(value.len() + 4).unwrap_or(u16::MAX);
        self.write(&[length.to_ne_bytes(), kind.to_ne_bytes()].concat());
        self.write(value.get(..usize::from(length) - 4).unwrap_or(value));
        self
    }

    /// The same for a name, which ends with a zero byte.
    #[must_use]
    pub fn name(self, kind: u16, name: &str) -> Self {
        self.attribute(kind, &[name.as_bytes(), &[0]].concat())
    }

    /// Everything begins where four divides the place.
    fn write(&mut self, bytes: &[u8]) {
        self.body.extend_from_slice(bytes);
        self.body.resize(self.body.len().next_multiple_of(4), 0);
    }

    /// The whole message; `sequence` comes back in the answer.
    pub(super) fn bytes(&self, sequence: u32) -> Vec<u8> {
        let length = u32::try_from(self.body.len() + 16).unwrap_or(u32::MAX);
        let mut bytes = Vec::with_capacity(self.body.len() + 16);
        bytes.extend_from_slice(&length.to_ne_bytes());
        bytes.extend_from_slice(&self.kind.to_ne_bytes());
        bytes.extend_from_slice(&self.flags.to_ne_bytes());
        bytes.extend_from_slice(&sequence.to_ne_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&self.body);
        bytes
    }
}
