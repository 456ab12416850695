//! Enumerated attributes: their text keyword and their wire code in VHLO bytecode.

use serde::{Deserialize, Serialize};

use crate::{Attr, AttrValue};

macro_rules! wire_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$case_doc:meta])* $case:ident $keyword:literal $code:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$case_doc])* $case,)* }


        impl $name {
            /// The keyword in StableHLO text.
            pub const fn keyword(self) -> &'static str {
                match self { $($name::$case => $keyword,)* }
            }

            /// The code in VHLO bytecode.
            pub const fn code(self) -> u32 {
                match self { $($name::$case => $code,)* }
            }

            /// The case with this keyword.
            pub fn from_keyword(keyword: &str) -> Option<Self> {
                match keyword { $($keyword => Some($name::$case),)* _ => None }
            }

            /// The case with this wire code.
            pub fn from_code(code: u32) -> Option<Self> {
                match code { $($code => Some($name::$case),)* _ => None }
            }
        }

        impl AttrValue for $name {
            fn from_attr(attr: &Attr) -> Option<Self> {
                match attr {
                    Attr::Code(code) => Self::from_code(*code),
                    Attr::Keyword(keyword) => Self::from_keyword(keyword),
                    Attr::Scalar(value) if value.dtype.is_integer() => {
                        Self::from_code(value.as_i128().try_into().ok()?)
                    }
                    _ => None,
                }
            }

            fn to_attr(&self) -> Attr {
                Attr::Keyword(self.keyword().to_owned())
            }
        }
    };
}

wire_enum! {
    /// Which comparison `compare` makes.
    ComparisonDirection {
        /// Equal.
        #[default]
        Eq "EQ" 0,
        /// Not equal.
        Ne "NE" 1,
        /// Greater or equal.
        Ge "GE" 2,
        /// Greater.
        Gt "GT" 3,
        /// Less or equal.
        Le "LE" 4,
        /// Less.
        Lt "LT" 5,
    }
}

wire_enum! {
    /// Under which order `compare` compares.
    ComparisonType {
        /// The element type's natural order.
        #[default]
        NoType "NOTYPE" 0,
        /// IEEE partial order.
        Float "FLOAT" 1,
        /// IEEE total order: -NaN < -inf < ... < -0 < +0 < ... < +NaN.
        TotalOrder "TOTALORDER" 2,
        /// Signed integers.
        Signed "SIGNED" 3,
        /// Unsigned integers.
        Unsigned "UNSIGNED" 4,
        /// A weak order of floats: zeros are equal, all NaNs are equal and above infinity.
        WeakOrder "WEAKORDER" 5,
    }
}

wire_enum! {
    /// Wanted precision of a product.
    Precision {
        /// The platform's choice; here full precision.
        #[default]
        Default "DEFAULT" 0,
        /// Better than default.
        High "HIGH" 1,
        /// Best.
        Highest "HIGHEST" 2,
    }
}

wire_enum! {
    /// Calling convention of a custom call.
    CustomCallApiVersion {
        /// Not given.
        Unspecified "API_VERSION_UNSPECIFIED" 0,
        /// The first convention.
        #[default]
        Original "API_VERSION_ORIGINAL" 1,
        /// Returns a status.
        StatusReturning "API_VERSION_STATUS_RETURNING" 2,
        /// Returns a status, one convention for all platforms.
        StatusReturningUnified "API_VERSION_STATUS_RETURNING_UNIFIED" 3,
        /// Typed FFI.
        TypedFfi "API_VERSION_TYPED_FFI" 4,
    }
}

wire_enum! {
    /// Kind of Fourier transform.
    FftType {
        /// Forward complex.
        #[default]
        Fft "FFT" 0,
        /// Inverse complex, scaled by 1/n.
        Ifft "IFFT" 1,
        /// Forward real to half-spectrum.
        Rfft "RFFT" 2,
        /// Inverse half-spectrum to real.
        Irfft "IRFFT" 3,
    }
}

wire_enum! {
    /// Generator behind `rng_bit_generator`.
    RngAlgorithm {
        /// The platform's choice; here Philox, as XLA:CPU.
        #[default]
        Default "DEFAULT" 0,
        /// Threefry 2x32.
        ThreeFry "THREE_FRY" 1,
        /// Philox 4x32.
        Philox "PHILOX" 2,
    }
}

wire_enum! {
    /// Distribution of `rng`.
    RngDistribution {
        /// Uniform in [a, b).
        #[default]
        Uniform "UNIFORM" 1,
        /// Normal with mean a, deviation b.
        Normal "NORMAL" 2,
    }
}

wire_enum! {
    /// How `triangular_solve` reads its matrix.
    Transpose {
        /// Not given.
        Invalid "TRANSPOSE_INVALID" 0,
        /// As is.
        #[default]
        NoTranspose "NO_TRANSPOSE" 1,
        /// Transposed.
        Transpose "TRANSPOSE" 2,
        /// Conjugate transposed.
        Adjoint "ADJOINT" 3,
    }
}

wire_enum! {
    /// Wanted accuracy of a transcendental.
    ResultAccuracyMode {
        /// The platform's choice; here a few ulp.
        #[default]
        Default "DEFAULT" 0,
        /// Best.
        Highest "HIGHEST" 1,
        /// Within the given tolerances.
        Tolerance "TOLERANCE" 2,
    }
}
