//! The error function, its complement and its inverse in f64.

use super::{exp_sum, log, two_product};
use crate::cpu::Isa;
use crate::vector::real::poly;

/// `erf(x)` for `|x| <= 1`.
#[inline(always)]
fn erf_inner<L: Isa>(x: f64) -> f64 {
    let z = x * x;
    // The leading coefficient less 1, so that only a small term is rounded before the sum.
    x + x * poly!(L, z;
        0.12837916709551257, -0.37612638903183754, 0.1128379167095512, -0.02686617064512984,
        0.0052239776254232985, -0.000854832702193483, 0.00012055332902888736, -1.4925647567519332e-05,
        1.6462045441468418e-06, -1.6364642158167616e-07, 1.4792401209404813e-08, -1.216456005728345e-09,
        8.709045129053106e-11, -4.230945824295338e-12)
}

/// `erfc(t)` for `t >= 0.45`: e^(-t^2) / (1 + 2t) times a smooth function of (t - 4) / (t + 4)
/// (M. Shepherd, J. Laframboise, "Chebyshev approximation of (1 + 2x) exp(x^2) erfc x", 1981).
#[inline(always)]
fn erfc_outer<L: Isa>(t: f64) -> f64 {
    // erfc 28 is below the least subnormal.
    let t = if t > 28.0 { 28.0 } else { t };
    let (square, low) = two_product::<L>(t, t);
    let e = exp_sum::<L>(-square, -low, 0.0);
    let u = (t - 4.0) / (t + 4.0);
    let h = poly!(L, u;
        1.2329951186255526, -0.1396211168405625, 0.015379652102620017, 0.06809705425469177,
        -0.10103906603632312, 0.0937328349983866, -0.066330365811711, 0.03716751553682934,
        -0.0161977340648754, 0.005031969983878878, -0.0007577732306115099, -0.00019925672295143727,
        0.0001506213800520393, -2.4399148571913193e-05, -1.1221067468639072e-05, 5.709717072427014e-06,
        2.9181485850108104e-07, -8.257212553072976e-07, 7.718993239723124e-08, 1.1078834783927751e-07,
        -1.9770645300789213e-08, -1.4863847746199828e-08, 2.420732503548398e-09, 1.570036927157774e-09);
    e * (h / (1.0 + 2.0 * t))
}

/// Error function.
#[inline(always)]
pub(crate) fn erf<L: Isa>(x: f64) -> f64 {
    let magnitude = x.abs();
    let outer = (1.0 - erfc_outer::<L>(magnitude)).copysign(x);
    if magnitude < 1.0 { erf_inner::<L>(x) } else { outer }
}

/// Complementary error function.
#[inline(always)]
pub(crate) fn erfc<L: Isa>(x: f64) -> f64 {
    let magnitude = x.abs();
    let outer = erfc_outer::<L>(magnitude);
    let outer = if x < 0.0 { 2.0 - outer } else { outer };
    if magnitude < 0.5 { 1.0 - erf_inner::<L>(x) } else { outer }
}

/// Inverse error function: infinite at -1 and 1, NaN beyond.
///
/// `erf_inv(x) / x` is smooth in `w = -log(1 - x^2)` and, for large w, in its root (M. Giles,
/// "Approximating the erfinv function", 2010; the coefficients are our own, relative error 1e-17).
#[inline(always)]
pub(crate) fn erf_inv<L: Isa>(x: f64) -> f64 {
    let w = -log::<L>((1.0 - x) * (1.0 + x));
    let root = w.sqrt();
    let v = w - 3.125;
    let small = poly!(L, v; 1.6536545626831027, 0.24015818242558834, -0.006033670871426851, -0.0007407025341546431, 0.00018673420801981186, -1.3882523393957483e-05, -1.3654691758785656e-06, 4.23478816822246e-07, -2.907039127564132e-08, -4.1126604371632185e-09, 1.0512233770504286e-09, -5.414303283919504e-11, -1.2978805369932403e-11, 2.6305268312595183e-12, -8.071925938993642e-14, -4.0020031087558496e-14, 6.5213335115076615e-15, -3.94018812230432e-17, -1.2215637192458726e-16, 1.5510787009902526e-17, 6.075050702423561e-19, -3.4734793888538036e-19, 1.9992599887307805e-20, 3.194015548136271e-21, -3.593202892487841e-22);
    let v = root - 3.25;
    let middle = poly!(L, v; 3.0838856104922208, 1.0052589676941655, 0.005370914553555033, -0.0037512085082247342, 0.00249144209795696, -0.0016882755354488555, 0.0009532893415794137, -0.0003550378137852452, 2.403151286575844e-05, 6.828711739251955e-05, -4.732068066544747e-05, 1.2465028224217455e-05, 2.93257845538717e-06, -3.985705945648173e-06, 1.4815977873980634e-06, -2.761716223816241e-08, -2.4549818962748234e-07, 1.3158663683192966e-07, -2.0914533352405545e-08, -1.5305397964152548e-08, 7.68020048065988e-09);
    let v = root - 5.0;
    let large = poly!(L, v; 4.849906401408584, 1.0103004648645448, -0.0001387193183802327, -0.00021503011980329156, 7.599527809894209e-05, -1.968177112463216e-05, 4.526052504540241e-06, -9.930260580756307e-07, 2.2905292955975568e-07, -6.757032620612133e-08, 2.901831210315565e-08, -1.521973066440248e-08, 7.822040738410833e-09, -3.5249190822801067e-09, 1.315363872459033e-09, -3.891029733762427e-10, 6.991455005495576e-11, 1.883626194327793e-11, -2.0469026960933108e-11, 5.029463831717124e-12);
    let ratio = if w < 6.25 {
        small
    } else if w < 16.0 {
        middle
    } else {
        large
    };
    let ratio = if w == f64::INFINITY { w } else { ratio };
    // Here w has no bits left; sqrt(pi)/2 is the slope at zero.
    let ratio = if x.abs() < 1e-8 { 0.886_226_925_452_758 } else { ratio };
    x * ratio
}
