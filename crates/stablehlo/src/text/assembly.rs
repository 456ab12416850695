//! The pretty form of operations, as a table. The reader follows a row's pieces and so does the printer.
//!
//! The forms are those of the `assemblyFormat`s in StableHLO's `StablehloOps.td`.

/// One piece of a pretty form. Names are those of attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Punctuation and keywords; its blanks are how it is printed.
    Text(&'static str),
    /// One operand.
    Operand,
    /// All operands from here on.
    Operands,
    /// All operands, a comma after each.
    OperandsComma,
    /// An integer.
    Int(&'static str),
    /// `[1, 2]`.
    Dims(&'static str),
    /// A keyword of an enumeration.
    Keyword(&'static str),
    /// The same after a comma, or nothing where it has its default.
    OptionalKeyword(&'static str),
    /// `, lower = true`, or nothing.
    OptionalBool(&'static str),
    /// A quoted string.
    String(&'static str),
    /// `@name`.
    Symbol(&'static str),
    /// `[0:4, 1:8:2]`.
    Ranges,
    /// `e5m10`.
    FloatFormat,
    /// `batching_dims = [0] x [0], contracting_dims = [2] x [1]`.
    DotDimensions,
    /// `, precision = [DEFAULT, HIGHEST]`, or nothing.
    Precision,
    /// `, algorithm = <...>`, or nothing.
    Algorithm,
    /// `[b, 0, f]x[0, i, o]->[b, 0, f]`.
    ConvolutionDimensions,
    /// `stride = [1], pad = [[0, 0]], lhs_dilate = [1], rhs_dilate = [1], reverse = [false]`.
    Window,
}

/// How the types are written after the colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Types {
    /// All operands and results have one type; otherwise a function type.
    Same,
    /// A function type.
    Function,
    /// The types of the results; there are no operands.
    Results,
    /// The complex result, the operands being its parts; otherwise a function type.
    Complex,
    /// The predicate's and the result's type; otherwise a function type.
    Select,
    /// The tuple's type.
    Tuple,
    /// The operands' types, which are the results'; nothing if there are none.
    Pairwise,
    /// The operands' types, nothing if there are none; there are no results.
    Operands,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Format {
    /// Name of the op.
    pub mnemonic: &'static str,
    /// What stands between the name and the attribute dictionary.
    pub pieces: &'static [Piece],
    /// What stands after the colon.
    pub types: Types,
}

use Piece::*;

const UNARY: &[Piece] = &[Operand];
const BINARY: &[Piece] = &[Operand, Text(", "), Operand];

macro_rules! formats {
    ($($mnemonic:literal $types:ident $pieces:expr;)*) => {
        static FORMATS: &[Format] = &[$(Format { mnemonic: $mnemonic, pieces: $pieces, types: Types::$types }),*];
    };
}

formats! {
    "after_all" Same &[Operands];
    "bitcast_convert" Function UNARY;
    "broadcast" Function &[Operand, Text(", sizes = "), Dims("broadcast_sizes")];
    "broadcast_in_dim" Function &[Operand, Text(", dims = "), Dims("broadcast_dimensions")];
    "call" Function &[Symbol("callee"), Text("("), Operands, Text(")")];
    "cholesky" Same &[Operand, OptionalBool("lower")];
    "clamp" Same &[Operand, Text(", "), Operand, Text(", "), Operand];
    "compare" Function &[Keyword("comparison_direction"), Text(", "), Operand, Text(", "), Operand, OptionalKeyword("compare_type")];
    "complex" Complex BINARY;
    "composite" Function &[String("name"), Text(" "), Operands];
    "concatenate" Function &[OperandsComma, Text(" dim = "), Int("dimension")];
    "convert" Same UNARY;
    "convolution" Function &[Text("("), Operands, Text(") dim_numbers = "), ConvolutionDimensions, Text(", window = {"), Window, Text("}")];
    "create_token" Results &[];
    "custom_call" Function &[Symbol("call_target_name"), Text("("), Operands, Text(")")];
    "dot" Function &[Operand, Text(", "), Operand, Precision];
    "dot_general" Function &[Operand, Text(", "), Operand, Text(", "), DotDimensions, Precision, Algorithm];
    "dynamic_broadcast_in_dim" Function &[Operand, Text(", "), Operand, Text(", dims = "), Dims("broadcast_dimensions")];
    "dynamic_iota" Function &[Operand, Text(", dim = "), Int("iota_dimension")];
    "dynamic_pad" Function &[Operands];
    "dynamic_reshape" Function &[Operands];
    "dynamic_slice" Function &[OperandsComma, Text(" sizes = "), Dims("slice_sizes")];
    "dynamic_update_slice" Function &[Operands];
    "einsum" Function &[Operand, Text(", "), Operand, Text(", config = "), String("einsum_config")];
    "fft" Function &[Operand, Text(", type = "), Keyword("fft_type"), Text(", length = "), Dims("fft_length")];
    "get_dimension_size" Function &[Operand, Text(", dim = "), Int("dimension")];
    "get_tuple_element" Function &[Operand, Text("["), Int("index"), Text("]")];
    "iota" Results &[Text("dim = "), Int("iota_dimension")];
    "optimization_barrier" Pairwise &[Operands];
    "pad" Function &[
        Operand, Text(", "), Operand, Text(", low = "), Dims("edge_padding_low"), Text(", high = "),
        Dims("edge_padding_high"), Text(", interior = "), Dims("interior_padding"),
    ];
    "partition_id" Results &[];
    "real_dynamic_slice" Function &[Operands];
    "reduce_precision" Same &[Operand, Text(", format = "), FloatFormat];
    "replica_id" Results &[];
    "reshape" Function UNARY;
    "return" Operands &[Operands];
    "reverse" Same &[Operand, Text(", dims = "), Dims("dimensions")];
    "rng" Function &[Operand, Text(", "), Operand, Text(", "), Operand, Text(", distribution = "), Keyword("rng_distribution")];
    "rng_bit_generator" Function &[Operand, Text(", algorithm = "), Keyword("rng_algorithm")];
    "select" Select &[Operand, Text(", "), Operand, Text(", "), Operand];
    "set_dimension_size" Function &[Operand, Text(", "), Operand, Text(", dim = "), Int("dimension")];
    "slice" Function &[Operand, Text(" "), Ranges];
    "transpose" Function &[Operand, Text(", dims = "), Dims("permutation")];
    "tuple" Tuple &[Operands];
    "unary_einsum" Function &[Operand, Text(", config = "), String("einsum_config")];
    "uniform_dequantize" Same UNARY;
    "uniform_quantize" Same UNARY;
}

/// The pretty form of an op, if a row tells it.
pub(crate) fn format(mnemonic: &str) -> Option<Format> {
    if let Some(row) = FORMATS.iter().find(|row| row.mnemonic == mnemonic) {
        return Some(*row);
    }
    let unary = ops::UnaryOp::from_mnemonic(mnemonic).filter(|op| !op.is_chlo());
    if let Some(op) = unary {
        return Some(self::Format { mnemonic: op.mnemonic(), pieces: UNARY, types: Types::Same });
    }
    let binary = ops::BinaryOp::from_mnemonic(mnemonic)?;
    Some(self::Format { mnemonic: binary.mnemonic(), pieces: BINARY, types: Types::Same })
}
