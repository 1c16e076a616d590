//! Transfers that creep are given up.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use super::patience::Patience;

/// Less came than must, for too long.
#[derive(Debug, thiserror::Error)]
#[error("less than {least} bytes a second for {} seconds", .over.as_secs())]
pub(crate) struct TooSlow {
    pub(crate) least: u64,
    pub(crate) over: Duration,
}

/// A body that has to keep up a pace. Only the time that we wait for it counts, not what we do in between.
pub(crate) struct Paced<R> {
    body: R,
    patience: Patience,
    waited: Duration,
    came: u64,
}

impl<R> Paced<R> {
    pub(crate) fn new(body: R, patience: Patience) -> Self {
        Self { body, patience, waited: Duration::ZERO, came: 0 }
    }
}

impl<R: Read> Read for Paced<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let began = Instant::now();
        let amount = self.body.read(buffer)?;
        self.waited += began.elapsed();
        self.came += amount as u64;
        let Patience { least, over, .. } = self.patience;
        if self.waited >= over {
            let due = self.waited.mul_f64(least as f64).as_secs();
            if self.came < due && amount > 0 {
                return Err(io::Error::new(io::ErrorKind::TimedOut, TooSlow { least, over }));
            }
            (self.waited, self.came) = (Duration::ZERO, 0);
        }
        Ok(amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A byte at a time, slowly.
    struct Drip(u32);

    impl Read for Drip {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            std::thread::sleep(Duration::from_millis(5));
            self.0 -= 1;
            buffer[0] = b'x';
            Ok(1)
        }
    }

    fn patience(least: u64) -> Patience {
        Patience { least, over: Duration::from_millis(50), ..Patience::default() }
    }

    #[test]
    fn what_drips_is_given_up() {
        let mut body = Paced::new(Drip(1000), patience(1_000_000));
        let error = std::iter::repeat_with(|| body.read(&mut [0; 64])).find_map(Result::err).unwrap();
        assert!(error.get_ref().unwrap().is::<TooSlow>(), "{error}");
    }

    #[test]
    fn our_own_slowness_is_not_held_against_it() {
        let bytes = [7; 8];
        let mut body = Paced::new(bytes.as_slice(), patience(1_000_000));
        for _ in 0..8 {
            std::thread::sleep(Duration::from_millis(10));
            assert_eq!(body.read(&mut [0; 1]).unwrap(), 1);
        }
    }
}
