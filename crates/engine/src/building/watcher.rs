//! Whoever watches a build: the engine tells, the binary draws.

use build::plan::StepId;

/// Told how a build comes along.
pub trait Watcher {
    /// What is going to be done: the title of each step.
    fn planned(&mut self, titles: &[String]);
    /// A step begins.
    fn began(&mut self, step: StepId);
    /// A step had been done before.
    fn cached(&mut self, step: StepId);
    /// A step's program has printed something.
    fn printed(&mut self, step: StepId, bytes: &[u8]);
    /// A step is done.
    fn done(&mut self, step: StepId);
    /// A step was not done.
    fn failed(&mut self, step: StepId);
    /// The lines of a file where something went wrong, ready to be shown.
    fn excerpt(&mut self, file: &str, lines: &str);
    /// Something is done that is no step: what, for people.
    fn waiting(&mut self, what: &str);
    /// Nothing has happened for a tenth of a second.
    fn tick(&mut self);
    /// Something that a person should know.
    fn remark(&mut self, text: &str);
}
