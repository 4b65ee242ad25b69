//! Random numbers that are the same everywhere (`SplitMix64`).

pub struct Random(u64);

impl Random {
    pub const fn of(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 0x5851_f42d_4c95_7f2d)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number of few digits between two bounds: equal ones come up.
    pub fn number(&mut self, low: f64, high: f64) -> f64 {
        ((low + (high - low) * self.unit()) * 20.0).round() / 20.0
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// One of some operators.
    pub fn sign(&mut self, of: &[&'static str]) -> &'static str {
        of[self.below(of.len())]
    }

    /// Some of these, in their order, each with a probability.
    pub fn some(&mut self, of: &[usize], p: f64) -> Vec<usize> {
        of.iter().copied().filter(|_| self.chance(p)).collect()
    }

    /// Probabilities that add up to 1, some of them 0.
    pub fn probabilities(&mut self, n: usize) -> Vec<f64> {
        let mut weights: Vec<f64> = (0..n).map(|_| self.below(6) as f64).collect();
        if weights.iter().sum::<f64>() == 0.0 {
            weights[0] = 1.0;
        }
        let sum: f64 = weights.iter().sum();
        weights.iter().map(|w| w / sum).collect()
    }
}
