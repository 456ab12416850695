//! Products with epilogues in ways that the engine would not choose, and in loops.

use engine_tests::products::{Case, Kind, dense, layouts};
use gpu::features::Features;
use gpu::library::dot::Choice;
use gpu::library::dot::cooperative::Cooperative;
use gpu::library::dot::thin::Thin;
use gpu::library::dot::tile::{Shape, Tile};
use gpu::library::fused::lower_as;
use gpu::lower::{Context, lower};
use gpu::{GpuEngine, Lowering};
use plan::{Plan, Step, StepOp};
use tensor::DType;

use crate::device::{check_shaders, engine};

/// Runs a case in a given way.
fn check_as(engine: &GpuEngine, case: &Case, choice: Choice, in_place: bool) {
    let fused = case.fused.clone();
    let lower = move |step: &Step, context: Context<'_>, _: &Plan| match &step.op {
        StepOp::Fused(_) => {
            let lowered = lower_as(&fused, step, context, Some(choice))?;
            check_shaders(lowered.clone(), context.features);
            Ok(lowered)
        }
        _ => lower(step, context),
    };
    let engine = Lowering { engine: engine.clone(), lower };
    case.check(&engine, if in_place { case.plan_in_place() } else { case.plan() });
}

fn shapes() -> Vec<Shape> {
    let twin = |shape: Cooperative| Shape::Cooperative(Cooperative { real: false, half: false, ..shape });
    vec![
        Shape::Plain(Tile::square(64, 2, 8, 2)),
        Shape::Plain(Tile { row_quads: 2, unroll: 4, ..Tile::square(64, 1, 16, 2) }),
        twin(Cooperative::sixteen([1, 2], [2, 1], 16, 1)),
        twin(Cooperative { staged: 1, ..Cooperative::eight([2, 2], [1, 2], 8, 2) }),
        Shape::Small,
    ]
}

#[test]
fn every_shape_and_parts() {
    let Some(engine) = engine() else { return };
    let ways = [
        (1, Kind::Layer(DType::F32)),
        (1, Kind::Masked),
        (3, Kind::Two),
        (2, Kind::Turned),
        (1, Kind::Update),
    ];
    for (number, shape) in shapes().into_iter().enumerate() {
        for (at, (parts, kind)) in ways.into_iter().enumerate() {
            if shape == Shape::Small && parts > 1 {
                continue;
            }
            let sizes = match kind {
                Kind::Update => [1, 65, 30, 66],
                _ => [[2, 70, 48, 68], [1, 33, 301, 19]][(number + at) % 2],
            };
            let transposed = layouts().nth((3 * number + at) % 8).expect("eight layouts");
            let case = Case::new(dense([DType::F32; 3], sizes, transposed), kind);
            check_as(&engine, &case, Choice { shape, parts }, matches!(kind, Kind::Layer(_) | Kind::Update));
        }
    }
}

#[test]
fn thin_shapes() {
    let Some(engine) = engine() else { return };
    for along_k in [false, true] {
        for (rows, parts) in [(1, 1), (4, 1), (8, 3)] {
            for kind in [Kind::Layer(DType::BF16), Kind::Masked, Kind::Two] {
                for n in [132, 131] {
                    let dot = dense([DType::BF16; 3], [2, rows, 520, n], [false, along_k, false]);
                    let shape = Shape::Thin(Thin { rows: rows as u32, along_k });
                    check_as(&engine, &Case::new(dot, kind), Choice { shape, parts }, false);
                }
            }
        }
    }
}

#[test]
fn shaders_are_valid_everywhere() {
    use DType::{BF16, F16, F32, I8, I32, U16};
    let half = Features { float16: true, ..Features::least() };
    for features in [Features::least(), half] {
        for (dtypes, to) in [
            ([F32; 3], F32),
            ([F32; 3], F16),
            ([F16; 3], F16),
            ([BF16; 3], F32),
            ([I8, I8, I32], I8),
            ([U16; 3], U16),
        ] {
            for (number, transposed) in layouts().enumerate() {
                for sizes in [
                    [1, 512, 512, 512],
                    [1, 4096, 4096, 4096],
                    [1, 63, 63, 63],
                    [1, 8, 9999, 8],
                    [1, 3, 2048, 512],
                ] {
                    let kinds = [Kind::Layer(to), Kind::Two, Kind::Turned];
                    let case = Case::new(dense(dtypes, sizes, transposed), kinds[number % 3]);
                    let step = case.plan().body.steps[0].clone();
                    let types: Vec<_> = case.reads.iter().chain(&case.writes).cloned().collect();
                    let context = Context { features: &features, types: &types };
                    check_shaders(lower(&step, context).expect("a supported product"), &features);
                }
            }
        }
    }
}
