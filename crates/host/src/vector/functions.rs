//! Kernels of the elementary functions and of rounding.

use std::marker::PhantomData;

use num_complex::Complex;
use ops::{BinaryOp, UnaryOp, scalar};

use super::drive::{Binary, Unary};
use super::real::Real;
use super::{f32math, f64math};
use crate::cpu::{Isa, Level};

/// Kernels `f32: g, f64: h` of functions without rare elements; `via` gives f32 by the f64 function.
macro_rules! functions {
    ($($name:ident: $f32:tt, $f64:ident;)*) => { $(
        #[doc = concat!("`", stringify!($f64), "`.")]
        pub(crate) struct $name<T>(PhantomData<T>);
        functions! { @f32 $name $f32 $f64 }
        impl Unary for $name<f64> {
            type In = f64;
            type Out = f64;
            const HEAVY: bool = true;
            #[inline(always)]
            fn eval<L: Isa>(x: f64) -> f64 { f64math::$f64::<L>(x) }
        }
    )* };
    (@f32 $name:ident via $f64:ident) => {
        impl Unary for $name<f32> {
            type In = f32;
            type Out = f32;
            const HEAVY: bool = true;
            #[inline(always)]
            fn eval<L: Isa>(x: f32) -> f32 { f64math::$f64::<L>(f64::from(x)) as f32 }
        }
    };
    (@f32 $name:ident $f32:ident $f64:ident) => {
        impl Unary for $name<f32> {
            type In = f32;
            type Out = f32;
            const HEAVY: bool = true;
            #[inline(always)]
            fn eval<L: Isa>(x: f32) -> f32 { f32math::$f32::<L>(x) }
        }
    };
}

functions! {
    Exp: exp, exp;
    Expm1: expm1, expm1;
    Log: log, log;
    Log1p: log1p, log1p;
    Logistic: logistic, logistic;
    Tanh: tanh, tanh;
    Erf: erf, erf;
    Erfc: via, erfc;
    ErfInv: via, erf_inv;
    Cbrt: via, cbrt;
    Sinh: via, sinh;
    Cosh: via, cosh;
    Asin: via, asin;
    Acos: via, acos;
    Atan: via, atan;
    Asinh: via, asinh;
    Acosh: via, acosh;
    Atanh: via, atanh;
}

/// Trigonometric functions: huge arguments go to crate `libm`, lane by lane.
macro_rules! periodic {
    ($($name:ident: $function:ident, $slow32:path, $slow64:path;)*) => { $(
        #[doc = concat!("`", stringify!($function), "`.")]
        pub(crate) struct $name<T>(PhantomData<T>);
        periodic! { @float $name f32 f32math $function $slow32 }
        periodic! { @float $name f64 f64math $function $slow64 }
    )* };
    (@float $name:ident $float:ident $math:ident $function:ident $slow:path) => {
        impl Unary for $name<$float> {
            type In = $float;
            type Out = $float;
            const HEAVY: bool = true;
            #[inline(always)]
            fn eval<L: Isa>(x: $float) -> $float { $math::$function::<L>(x) }
            #[inline(always)]
            fn rare(x: $float) -> bool {
                // Infinities become NaN by themselves.
                (x.abs() >= $math::REDUCIBLE) & (x.abs() < $float::INFINITY)
            }
            fn slow(x: $float) -> $float { $slow(x) }
        }
    };
}

periodic! {
    Sin: sin, libm::sinf, libm::sin;
    Cos: cos, libm::cosf, libm::cos;
    Tan: tan, libm::tanf, libm::tan;
}

macro_rules! real_kernels {
    ($($name:ident |$x:ident| $body:expr;)*) => { $(
        #[doc = concat!("`", stringify!($body), "`.")]
        pub(crate) struct $name<T>(PhantomData<T>);
        impl<T: Real> Unary for $name<T> {
            type In = T;
            type Out = T;
            #[inline(always)]
            fn eval<L: Isa>($x: T) -> T { $body }
        }
    )* };
}

real_kernels! {
    Sqrt |x| x.square_root();
    Rsqrt |x| T::ONE / x.square_root();
    Identity |x| x;
    Zero |_x| T::ZERO;
    Floor |x| x.round_down::<L>();
    Ceil |x| x.round_up::<L>();
    RoundEven |x| x.round_even::<L>();
    RoundAway |x| round_away::<L, T>(x);
}

/// To the nearest integer, halves away from zero.
#[inline(always)]
fn round_away<L: Isa, T: Real>(x: T) -> T {
    let magnitude = x.absolute();
    let down = magnitude.round_down::<L>();
    // The difference is exact below 2^52 (2^23) and zero above.
    let up = if magnitude - down >= T::HALF { down + T::ONE } else { down };
    let rounded = if magnitude < T::INTEGERS { up } else { magnitude };
    rounded.with_sign(x)
}

/// Quotient of floats.
pub(crate) struct Divide<T>(PhantomData<T>);

