// error: the error function of f64, its complement and its inverse.
// numbers   erf 1 ulp, erfc 4, erf_inv 3

// Error function for |x| up to 1.
fn f64_erf_inner(x: f64) -> f64 {
    let z = x * x;
    // The leading coefficient less 1, so that only a small term is rounded before the sum.
    var p = -4.230945824295338e-12lf;
    p = p * z + 8.709045129053106e-11lf;
    p = p * z - 1.216456005728345e-09lf;
    p = p * z + 1.4792401209404813e-08lf;
    p = p * z - 1.6364642158167616e-07lf;
    p = p * z + 1.6462045441468418e-06lf;
    p = p * z - 1.4925647567519332e-05lf;
    p = p * z + 0.00012055332902888736lf;
    p = p * z - 0.000854832702193483lf;
    p = p * z + 0.0052239776254232985lf;
    p = p * z - 0.02686617064512984lf;
    p = p * z + 0.1128379167095512lf;
    p = p * z - 0.37612638903183754lf;
    p = p * z + 0.12837916709551257lf;
    return x + x * p;
}

// Its complement for x from 0.45 on: e^(-x^2) / (1 + 2x) times a smooth function of (x - 4) / (x + 4)
// (M. Shepherd, J. Laframboise, "Chebyshev approximation of (1 + 2x) exp(x^2) erfc x", 1981).
fn f64_erfc_outer(x: f64) -> f64 {
    // erfc 28 is below the least subnormal.
    let t = f64_bounded(x, 0.0lf, 28.0lf);
    let square = f64_two_product(t, t);
    let e = f64_exp_sum(-square.high, -square.low, 0);
    let u = f64_quotient(t - 4.0lf, t + 4.0lf);
    var h = 1.570036927157774e-09lf;
    h = h * u + 2.420732503548398e-09lf;
    h = h * u - 1.4863847746199828e-08lf;
    h = h * u - 1.9770645300789213e-08lf;
    h = h * u + 1.1078834783927751e-07lf;
    h = h * u + 7.718993239723124e-08lf;
    h = h * u - 8.257212553072976e-07lf;
    h = h * u + 2.9181485850108104e-07lf;
    h = h * u + 5.709717072427014e-06lf;
    h = h * u - 1.1221067468639072e-05lf;
    h = h * u - 2.4399148571913193e-05lf;
    h = h * u + 0.0001506213800520393lf;
    h = h * u - 0.00019925672295143727lf;
    h = h * u - 0.0007577732306115099lf;
    h = h * u + 0.005031969983878878lf;
    h = h * u - 0.0161977340648754lf;
    h = h * u + 0.03716751553682934lf;
    h = h * u - 0.066330365811711lf;
    h = h * u + 0.0937328349983866lf;
    h = h * u - 0.10103906603632312lf;
    h = h * u + 0.06809705425469177lf;
    h = h * u + 0.015379652102620017lf;
    h = h * u - 0.1396211168405625lf;
    h = h * u + 1.2329951186255526lf;
    return e * f64_quotient(h, 1.0lf + 2.0lf * t);
}

// Error function.
fn f64_erf(x: f64) -> f64 {
    let magnitude = abs(x);
    let outer = f64_copysign(1.0lf - f64_erfc_outer(magnitude), x);
    return select(select(outer, f64_erf_inner(x), magnitude < 1.0lf), x, f64_is_nan(x));
}

// Its complement.
fn f64_erfc(x: f64) -> f64 {
    let magnitude = abs(x);
    let outer = f64_erfc_outer(magnitude);
    let side = select(outer, 2.0lf - outer, x < 0.0lf);
    return select(select(side, 1.0lf - f64_erf_inner(x), magnitude < 0.5lf), x, f64_is_nan(x));
}

