//! Shardy attributes.

use std::fmt::Write as _;

use ops::sharding::{AxisRef, Mesh, MeshRef, Sharding, TensorSharding};

use super::attribute::{list, string, symbol};

/// `#sdy.sharding<...>` and the like.
pub(super) fn attribute(out: &mut String, sharding: &Sharding) {
    match sharding {
        Sharding::Mesh(grid) => {
            out.push_str("#sdy.mesh");
            mesh(out, grid);
        }
        Sharding::Tensor(tensor) => {
            out.push_str("#sdy.sharding");
            tensor_sharding(out, tensor);
        }
        Sharding::PerValue(shardings) => {
            out.push_str("#sdy.sharding_per_value<");
            list(out, shardings, tensor_sharding);
            out.push('>');
        }
        Sharding::ManualAxes(axes) => {
            out.push_str("#sdy<manual_axes");
            manual_axes(out, axes);
            out.push('>');
        }
        Sharding::MeshAxesGroups { mesh, axes } => groups(out, mesh, axes),
        Sharding::Other(text) => out.push_str(text),
    }
}

/// `<["x"=2], device_ids=[1, 0]>`.
pub(super) fn mesh(out: &mut String, mesh: &Mesh) {
    out.push('<');
    list(out, &mesh.axes, |out, axis| {
        string(out, axis.name.as_bytes());
        let _ = write!(out, "={}", axis.size);
    });
    if !mesh.device_ids.is_empty() {
        out.push_str(", device_ids=");
        integers(out, &mesh.device_ids);
    }
    out.push('>');
}

fn integers(out: &mut String, values: &[i64]) {
    list(out, values, |out, value| {
        let _ = write!(out, "{value}");
    });
}

/// `<@mesh, [{"x"}, {?}], replicated={"y"}>`.
pub(super) fn tensor_sharding(out: &mut String, sharding: &TensorSharding) {
    out.push('<');
    match &sharding.mesh {
        MeshRef::Symbol(name) => {
            out.push('@');
            symbol(out, name);
        }
        MeshRef::Inline(grid) => {
            out.push_str("mesh");
            mesh(out, grid);
        }
    }
    out.push_str(", ");
    list(out, &sharding.dimensions, |out, dimension| {
        out.push('{');
        axes(out, &dimension.axes);
        if !dimension.closed {
            out.push_str(if dimension.axes.is_empty() { "?" } else { ", ?" });
        }
        out.push('}');
        if let Some(priority) = dimension.priority {
            let _ = write!(out, "p{priority}");
        }
    });
    for (name, refs) in [("replicated", &sharding.replicated), ("unreduced", &sharding.unreduced)] {
        if !refs.is_empty() {
            let _ = write!(out, ", {name}={{");
            axes(out, refs);
            out.push('}');
        }
    }
    out.push('>');
}

/// `{"x", "y"}`.
pub(super) fn manual_axes(out: &mut String, names: &[String]) {
    out.push('{');
    for (i, name) in names.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        string(out, name.as_bytes());
    }
    out.push('}');
}

/// `"x", "y":(1)2`.
fn axes(out: &mut String, refs: &[AxisRef]) {
    for (i, axis) in refs.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        string(out, axis.name.as_bytes());
        if let Some((before, size)) = axis.sub_axis {
            let _ = write!(out, ":({before}){size}");
        }
    }
}

/// Replica groups as axes of a mesh, which is an attribute of StableHLO.
fn groups(out: &mut String, mesh: &MeshRef, axes: &[AxisRef]) {
    out.push_str("#stablehlo.replica_group_mesh_axes<mesh = ");
    match mesh {
        MeshRef::Symbol(name) => {
            out.push('@');
            symbol(out, name);
        }
        MeshRef::Inline(grid) => {
            out.push_str("#stablehlo.mesh<axes=");
            list(out, &grid.axes, |out, axis| {
                out.push_str("<name = ");
                string(out, axis.name.as_bytes());
                let _ = write!(out, ", size = {}>", axis.size);
            });
            if !grid.device_ids.is_empty() {
                out.push_str(", device_ids=dense<");
                integers(out, &grid.device_ids);
                let _ = write!(out, "> : tensor<{}xi64>", grid.device_ids.len());
            }
            out.push('>');
        }
    }
    out.push_str(", axes = ");
    list(out, axes, |out, axis| {
        out.push_str("#stablehlo.axis_ref<name = ");
        string(out, axis.name.as_bytes());
        if let Some((before, size)) = axis.sub_axis {
            let _ = write!(out, ", sub_axis_info = ({before}){size}");
        }
        out.push('>');
    });
    out.push('>');
}