impl<T: Real> Binary for Divide<T> {
    type In = T;
    type Out = T;
    #[inline(always)]
    fn eval<L: Isa>(a: T, b: T) -> T {
        a / b
    }
}

/// `x^y`.
pub(crate) struct Power<T>(PhantomData<T>);

impl Binary for Power<f32> {
    type In = f32;
    type Out = f32;
    const HEAVY: bool = true;
    #[inline(always)]
    fn eval<L: Isa>(x: f32, y: f32) -> f32 {
        f32math::power::<L>(x, y)
    }
}

impl Binary for Power<f64> {
    type In = f64;
    type Out = f64;
    const HEAVY: bool = true;
    #[inline(always)]
    fn eval<L: Isa>(x: f64, y: f64) -> f64 {
        f64math::power::<L>(x, y)
    }
    #[inline(always)]
    fn rare(x: f64, y: f64) -> bool {
        f64math::power_is_rare(x, y)
    }
    fn slow(x: f64, y: f64) -> f64 {
        libm::pow(x, y)
    }
}

/// The angle of (y, x).
pub(crate) struct Atan2<T>(PhantomData<T>);

impl Binary for Atan2<f32> {
    type In = f32;
    type Out = f32;
    const HEAVY: bool = true;
    #[inline(always)]
    fn eval<L: Isa>(y: f32, x: f32) -> f32 {
        f64math::atan2::<L>(f64::from(y), f64::from(x)) as f32
    }
}

impl Binary for Atan2<f64> {
    type In = f64;
    type Out = f64;
    const HEAVY: bool = true;
    #[inline(always)]
    fn eval<L: Isa>(y: f64, x: f64) -> f64 {
        f64math::atan2::<L>(y, x)
    }
}

/// Remainder with the sign of the dividend.
pub(crate) struct Remainder<T>(PhantomData<T>);

impl Binary for Remainder<f32> {
    type In = f32;
    type Out = f32;
    const HEAVY: bool = true;
    #[inline(always)]
    fn eval<L: Isa>(a: f32, b: f32) -> f32 {
        // A quotient below 2^24 is truncated rightly, since one that is not an integer is at least 2^-24
        // of itself away from one; its product with b is exact in f64.
        let (x, y) = (f64::from(a.abs()), f64::from(b.abs()));
        let quotient = (x / y).round_to_zero::<L>();
        let rest = (x - quotient * y) as f32;
        let rest = if y == f64::INFINITY { a.abs() } else { rest };
        rest.copysign(a)
    }
    #[inline(always)]
    fn rare(a: f32, b: f32) -> bool {
        let large = f64::from(a.abs()) >= 16_777_216.0 * f64::from(b.abs());
        large | a.is_nan() | b.is_nan()
    }
    fn slow(a: f32, b: f32) -> f32 {
        a % b
    }
}

impl Binary for Remainder<f64> {
    type In = f64;
    type Out = f64;
    const HEAVY: bool = true;
    #[inline(always)]
    fn eval<L: Isa>(a: f64, b: f64) -> f64 {
        let (x, y) = (a.abs(), b.abs());
        let quotient = (x / y).round_to_zero::<L>();
        // The rounded quotient may be one too large; the remainder is exact either way.
        let rest = f64math::minus_product::<L>(x, quotient, y);
        let rest = if rest < 0.0 { rest + y } else { rest };
        rest.copysign(a)
    }
    #[inline(always)]
    fn rare(a: f64, b: f64) -> bool {
        let (x, y) = (a.abs(), b.abs());
        // Quotients below 2^26 have exact products in parts, of operands far from over- and underflow.
        !((x < 67_108_864.0 * y) & (x < 1e290) & (y < 1e290) & (y > 1e-270))
    }
    fn slow(a: f64, b: f64) -> f64 {
        a % b
    }
}

/// `|z|`.
pub(crate) struct ComplexAbs<T>(PhantomData<T>);

impl Unary for ComplexAbs<f32> {
    type In = Complex<f32>;
    type Out = f32;
    #[inline(always)]
    fn eval<L: Isa>(z: Complex<f32>) -> f32 {
        let (re, im) = (f64::from(z.re), f64::from(z.im));
        let infinite = (z.re.abs() == f32::INFINITY) | (z.im.abs() == f32::INFINITY);
        let value = (re * re + im * im).sqrt() as f32;
        if infinite { f32::INFINITY } else { value }
    }
}

impl Unary for ComplexAbs<f64> {
    type In = Complex<f64>;
    type Out = f64;
    #[inline(always)]
    fn eval<L: Isa>(z: Complex<f64>) -> f64 {
        let (re, im) = (z.re.abs(), z.im.abs());
        let large = if re > im { re } else { im };
        // Powers of two keep squares within range without rounding.
        let (up, down) = if large > 1e150 { (2f64.powi(-600), 2f64.powi(600)) } else { (1.0, 1.0) };
        let (up, down) = if large < 1e-140 { (2f64.powi(600), 2f64.powi(-600)) } else { (up, down) };
        let (x, y) = (re * up, im * up);
        let value = (x * x + y * y).sqrt() * down;
        if (re == f64::INFINITY) | (im == f64::INFINITY) { f64::INFINITY } else { value }
    }
}