// Its inverse: infinite at -1 and 1, NaN beyond. erf_inv(x) / x is smooth in w = -log(1 - x^2) and, for large w, in
// its root (M. Giles, "Approximating the erfinv function", 2010).
fn f64_erf_inv(x: f64) -> f64 {
    let magnitude = f64_magnitude(x);
    if magnitude >= F64_ONE {
        return f64_value(select(F64_NAN, F64_INFINITY, magnitude == F64_ONE) | (f64_bits(x) & F64_SIGN));
    }
    // Here w has no bits left; sqrt(pi)/2 is the slope at zero.
    if magnitude < 0x3e40000000000000lu {
        return x * 0.886226925452758lf;
    }
    let w = -f64_log((1.0lf - x) * (1.0lf + x));
    if w < 6.25lf {
        let v = w - 3.125lf;
        var p = -3.593202892487841e-22lf;
        p = p * v + 3.194015548136271e-21lf;
        p = p * v + 1.9992599887307805e-20lf;
        p = p * v - 3.4734793888538036e-19lf;
        p = p * v + 6.075050702423561e-19lf;
        p = p * v + 1.5510787009902526e-17lf;
        p = p * v - 1.2215637192458726e-16lf;
        p = p * v - 3.94018812230432e-17lf;
        p = p * v + 6.5213335115076615e-15lf;
        p = p * v - 4.0020031087558496e-14lf;
        p = p * v - 8.071925938993642e-14lf;
        p = p * v + 2.6305268312595183e-12lf;
        p = p * v - 1.2978805369932403e-11lf;
        p = p * v - 5.414303283919504e-11lf;
        p = p * v + 1.0512233770504286e-09lf;
        p = p * v - 4.1126604371632185e-09lf;
        p = p * v - 2.907039127564132e-08lf;
        p = p * v + 4.23478816822246e-07lf;
        p = p * v - 1.3654691758785656e-06lf;
        p = p * v - 1.3882523393957483e-05lf;
        p = p * v + 0.00018673420801981186lf;
        p = p * v - 0.0007407025341546431lf;
        p = p * v - 0.006033670871426851lf;
        p = p * v + 0.24015818242558834lf;
        p = p * v + 1.6536545626831027lf;
        return x * p;
    }
    let root = f64_sqrt(w);
    if w < 16.0lf {
        let v = root - 3.25lf;
        var p = 7.68020048065988e-09lf;
        p = p * v - 1.5305397964152548e-08lf;
        p = p * v - 2.0914533352405545e-08lf;
        p = p * v + 1.3158663683192966e-07lf;
        p = p * v - 2.4549818962748234e-07lf;
        p = p * v - 2.761716223816241e-08lf;
        p = p * v + 1.4815977873980634e-06lf;
        p = p * v - 3.985705945648173e-06lf;
        p = p * v + 2.93257845538717e-06lf;
        p = p * v + 1.2465028224217455e-05lf;
        p = p * v - 4.732068066544747e-05lf;
        p = p * v + 6.828711739251955e-05lf;
        p = p * v + 2.403151286575844e-05lf;
        p = p * v - 0.0003550378137852452lf;
        p = p * v + 0.0009532893415794137lf;
        p = p * v - 0.0016882755354488555lf;
        p = p * v + 0.00249144209795696lf;
        p = p * v - 0.0037512085082247342lf;
        p = p * v + 0.005370914553555033lf;
        p = p * v + 1.0052589676941655lf;
        p = p * v + 3.0838856104922208lf;
        return x * p;
    }
    let v = root - 5.0lf;
    var p = 5.029463831717124e-12lf;
    p = p * v - 2.0469026960933108e-11lf;
    p = p * v + 1.883626194327793e-11lf;
    p = p * v + 6.991455005495576e-11lf;
    p = p * v - 3.891029733762427e-10lf;
    p = p * v + 1.315363872459033e-09lf;
    p = p * v - 3.5249190822801067e-09lf;
    p = p * v + 7.822040738410833e-09lf;
    p = p * v - 1.521973066440248e-08lf;
    p = p * v + 2.901831210315565e-08lf;
    p = p * v - 6.757032620612133e-08lf;
    p = p * v + 2.2905292955975568e-07lf;
    p = p * v - 9.930260580756307e-07lf;
    p = p * v + 4.526052504540241e-06lf;
    p = p * v - 1.968177112463216e-05lf;
    p = p * v + 7.599527809894209e-05lf;
    p = p * v - 0.00021503011980329156lf;
    p = p * v - 0.0001387193183802327lf;
    p = p * v + 1.0103004648645448lf;
    p = p * v + 4.849906401408584lf;
    return x * p;
}
