//! A publisher and its people, from the first key to the last.

mod world;

mod history;
mod hostile;
mod keys;
mod releases;
mod sequences;
mod stages;
mod thresholds;
