//! How much memory a client may use.

use std::fs;
use std::path::{Path, PathBuf};

use crate::platform;

/// Bytes that a client may use by default: seven eighths of the control group's limit or of physical memory,
/// whichever is less. The rest is for the Python process itself: Linux grants more than there is and kills later.
pub fn default_limit() -> u64 {
    let physical = platform::physical_memory().unwrap_or(u64::MAX);
    let total = physical.min(control_group_limit().unwrap_or(u64::MAX));
    total - total / 8
}

/// The least limit among the control groups (version 1 or 2) that this process is in; none off Linux.
fn control_group_limit() -> Option<u64> {
    let membership = fs::read_to_string("/proc/self/cgroup").ok()?;
    limit_files(&membership)
        .into_iter()
        .filter_map(|file| fs::read_to_string(file).ok()?.trim().parse::<u64>().ok())
        .min()
}

/// Files that may hold a limit, given the text of `/proc/self/cgroup`: one for each ancestor, because a limit
/// above binds too. Inside a container the path may not be visible, but its root is.
fn limit_files(membership: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in membership.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let (root, name) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            _ if controllers.split(',').any(|controller| controller == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => continue,
        };
        for ancestor in Path::new(path.trim_start_matches('/')).ancestors() {
            files.push(Path::new(root).join(ancestor).join(name));
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_all_ancestors_are_looked_at() {
        let files = limit_files("4:memory:/jobs/one\n1:cpu:/\n0::/user/a\nbroken");
        let expected = [
            "/sys/fs/cgroup/memory/jobs/one/memory.limit_in_bytes",
            "/sys/fs/cgroup/memory/jobs/memory.limit_in_bytes",
            "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            "/sys/fs/cgroup/user/a/memory.max",
            "/sys/fs/cgroup/user/memory.max",
            "/sys/fs/cgroup/memory.max",
        ];
        assert_eq!(files, expected.map(PathBuf::from));
        assert!(default_limit() > 0);
    }
}
