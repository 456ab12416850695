//! How elements of products lie in memory and in registers.

use tensor::DType;

use crate::features::Features;
use crate::lower::Refusal;
use crate::scalar::register;

/// Type in which products are summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::library) enum Number {
    /// All real floats.
    F32,
    /// Signed integers, wrapping.
    I32,
    /// Unsigned integers, wrapping.
    U32,
    /// Complex numbers of f32, one at a time.
    C64,
    /// Real floats of 64 bits.
    F64,
    /// Complex numbers of f64, one at a time.
    C128,
    /// Signed integers of 64 bits, wrapping, one at a time.
    I64,
    /// Unsigned integers of 64 bits, wrapping, one at a time.
    U64,
}

impl Number {
    /// The type for products of arrays of these types.
    ///
    /// # Errors
    /// If there is none, or the device lacks it.
    pub fn of(dtypes: [DType; 3], features: &Features) -> Result<Number, Refusal> {
        use DType::{BF16, C64, C128, F16, F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};
        let all = |allowed: &[DType]| dtypes.iter().all(|dtype| allowed.contains(dtype));
        if all(&[F32, F16, BF16]) {
            return Ok(Number::F32);
        }
        match dtypes[2] {
            I8 | I16 | I32 if all(&[I8, I16, I32, U8, U16]) => Ok(Number::I32),
            U8 | U16 | U32 if all(&[U8, U16, U32]) => Ok(Number::U32),
            C64 if all(&[C64]) => Ok(Number::C64),
            F64 if all(&[F64]) => register(F64, features).map(|_| Number::F64),
            C128 if all(&[C128]) => register(C128, features).map(|_| Number::C128),
            I64 if all(&[I64]) && features.int64 => Ok(Number::I64),
            U64 if all(&[U64]) && features.int64 => Ok(Number::U64),
            _ => Err(Refusal::new(format!("products of {} and {} as {}", dtypes[0], dtypes[1], dtypes[2]))),
        }
    }

    /// Its WGSL name.
    pub const fn wgsl(self) -> &'static str {
        match self {
            Number::F32 => "f32",
            Number::I32 => "i32",
            Number::U32 => "u32",
            Number::F64 => "f64",
            Number::C64 => "vec2<f32>",
            Number::C128 => "vec2<f64>",
            Number::I64 => "i64",
            Number::U64 => "u64",
        }
    }

    /// Whether there are quads of it.
    pub const fn has_quads(self) -> bool {
        matches!(self, Number::F32 | Number::F64 | Number::I32 | Number::U32)
    }

    /// The element type of sums.
    pub const fn dtype(self) -> DType {
        match self {
            Number::F32 => DType::F32,
            Number::I32 => DType::I32,
            Number::U32 => DType::U32,
            Number::F64 => DType::F64,
            Number::C64 => DType::C64,
            Number::C128 => DType::C128,
            Number::I64 => DType::I64,
            Number::U64 => DType::U64,
        }
    }

    /// Bytes of a sum.
    pub const fn bytes(self) -> u32 {
        self.dtype().size() as u32
    }

    /// The WGSL function `multiply_add`, of quads where there are any.
    pub fn multiply_add(self) -> String {
        let ty = if self.has_quads() { format!("vec4<{}>", self.wgsl()) } else { self.wgsl().to_owned() };
        let value = match self {
            Number::F32 | Number::F64 => "fma(a, b, sum)".to_owned(),
            Number::C64 | Number::C128 => format!("fma(a.xx, b, fma({ty}(-a.y, a.y), b.yx, sum))"),
            _ => "a * b + sum".to_owned(),
        };
        format!("fn multiply_add(a: {ty}, b: {ty}, sum: {ty}) -> {ty} {{\n    return {value};\n}}\n")
    }
}

/// How an array is declared, and expressions that read and write it.
#[derive(Clone, Copy, Debug)]
pub(in crate::library) struct Storage {
    /// Declared element.
    pub declared: &'static str,
    /// Its bytes.
    pub unit: u32,
    /// Array elements in it.
    pub per: u32,
    /// Register values of `word`: a quad; or of element `at`, which is in `word`.
    pub read: &'static str,
    /// A declared element of `values` (a quad) or, where elements are stored singly, of `value`; or of `value_0`,
    /// `value_1`, ... where several share a word.
    pub write: &'static str,
}

/// Whether single elements of a type are stored without touching their neighbours.
pub(in crate::library) fn stored_singly(dtype: DType, features: &Features) -> bool {
    match dtype {
        DType::F32 | DType::F64 | DType::I32 | DType::U32 | DType::I64 | DType::U64 => true,
        DType::C64 | DType::C128 => true,
        DType::F16 => features.float16,
        _ => false,
    }
}