/// Real or imaginary part.
pub(crate) struct Part<T, const IMAGINARY: bool>(PhantomData<T>);

impl<T: Copy + 'static, const IMAGINARY: bool> Unary for Part<T, IMAGINARY> {
    type In = Complex<T>;
    type Out = T;
    #[inline(always)]
    fn eval<L: Isa>(z: Complex<T>) -> T {
        if IMAGINARY { z.im } else { z.re }
    }
}

/// A complex number from its parts.
pub(crate) struct MakeComplex<T>(PhantomData<T>);

impl<T: Copy + 'static> Binary for MakeComplex<T> {
    type In = T;
    type Out = Complex<T>;
    #[inline(always)]
    fn eval<L: Isa>(re: T, im: T) -> Complex<T> {
        Complex::new(re, im)
    }
}

/// Quotient of complex numbers.
pub(crate) struct ComplexDivide<T>(PhantomData<T>);

macro_rules! complex_divide {
    ($float:ident, $low:literal, $high:literal) => {
        impl Binary for ComplexDivide<$float> {
            type In = Complex<$float>;
            type Out = Complex<$float>;
            const HEAVY: bool = true;
            #[inline(always)]
            fn eval<L: Isa>(a: Complex<$float>, b: Complex<$float>) -> Complex<$float> {
                let (ar, ai, br, bi) = (f64::from(a.re), f64::from(a.im), f64::from(b.re), f64::from(b.im));
                let square = br * br + bi * bi;
                let (re, im) = ((ar * br + ai * bi) / square, (ai * br - ar * bi) / square);
                Complex::new(re as $float, im as $float)
            }
            #[inline(always)]
            fn rare(a: Complex<$float>, b: Complex<$float>) -> bool {
                let bound =
                    |z: Complex<$float>| if z.re.abs() > z.im.abs() { z.re.abs() } else { z.im.abs() };
                let (x, y) = (bound(a), bound(b));
                // Squares and products stay within f64; infinities, NaN and zero go the slow way.
                let tame = (x <= $high) & (y <= $high) & (y >= $low) & ((x >= $low) | (x == 0.0));
                !(tame & a.re.is_finite() & a.im.is_finite() & b.re.is_finite() & b.im.is_finite())
            }
            fn slow(a: Complex<$float>, b: Complex<$float>) -> Complex<$float> {
                complex_slow(BinaryOp::Divide, a, b)
            }
        }
    };
}

complex_divide!(f32, 1e-45, 3e38);
complex_divide!(f64, 1e-140, 1e140);

/// A float type of complex numbers.
pub(crate) trait Part64: Copy + 'static {
    fn wide(self) -> f64;
    fn thin(x: f64) -> Self;
}

impl Part64 for f32 {
    fn wide(self) -> f64 {
        self.into()
    }
    fn thin(x: f64) -> f32 {
        x as f32
    }
}

impl Part64 for f64 {
    fn wide(self) -> f64 {
        self
    }
    fn thin(x: f64) -> f64 {
        x
    }
}

fn complex_slow<T: Part64>(op: BinaryOp, a: Complex<T>, b: Complex<T>) -> Complex<T> {
    let wide = |z: Complex<T>| Complex::new(z.re.wide(), z.im.wide());
    let value = scalar::complex_binary(op, wide(a), wide(b)).unwrap_or(Complex::new(f64::NAN, f64::NAN));
    Complex::new(T::thin(value.re), T::thin(value.im))
}

/// A complex function by its reference form in f64, lane by lane; `OP` is a position in `UnaryOp::ALL`.
pub(crate) struct ComplexFunction<T, const OP: usize>(PhantomData<T>);

impl<T: Part64, const OP: usize> Unary for ComplexFunction<T, OP> {
    type In = Complex<T>;
    type Out = Complex<T>;
    const UP_TO: Level = Level::Baseline;
    #[inline(always)]
    fn eval<L: Isa>(z: Complex<T>) -> Complex<T> {
        let wide = Complex::new(z.re.wide(), z.im.wide());
        let value = scalar::complex_unary(UnaryOp::ALL[OP], wide).unwrap_or(Complex::new(f64::NAN, f64::NAN));
        Complex::new(T::thin(value.re), T::thin(value.im))
    }
}

/// As [`ComplexFunction`], of two operands; `OP` is a position in `BinaryOp::ALL`.
pub(crate) struct ComplexFunction2<T, const OP: usize>(PhantomData<T>);

impl<T: Part64, const OP: usize> Binary for ComplexFunction2<T, OP> {
    type In = Complex<T>;
    type Out = Complex<T>;
    const UP_TO: Level = Level::Baseline;
    #[inline(always)]
    fn eval<L: Isa>(a: Complex<T>, b: Complex<T>) -> Complex<T> {
        complex_slow(BinaryOp::ALL[OP], a, b)
    }
}
