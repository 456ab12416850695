//! Puts each operation into the cluster of its producers, or a new one.

use ops::Op;
use smallvec::SmallVec;
use tensor::Dims;

use super::{Cluster, Dep, Fuser, Kind, MOST_MEMBERS, Role, mask_of};

impl Fuser<'_> {
    /// The role that a consumer with `space` would have in the cluster of `dep`, if the two fit into one
    /// loop nest.
    fn fit(&self, cluster: usize, dep: Dep, space: &Dims, fold: Option<u64>) -> Option<Role> {
        let mask = dep.mask?;
        let &at = self.computed.get(&dep.value)?;
        let role = self.decisions[at].role?;
        let found = &self.clusters[cluster];
        if found.members.len() >= MOST_MEMBERS {
            return None;
        }
        match (fold, role) {
            (Some(axes), Role::Full) => {
                let fits = found.space == *space
                    && mask == found.all()
                    && (found.reduced == 0 || found.reduced == axes);
                fits.then_some(Role::Row)
            }
            (Some(_), Role::Row) => None,
            (None, Role::Full) => (found.space == *space && mask == found.all()).then_some(Role::Full),
            (None, Role::Row) => {
                if found.row_space() == *space && mask == mask_of(space.len()) && found.space != *space {
                    return Some(Role::Row);
                }
                let spread = found.space == *space && mask == found.all() & !found.reduced;
                (spread && self.rows_fit(found)).then_some(Role::Full)
            }
        }
    }

    /// Whether a row is short enough to be gone over again while it is in cache.
    pub(super) fn rows_fit(&self, cluster: &Cluster) -> bool {
        let trailing = cluster.reduced.leading_zeros() as usize == 64 - cluster.space.len();
        let limit = if trailing { self.target.row_limit } else { self.target.row_limit / 32 };
        cluster.row_len() <= limit
    }

    pub(super) fn place(&mut self, at: usize) {
        if !self.is_member(at) {
            if matches!(self.kind(at), Kind::Update | Kind::Single) {
                let deps = self.deps(at);
                self.decisions[at].level = deps.iter().map(|dep| self.ready(dep.value)).max().unwrap_or(0);
                self.decisions[at].deps = deps;
            }
            return;
        }
        if self.decisions[at].inline {
            return;
        }
        let deps = self.deps(at);
        let space = self.space(at);
        let fold = self.folded_axes(at);
        let mut level = 0;
        let mut fitting: SmallVec<[(usize, Role); 4]> = SmallVec::new();
        for &dep in &deps {
            let fit = self.cluster_of(dep.value).and_then(|c| Some((c, self.fit(c, dep, &space, fold)?)));
            match fit {
                Some(found) if fold != Some(0) => fitting.push(found),
                _ => level = level.max(self.ready(dep.value)),
            }
        }
        let top = fitting.iter().map(|&(c, _)| self.clusters[c].level).max();
        fitting.retain(|(c, _)| Some(self.clusters[*c].level) == top);
        let joined = match top {
            Some(top) if top >= level => self.join(&fitting, fold).ok_or(top + 1),
            _ => Err(level),
        };
        let (cluster, role) = match joined {
            Ok((cluster, role)) => (cluster, role),
            Err(level) => {
                self.merged.push(self.clusters.len());
                self.clusters.push(Cluster { space, reduced: fold.unwrap_or(0), members: Vec::new(), level });
                (self.clusters.len() - 1, if fold.is_some() { Role::Row } else { Role::Full })
            }
        };
        self.clusters[cluster].members.push(self.ops[at]);
        let decision = &mut self.decisions[at];
        decision.deps = deps;
        decision.cluster = Some(cluster);
        decision.role = Some(role);
    }

    /// The axes of its space that a fold reduces, as bits.
    pub(super) fn folded_axes(&self, at: usize) -> Option<u64> {
        let operation = self.function.op(self.ops[at]);
        let Op::Reduce(reduce) = &operation.op else { return None };
        let dims = &self.function.tensor(operation.operands[0]).dims;
        let mut mask = 0;
        let mut axis = 0;
        for (d, &size) in dims.iter().enumerate() {
            if size != 1 {
                mask |= u64::from(reduce.dimensions.contains(&(d as i64))) << axis;
                axis += 1;
            }
        }
        Some(mask)
    }

    /// Merges clusters that a consumer would join, if they can be one.
    fn join(&mut self, fitting: &[(usize, Role)], fold: Option<u64>) -> Option<(usize, Role)> {
        let &(first, role) = fitting.first()?;
        let space = self.clusters[first].space.clone();
        let mut reduced = fold.unwrap_or(0);
        let mut size = 0;
        let mut distinct: SmallVec<[usize; 4]> = SmallVec::new();
        for &(cluster, other) in fitting {
            let found = &self.clusters[cluster];
            let agrees = reduced == 0 || found.reduced == 0 || found.reduced == reduced;
            if other != role || found.space != space || !agrees {
                return None;
            }
            reduced |= found.reduced;
            if !distinct.contains(&cluster) {
                distinct.push(cluster);
                size += found.members.len();
            }
        }
        if size >= MOST_MEMBERS {
            return None;
        }
        for &other in &distinct[1..] {
            let members = std::mem::take(&mut self.clusters[other].members);
            self.clusters[first].members.extend(members);
            self.merged[other] = first;
        }
        self.clusters[first].reduced = reduced;
        Some((first, role))
    }
}
