//! The shaders of a plan as text.

use std::fmt::Write as _;

use clap::ValueEnum;
use gpu::features::Features;
use gpu::{listing, translate};
use plan::Plan;

use crate::Error;

/// A language of shaders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// As written.
    Wgsl,
    /// As translated for Metal.
    Metal,
}

/// Every shader of a plan for a device with these features, in the given languages or in all.
pub fn print(plan: &Plan, features: &Features, languages: &[Language]) -> Result<String, Error> {
    let wants = |language| languages.is_empty() || languages.contains(&language);
    let listed = listing::shaders(plan, features).map_err(|refusal| Error::Kernel(refusal.0))?;
    let mut out = String::new();
    for kernel in listed {
        if wants(Language::Wgsl) {
            let _ = writeln!(out, "{}", kernel.text().trim_end());
            out.push('\n');
        }
        if wants(Language::Metal) {
            let translated = translate::translate(&kernel.shader, features);
            let translated = translated.map_err(|error| Error::Kernel(error.to_string()))?;
            let metal = translated.metal.as_deref().unwrap_or("// Metal has no f64.");
            let _ = writeln!(out, "// {} for Metal\n{}", kernel.shader.name, metal.trim_end());
            out.push('\n');
        }
    }
    Ok(out)
}
