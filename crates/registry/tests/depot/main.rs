//! The depot's upkeep: what is collected, and above all what is not.

mod killed;
mod model;
mod rules;
mod site;
mod stress;
mod upkeep;
