//! Which operations are repeated in each kernel that uses them instead of held in memory.

use super::{CHEAP, Fuser, Kind, Users, classify, mask_of};
use stablehlo::ValueId;

impl Fuser<'_> {
    /// Chooses operations that are repeated where they are used, never held in memory: very cheap ones,
    /// and those with a single use that reads them in another order or writes them into a larger array.
    pub(super) fn decide_inlining(&mut self) {
        let mut users: Vec<Users> = vec![Users::new(); self.ops.len()];
        for at in 0..self.ops.len() {
            if self.is_member(at) || matches!(self.kind(at), Kind::Update | Kind::Single) {
                for dep in self.deps(at) {
                    if let Some(&from) = self.computed.get(&dep.value) {
                        users[from].push((at, dep.mask));
                    }
                }
            }
        }
        let mut chain: Vec<u32> = vec![0; self.ops.len()];
        for at in (0..self.ops.len()).rev() {
            let result = self.function.op(self.ops[at]).results.first().copied();
            let point = matches!(self.kind(at), Kind::Point);
            let Some(result) = result.filter(|v| point && !self.external.contains(v)) else { continue };
            let [(user, mask)] = users[at][..] else { continue };
            let size = self.function.tensor(result).len();
            let user_size: i64 = self.space(user).iter().product();
            let repeats = user_size as usize > size;
            let full = mask == Some(mask_of(self.space(user).len()));
            let wanted = match self.kind(user) {
                Kind::Update => true,
                Kind::Point | Kind::Leaf | Kind::Fold | Kind::View => {
                    !repeats && (!full || self.decisions[user].inline)
                }
                Kind::Single | Kind::Nothing => false,
            };
            chain[at] = chain[user] + 1;
            self.decisions[at].inline = wanted && chain[at] < 32;
        }
        for at in 0..self.ops.len() {
            let Some(&result) = self.function.op(self.ops[at]).results.first() else { continue };
            if self.kind(at) != Kind::Point {
                continue;
            }
            let deps = self.deps(at);
            let below: u32 =
                self.function.op(self.ops[at]).operands.iter().map(|&v| self.inline_cost(v)).sum();
            let cost = below + classify::cost(self.function, self.function.op(self.ops[at]));
            let needed = self.external.contains(&result);
            let decision = &mut self.decisions[at];
            decision.cost = cost;
            decision.inline = !needed && (decision.inline || (deps.len() <= 1 && cost <= CHEAP));
            decision.deps = deps;
        }
    }

    /// Scalar operations that repeating a value costs below the values in memory.
    fn inline_cost(&self, value: ValueId) -> u32 {
        let Some(&at) = self.computed.get(&value) else { return 0 };
        match self.kind(at) {
            Kind::View if !self.root_views.contains(&value) => {
                let operands = &self.function.op(self.ops[at]).operands;
                let extra = u32::from(operands.len() > 1);
                extra + operands.iter().map(|&operand| self.inline_cost(operand)).sum::<u32>()
            }
            Kind::Point if self.decisions[at].inline => self.decisions[at].cost,
            _ => 0,
        }
    }
}