/// Four elements at a time, at a multiple of four.
pub(in crate::library) fn quads(dtype: DType, features: &Features) -> Storage {
    let storage = |declared, unit, read, write| Storage { declared, unit, per: 4, read, write };
    match dtype {
        DType::F32 => storage("vec4<f32>", 16, "word", "values"),
        DType::F64 => storage("vec4<f64>", 32, "word", "values"),
        DType::I32 => storage("vec4<i32>", 16, "word", "values"),
        DType::U32 => storage("vec4<u32>", 16, "word", "values"),
        DType::F16 if features.float16 => storage("vec4<f16>", 8, "vec4<NUMBER>(word)", "vec4<f16>(values)"),
        DType::F16 => storage(
            "vec2<u32>",
            8,
            "vec4<f32>(unpack2x16float(word.x), unpack2x16float(word.y))",
            "vec2<u32>(f16_pair(values.xy), f16_pair(values.zw))",
        ),
        DType::BF16 => storage(
            "vec2<u32>",
            8,
            "vec4<f32>(bf16_low(word.x), bf16_high(word.x), bf16_low(word.y), bf16_high(word.y))",
            "vec2<u32>(bf16_pair(values.xy), bf16_pair(values.zw))",
        ),
        DType::I16 => storage(
            "vec2<u32>",
            8,
            "vec4<i32>(i16_at(word.x, 0u), i16_at(word.x, 1u), i16_at(word.y, 0u), i16_at(word.y, 1u))",
            "vec2<u32>(pair(vec2<u32>(values.xy)), pair(vec2<u32>(values.zw)))",
        ),
        DType::U16 => storage(
            "vec2<u32>",
            8,
            "vec4<NUMBER>(vec4<u32>(word.x & 0xffffu, word.x >> 16u, word.y & 0xffffu, word.y >> 16u))",
            "vec2<u32>(pair(values.xy), pair(values.zw))",
        ),
        DType::I8 => storage(
            "u32",
            4,
            "vec4<i32>(i8_at(word, 0u), i8_at(word, 1u), i8_at(word, 2u), i8_at(word, 3u))",
            "bytes(vec4<u32>(values))",
        ),
        _ => storage(
            "u32",
            4,
            "vec4<NUMBER>((vec4<u32>(word) >> vec4<u32>(0u, 8u, 16u, 24u)) & vec4<u32>(0xffu))",
            "bytes(values)",
        ),
    }
}

/// Single elements, several in a word where they are narrow.
pub(in crate::library) fn elements(dtype: DType, features: &Features) -> Storage {
    let storage = |declared, unit, per, read, write| Storage { declared, unit, per, read, write };
    match dtype {
        DType::F32 => storage("f32", 4, 1, "word", "value"),
        DType::I32 => storage("i32", 4, 1, "word", "value"),
        DType::U32 => storage("u32", 4, 1, "word", "value"),
        DType::C64 => storage("vec2<f32>", 8, 1, "word", "value"),
        DType::F64 => storage("f64", 8, 1, "word", "value"),
        DType::C128 => storage("vec2<f64>", 16, 1, "word", "value"),
        DType::I64 => storage("i64", 8, 1, "word", "value"),
        DType::U64 => storage("u64", 8, 1, "word", "value"),
        DType::F16 if features.float16 => storage("f16", 2, 1, "NUMBER(word)", "f16(value)"),
        DType::F16 => {
            storage("u32", 4, 2, "unpack2x16float(word)[at % 2u]", "f16_pair(vec2<f32>(value_0, value_1))")
        }
        DType::BF16 => storage(
            "u32",
            4,
            2,
            "bf16_low(word >> (at % 2u * 16u))",
            "bf16_pair(vec2<f32>(value_0, value_1))",
        ),
        DType::I16 => {
            storage("u32", 4, 2, "i16_at(word, at % 2u)", "pair(vec2<u32>(vec2<i32>(value_0, value_1)))")
        }
        DType::U16 => storage(
            "u32",
            4,
            2,
            "NUMBER((word >> (at % 2u * 16u)) & 0xffffu)",
            "pair(vec2<u32>(value_0, value_1))",
        ),
        DType::I8 => storage(
            "u32",
            4,
            4,
            "i8_at(word, at % 4u)",
            "bytes(vec4<u32>(vec4<i32>(value_0, value_1, value_2, value_3)))",
        ),
        _ => storage(
            "u32",
            4,
            4,
            "NUMBER((word >> (at % 4u * 8u)) & 0xffu)",
            "bytes(vec4<u32>(value_0, value_1, value_2, value_3))",
        ),
    }
}
