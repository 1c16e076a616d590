//! COPY, ADD and WORKDIR: which files go where, and what hostile ones cannot do.
#![cfg(test)]

mod bench;

mod matrix;
mod hostile;
mod remembered;
mod fetched;
