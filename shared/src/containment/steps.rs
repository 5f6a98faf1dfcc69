//! A record's steps: planned, begun one after the other, and ended.

use jiff::Timestamp;

use super::{Containment, Plan, Step, StepKind, StepResult};

impl Containment {
    /// Adds steps to come; the first of them is begun by the same write.
    pub(super) fn expect(&mut self, steps: &[(StepKind, usize)], at: Timestamp) {
        let planned =
            steps.iter().map(|&(kind, targets)| Step { kind, targets, result: StepResult::Planned, at });
        self.steps.extend(planned);
        self.begin_next(at);
    }

    /// Shows the steps of a plan that is not carried out.
    pub(crate) fn preview(&mut self, plan: &Plan, at: Timestamp) {
        self.expect(&plan.steps(), at);
        self.steps.iter_mut().for_each(|step| step.result = StepResult::Planned);
    }

    /// Says what became of the step that has begun, and begins the next.
    pub(super) fn end_step(&mut self, result: StepResult, at: Timestamp) {
        if let Some(step) = self.steps.iter_mut().find(|step| step.result == StepResult::Begun) {
            (step.result, step.at) = (result, at);
        }
        self.begin_next(at);
    }

    /// Says how far the step that has begun had come when it was stopped; of one of which nothing was done, nothing.
    pub(super) fn stop_step(&mut self, done: usize, of: usize, at: Timestamp) {
        let result = match done {
            0 => StepResult::Planned,
            _ => StepResult::Failed { reason: format!("stopped after {done} of {of}") },
        };
        if let Some(step) = self.steps.iter_mut().find(|step| step.result == StepResult::Begun) {
            (step.result, step.at) = (result, at);
        }
    }

    /// Forgets steps whose turn never came, and says of one that had begun that its answer is not known.
    pub(crate) fn interrupt(&mut self, at: Timestamp) {
        self.steps.retain(|step| step.result != StepResult::Planned);
        let reason = "the program ended before the answer was recorded".to_owned();
        for step in self.steps.iter_mut().filter(|step| step.result == StepResult::Begun) {
            (step.result, step.at) = (StepResult::Failed { reason: reason.clone() }, at);
        }
    }

    fn begin_next(&mut self, at: Timestamp) {
        if let Some(step) = self.steps.iter_mut().find(|step| step.result == StepResult::Planned) {
            (step.result, step.at) = (StepResult::Begun, at);
        }
    }
}
