use super::kernels::Isa;
use super::*;
use crate::setup::Rng;

/// Small integers, on which f32 is exact when t has few bits.
fn integers(len: usize, rng: &mut Rng) -> Vec<f32> {
    (0..len).map(|_| (rng.unit() * 5.0).floor() - 2.0).collect()
}

fn pattern(layers: &[F32Layer], mut x: Vec<f32>) -> Vec<bool> {
    let mut bits = vec![];
    for l in crate::hidden(layers) {
        let dot = |r: usize| -> f32 { (0..l.cols).map(|c| l.w[r * l.cols + c] * x[c]).sum::<f32>() + l.b[r] };
        let z: Vec<f32> = (0..l.rows).map(dot).collect();
        bits.extend(z.iter().map(|&z| z > 0.0));
        x = z.iter().map(|z| z.max(0.0)).collect();
    }
    bits
}

fn one_by_one(layers: &[F32Layer], p: &[f32], q: &[f32], n: usize) -> Sampled {
    let at = |i: usize| {
        let t = i as f32 / (n - 1) as f32;
        pattern(layers, p.iter().zip(q).map(|(p, q)| (1.0 - t) * p + t * q).collect())
    };
    let patterns: Vec<_> = (0..n).map(at).collect();
    let distance = |a: &[bool], b: &[bool]| a.iter().zip(b).filter(|(a, b)| a != b).count() as u32;
    let steps: Vec<u32> = patterns.windows(2).map(|w| distance(&w[0], &w[1])).collect();
    Sampled {
        r1: patterns.iter().map(|p| distance(&patterns[0], p)).max().unwrap(),
        r2: steps.iter().sum(),
        patterns: 1 + steps.iter().filter(|&&d| d > 0).count() as u32,
    }
}

#[test]
fn all_variants_agree_with_one_point_at_a_time() {
    let mut rng = Rng::new(7);
    for sizes in [&[2, 3, 1][..], &[5, 9, 8, 1], &[3, 70, 40, 1], &[20, 7, 7, 7, 7, 2]] {
        let net: Vec<F32Layer> = sizes
            .windows(2)
            .map(|s| F32Layer { rows: s[1], cols: s[0], w: integers(s[0] * s[1], &mut rng), b: integers(s[1], &mut rng) })
            .collect();
        for n in [2, 3, 17, 33, 65, 129, 257, 1025] {
            let segments = 300;
            let points = integers(2 * segments * sizes[0], &mut rng);
            let row = |i: usize| &points[i * sizes[0]..][..sizes[0]];
            let pairs: Vec<_> = (0..segments).map(|i| (i, 2 * segments - 1 - i * i % segments)).collect();
            let expected: Vec<_> = pairs.iter().map(|&(i, j)| one_by_one(&net, row(i), row(j), n)).collect();
            for isa in Isa::available() {
                for (cut, method) in [(Cut::Blocks(128), Method::Product), (Cut::Blocks(64), Method::Fused), (Cut::Whole, Method::Product)]
                {
                    let mut sampling = Sampling::with_isa(&net, Settings { n, cut, method }, isa);
                    let mut out = vec![Sampled::default(); segments];
                    sampling.sample(&points, &pairs, &mut out);
                    assert_eq!(out, expected, "{sizes:?}, {n} points, {isa:?}, {cut:?}, {method:?}");
                    out.fill(Sampled::default());
                    let first = sampling.first_layer(&points);
                    sampling.sample_shared(&first, &pairs, &mut out);
                    assert_eq!(out, expected, "{sizes:?}, {n} points, {isa:?}, {cut:?}, {method:?}, shared");
                }
            }
        }
    }
}
