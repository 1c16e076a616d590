pub(crate) mod world;
mod workflow;
mod attacks;
mod delegations;
mod reference;
mod histories;
