//! Two versions and a range from a stranger: each order is total, and each range has ends that are versions.
#![cfg_attr(fuzzing, no_main)]

use advisories::version::{Dialect, Order};
use driver::fuzz_target;

fuzz_target!(|input: (&str, &str, &str)| {
    let (one, other, range) = input;
    for order in Order::ALL {
        if let (Ok(forth), Ok(back)) = (order.compare(one, other), order.compare(other, one)) {
            assert_eq!(forth, back.reverse());
        }
    }
    for dialect in [Dialect::Plain(Order::Rpm), Dialect::Npm, Dialect::Composer, Dialect::RubyGems] {
        for interval in dialect.parse(range).unwrap_or_default() {
            let _within = interval.contains(dialect.order(), one);
        }
    }
});
