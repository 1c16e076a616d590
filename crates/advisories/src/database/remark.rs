//! What is known of a vulnerability that says nothing about packages.

use model::finding::Exploited;

use super::bytes::{Cursor, put_bytes};
use super::error::Damage;
use crate::advisory::Remark;

const EXPLOITED: u8 = 1;
const LIKELIHOOD: u8 = 2;
const RANSOMWARE: u8 = 4;

/// All remarks on one vulnerability.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Remarks {
    /// Present where it is known to be exploited.
    pub exploited: Option<Exploited>,
    /// The probability that it is exploited within 30 days, and the share of those that are less likely to be.
    pub likelihood: Option<(f32, f32)>,
}

impl Remarks {
    pub(super) fn add(&mut self, remark: &Remark) {
        match remark {
            Remark::Exploited(exploited) => self.exploited = Some(exploited.clone()),
            Remark::Likelihood { probability, percentile } => {
                self.likelihood = Some((*probability, *percentile));
            }
        }
    }

    /// Takes from another what this one lacks.
    pub(crate) fn complete(&mut self, other: Self) {
        self.exploited = self.exploited.take().or(other.exploited);
        self.likelihood = self.likelihood.or(other.likelihood);
    }

    /// Takes the worse of both, for a vulnerability of two names.
    pub(crate) fn worsen(&mut self, other: Self) {
        self.exploited = match (self.exploited.take(), other.exploited) {
            (Some(one), Some(other)) if other.since < one.since || (other.ransomware && !one.ransomware) => {
                Some(Exploited { ransomware: one.ransomware || other.ransomware, ..other })
            }
            (one, other) => one.or(other),
        };
        let likelier = |one: (f32, f32), other: (f32, f32)| if other.0 > one.0 { other } else { one };
        self.likelihood = match (self.likelihood, other.likelihood) {
            (Some(one), Some(other)) => Some(likelier(one, other)),
            (one, other) => one.or(other),
        };
    }

    pub(super) fn read(mut body: Cursor<'_>) -> Result<Self, Damage> {
        let flags = body.byte()?;
        let mut remarks = Self::default();
        if flags & LIKELIHOOD != 0 {
            remarks.likelihood = Some((body.float()?, body.float()?));
        }
        if flags & EXPLOITED != 0 {
            let (since, due) = (body.text()?.to_owned(), body.text()?.to_owned());
            remarks.exploited = Some(Exploited { since, due, ransomware: flags & RANSOMWARE != 0 });
        }
        Ok(remarks)
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        let ransomware = self.exploited.as_ref().is_some_and(|exploited| exploited.ransomware);
        out.push(
            flag(self.exploited.is_some(), EXPLOITED)
                | flag(self.likelihood.is_some(), LIKELIHOOD)
                | flag(ransomware, RANSOMWARE),
        );
        if let Some((probability, percentile)) = self.likelihood {
            out.extend(probability.to_le_bytes().into_iter().chain(percentile.to_le_bytes()));
        }
        if let Some(exploited) = &self.exploited {
            put_bytes(out, exploited.since.as_bytes());
            put_bytes(out, exploited.due.as_bytes());
        }
    }
}
