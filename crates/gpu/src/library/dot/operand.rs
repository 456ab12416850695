//! How a kernel reads an operand and writes the result.

use plan::library::DotDim;
use tensor::DType;

use super::element::{Number, Storage, elements, quads, stored_singly};
use super::product::Product;
use super::template::Slots;
use crate::features::Features;

/// How a dense operand is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::library) struct Access {
    /// Element type of the array.
    pub dtype: DType,
    /// Whether quads run along k rather than along the kept dimension.
    pub along_k: bool,
    /// Whether a quad is one load.
    pub wide: bool,
    /// Whether tiles are whole, so that nothing lies beyond the operand.
    pub exact: bool,
}

impl Access {
    /// The best way to read the operand whose strides `stride` picks.
    pub fn choose(product: &Product, kept: &DotDim, dtype: DType, stride: fn(&DotDim) -> i64) -> Self {
        let (kept_stride, depth) = (stride(kept), stride(&product.k));
        let fours = |value: i64| value % 4 == 0;
        let batches = product.batch.iter().all(|dim| fours(stride(dim)));
        if depth == 1 && fours(product.k.size) && fours(kept_stride) && batches {
            Access { dtype, along_k: true, wide: true, exact: false }
        } else if kept_stride == 1 && fours(kept.size) && fours(depth) && batches {
            Access { dtype, along_k: false, wide: true, exact: false }
        } else {
            Access { dtype, along_k: depth <= kept_stride && product.k.size > 1, wide: false, exact: false }
        }
    }

    /// This access if it runs along the axis wanted, else one by single elements.
    pub fn turned(self, along_k: bool) -> Self {
        if self.along_k == along_k { self } else { Access { along_k, wide: false, ..self } }
    }

    /// How the array is declared.
    pub fn storage(&self, features: &Features) -> Storage {
        if self.wide { quads(self.dtype, features) } else { elements(self.dtype, features) }
    }

    /// Elements that strides of the shader count.
    pub fn step(&self) -> i64 {
        if self.wide { 4 } else { 1 }
    }

    /// The WGSL functions `NAME_row` and `NAME_load`.
    pub fn functions(&self, name: &str, number: &str, features: &Features) -> String {
        let storage = self.storage(features);
        let (binding, at, size) =
            if name == "lhs" { ("b0", "args.at0", "m") } else { ("b1", "args.at1", "n") };
        let mut slots = Slots::default();
        slots
            .set("P", name)
            .set("B", binding)
            .set("AT", at)
            .set("SIZE", size)
            .set("KEPT", format!("{name}_kept"))
            .set("DEPTH", format!("{name}_depth"))
            .set("T", number)
            .set("ALONG", self.along())
            .set("WIDE", if self.wide { "yes" } else { "no" })
            .set("EXACT", if self.exact { "yes" } else { "no" })
            .set("QUAD", storage.read.replace("NUMBER", number))
            .set("ELEMENT", storage.read.replace("NUMBER", number))
            .set("PER", storage.per);
        slots.print(include_str!("../../../shaders/matmul_operand.wgsl"))
    }

    /// The axis that quads run along, as files name it.
    pub fn along(&self) -> &'static str {
        if self.along_k { "k" } else { "kept" }
    }
}

/// How a result is written by the kernel that computes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::library) struct Target {
    /// Element type.
    pub dtype: DType,
    /// Whether four columns are one store.
    pub wide: bool,
}

impl Target {
    /// The best way to write the result, if the kernel itself can.
    pub fn choose(product: &Product, features: &Features) -> Option<Self> {
        Self::of_rows(product, 0, &[product.m.out], features)
    }

    /// Single elements, if the type allows it.
    pub fn single(dtype: DType, features: &Features) -> Option<Self> {
        stored_singly(dtype, features).then_some(Target { dtype, wide: false })
    }

    /// As [`choose`](Self::choose), for rows of these steps that begin at `start`.
    pub fn of_rows(product: &Product, start: i64, rows: &[i64], features: &Features) -> Option<Self> {
        let dtype = product.out.dtype;
        let batches = product.batch.iter().map(|dim| dim.out);
        let mut steps = rows.iter().copied().chain(batches).chain([start, product.n.size]);
        let wide = product.n.out == 1 && steps.all(|value| value % 4 == 0);
        (wide || stored_singly(dtype, features)).then_some(Target { dtype, wide })
    }

    /// How the array is declared.
    pub fn storage(&self, features: &Features) -> Storage {
        if self.wide { quads(self.dtype, features) } else { elements(self.dtype, features) }
    }

    /// Elements that strides of the shader count.
    pub fn step(&self) -> i64 {
        if self.wide { 4 } else { 1 }
    }

    /// The WGSL function `store`, which hands its values to an epilogue if there is one.
    pub fn functions(&self, number: Number, epilogue: bool, features: &Features) -> String {
        let mut slots = Slots::default();
        slots
            .set("OUT", "b2")
            .set("AT", "args.at2")
            .set("T", number.wgsl())
            .set("WIDE", if self.wide { "yes" } else { "no" })
            .set("EPILOGUE", if epilogue { "yes" } else { "no" })
            .set("PACK", self.storage(features).write);
        slots.print(include_str!("../../../shaders/matmul_store.wgsl"))
    }
}
