//! The shaders of a plan, for people: what each step of the device runs.

use std::sync::Arc;

use plan::{Plan, Space};
use tensor::TensorType;

use crate::command::visit_launches;
use crate::features::Features;
use crate::lower::{self, Context, Refusal};
use crate::shader::Shader;

/// A shader, and the first step that launches it.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// The shader.
    pub shader: Arc<Shader>,
    /// Number of the step in the plan.
    pub step: usize,
    /// The step's origin.
    pub origin: Arc<str>,
}

impl Listed {
    /// The shader in WGSL, under a line that says whose it is.
    pub fn text(&self) -> String {
        let Listed { shader, step, origin } = self;
        format!("// {}: step {step} of the plan, {origin}\n{}", shader.name, shader.source)
    }
}

/// Every shader that a plan launches on a device with these features, once each, in the order of the steps.
///
/// # Errors
/// If the plan is for another device, which takes more.
pub fn shaders(plan: &Plan, features: &Features) -> Result<Vec<Listed>, Refusal> {
    let types: Vec<TensorType> = plan.slots.iter().map(|slot| slot.ty.clone()).collect();
    let context = Context { features, types: &types };
    let mut listed: Vec<Listed> = Vec::new();
    for (number, step) in plan.body.steps.iter().enumerate() {
        if plan.step_space(step) == Space::Host || plan.crosses(step) {
            continue;
        }
        let mut lowered = lower::lower_placed(step, context, plan)?;
        visit_launches(&mut lowered.commands, &mut |launch| {
            if !listed.iter().any(|known| known.shader == launch.shader) {
                let (shader, origin) = (launch.shader.clone(), step.origin.clone());
                listed.push(Listed { shader, step: number, origin });
            }
        });
    }
    Ok(listed)
}
