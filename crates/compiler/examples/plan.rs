//! Prints the plan of a program: `cargo run -p compiler --example plan -- FILE...`; with several files, one
//! line each.

use std::time::Instant;

fn main() {
    let files: Vec<String> = std::env::args().skip(1).collect();
    for file in &files {
        let bytes = std::fs::read(file).expect("a readable file");
        let start = Instant::now();
        let plan = stablehlo::parse(&bytes).map_err(|error| error.to_string()).and_then(|module| {
            stablehlo::verify::verify(&module).map_err(|error| error.to_string())?;
            compiler::compile(module, &compiler::Target::host(), &compiler::Settings::default())
                .map_err(|error| error.to_string())
        });
        let took = start.elapsed();
        match plan {
            Ok(plan) if files.len() == 1 => println!("{plan}"),
            Ok(plan) => println!("{file}: {} steps, arena {} bytes, {took:?}", plan.body.steps.len(), plan.arena_bytes),
            Err(error) => println!("{file}: ERROR {}", error.replace("\n", " | ")),
        }
    }
}
