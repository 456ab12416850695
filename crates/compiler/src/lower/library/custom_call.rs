//! Custom calls that the engines know by name.

use ops::attributes::CustomCall;
use ops::{Attr, AttrMap, AttrValue};
use plan::library::{self, LinalgRoutine};
use plan::{Block, StepOp};
use stablehlo::Operation;

use super::Lowering;
use crate::Error;

/// What a custom call asks for.
enum Target {
    TopK,
    Threefry,
    Linalg(LinalgRoutine),
    Callback,
}

/// Whether a custom call's target is known.
pub fn is_known(call: &CustomCall) -> bool {
    target(&call.call_target_name, &Config { maps: Vec::new() }).is_some()
}

/// The target of this name: ours (`mps.*`), and those that JAX's platform-neutral rules call.
fn target(name: &str, config: &Config<'_>) -> Option<Target> {
    Some(Target::Linalg(match name {
        "mps.callback" => return Some(Target::Callback),
        "mps.top_k" => return Some(Target::TopK),
        "mps.threefry2x32" => return Some(Target::Threefry),
        "mps.eigh" => LinalgRoutine::Eigh { lower: config.flag("lower", true) },
        "Eigh" => LinalgRoutine::Eigh { lower: true },
        "mps.svd" => LinalgRoutine::Svd {
            full_matrices: config.flag("full_matrices", false),
            vectors: config.flag("compute_uv", true),
        },
        "mps.eig" => {
            LinalgRoutine::Eig { left: config.flag("left", false), right: config.flag("right", false) }
        }
        "mps.schur" => LinalgRoutine::Schur { vectors: config.flag("compute_schur_vectors", true) },
        "mps.hessenberg" => LinalgRoutine::Hessenberg,
        "mps.tridiagonal_solve" => {
            LinalgRoutine::TridiagonalSolve { perturb: config.flag("perturb_singular", false) }
        }
        "mps.tridiagonal" => LinalgRoutine::Tridiagonal { lower: config.flag("lower", true) },
        "mps.geqrf" | "Qr" => LinalgRoutine::Geqrf,
        "mps.geqp3" => LinalgRoutine::Geqp3,
        "mps.orgqr" | "ProductOfElementaryHouseholderReflectors" => LinalgRoutine::Orgqr { taus: 0 },
        "mps.lu" => LinalgRoutine::Lu,
        _ => return None,
    }))
}

impl<'a> Lowering<'a> {
    pub(super) fn custom_call(
        &mut self,
        operation: &'a Operation,
        call: &CustomCall,
        block: &mut Block,
    ) -> Result<(), Error> {
        let config = Config::new(call, operation);
        let function = self.function;
        let operand = |i: usize| function.tensor(operation.operands[i]);
        match target(&call.call_target_name, &config) {
            Some(Target::TopK) => {
                let ty = operand(0);
                let [rows @ .., size] = &ty.dims[..] else {
                    return Err(self.unsupported(operation, "needs a dimension"));
                };
                let step = library::TopK {
                    dtype: ty.dtype,
                    rows: rows.iter().product(),
                    size: *size,
                    k: config.integer("k").ok_or_else(|| self.unsupported(operation, "lacks `k`"))?,
                };
                self.push(operation, StepOp::TopK(step), block)
            }
            Some(Target::Threefry) => {
                let len = |i: usize| operand(i).len() as i64;
                let step = library::Threefry {
                    operands: [len(0), len(1), len(2), len(3)],
                    len: function.tensor(operation.results[0]).len() as i64,
                };
                self.push(operation, StepOp::Threefry(step), block)
            }
            Some(Target::Callback) => {
                let handle = config.integer("handle");
                let handle = handle.ok_or_else(|| self.unsupported(operation, "lacks `handle`"))?;
                self.push(operation, StepOp::Callback(library::Callback { handle: handle as u64 }), block)
            }
            Some(Target::Linalg(LinalgRoutine::Orgqr { .. })) => {
                let taus = operand(1).dims.last().copied().unwrap_or(0);
                self.linalg(operation, LinalgRoutine::Orgqr { taus }, block)
            }
            Some(Target::Linalg(routine)) => self.linalg(operation, routine, block),
            None => Err(Error::unsupported(super::missing(self.module, self.function, operation))),
        }
    }
}

/// The attributes of a custom call, wherever JAX put them.
struct Config<'a> {
    maps: Vec<&'a AttrMap>,
}

impl<'a> Config<'a> {
    fn new(call: &'a CustomCall, operation: &'a Operation) -> Self {
        let mut maps = Vec::new();
        let named = |name| operation.attributes.get(name);
        for attr in [Some(&call.backend_config), named("mhlo.backend_config"), named("mhlo.attributes")] {
            if let Some(Attr::Dict(map)) = attr {
                maps.push(map);
            }
        }
        maps.push(&operation.attributes);
        Config { maps }
    }

    fn get<T: AttrValue>(&self, name: &str) -> Option<T> {
        self.maps.iter().find_map(|map| map.get(name)).and_then(T::from_attr)
    }

    fn integer(&self, name: &str) -> Option<i64> {
        self.get(name)
    }

    fn flag(&self, name: &str, default: bool) -> bool {
        self.get(name).unwrap_or(default)
    }
}
