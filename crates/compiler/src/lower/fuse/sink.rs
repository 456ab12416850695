//! Moves operations into the one later cluster that uses them.

use std::collections::HashMap;

use stablehlo::ValueId;

use super::{Fuser, Kind, MOST_MEMBERS, Role, Users, mask_of};

impl Fuser<'_> {
    /// Moves operations into the one later cluster that uses them.
    pub(super) fn sink(&mut self) {
        let mut consumers: HashMap<ValueId, Users> = HashMap::new();
        for at in 0..self.ops.len() {
            let decision = &self.decisions[at];
            let unit = decision.cluster.is_some() || matches!(self.kind(at), Kind::Update | Kind::Single);
            if unit && !decision.inline {
                for dep in &decision.deps {
                    consumers.entry(dep.value).or_default().push((at, dep.mask));
                }
            }
        }
        for at in (0..self.ops.len()).rev() {
            let Some(cluster) = self.decisions[at].cluster.map(|c| self.find(c)) else { continue };
            let result = self.function.op(self.ops[at]).results[0];
            if matches!(self.kind(at), Kind::Fold) || self.external.contains(&result) {
                continue;
            }
            let Some(users) = consumers.get(&result) else { continue };
            let Some((to, role)) = self.common_destination(at, cluster, users) else { continue };
            let leaves_behind = self.decisions[at]
                .deps
                .iter()
                .filter(|dep| self.cluster_of(dep.value) == Some(cluster))
                .filter(|dep| {
                    let users = consumers.get(&dep.value).map_or(&[][..], |users| users);
                    !self.external.contains(&dep.value)
                        && users.iter().all(|&(user, _)| self.cluster_at(user) == Some(cluster))
                })
                .count();
            if leaves_behind <= 1 {
                let id = self.ops[at];
                self.clusters[cluster].members.retain(|&member| member != id);
                self.clusters[to].members.push(id);
                self.decisions[at].cluster = Some(to);
                self.decisions[at].role = Some(role);
            }
        }
    }

    fn cluster_at(&self, at: usize) -> Option<usize> {
        self.decisions[at].cluster.map(|c| self.find(c))
    }

    /// The one other cluster in which all users are, and the role the value would have there.
    fn common_destination(
        &self,
        at: usize,
        from: usize,
        users: &[(usize, Option<u64>)],
    ) -> Option<(usize, Role)> {
        let to = self.cluster_at(users.first()?.0)?;
        let space = self.space(at);
        let found = &self.clusters[to];
        if to == from || found.level <= self.clusters[from].level || found.members.len() >= MOST_MEMBERS {
            return None;
        }
        let role = if found.space == space {
            Role::Full
        } else if found.reduced != 0 && found.row_space() == space {
            Role::Row
        } else {
            return None;
        };
        let fits = users.iter().all(|&(user, mask)| {
            let spread = match (role, self.decisions[user].role) {
                (Role::Full, Some(Role::Row)) => self.folded_axes(user).is_some(),
                (Role::Row, Some(Role::Full)) => self.rows_fit(found),
                (_, role) => role.is_some(),
            };
            let expected = match (role, self.decisions[user].role) {
                (Role::Row, Some(Role::Full)) => found.all() & !found.reduced,
                _ => mask_of(space.len()),
            };
            self.cluster_at(user) == Some(to) && mask == Some(expected) && spread
        });
        fits.then_some((to, role))
    }
}
