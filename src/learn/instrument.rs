//! The instrument V of Theorem 3.4: self-attention over the modalities with a distance term.

use dfdx::prelude::{
    Axis, BroadcastTo, HasShape, PutTape, SumTo, TryMatMul, TryMul, TryStack, TrySub,
};

use super::device::LearnDevice;
use super::ops::sum_rows;
use super::parameter::{Parameter, Start};
use super::tape::{Rows, SharedTape, Var};

/// `V = mean_i sum_j a_ij W_V h_j` with `a_ij = softmax_j(e_ij)` and
/// `e_ij = <Q_i, K_j> / sqrt(d) - gamma |Q_i - K_j|^2`, `Q_i = W_Q h_i`, `K_j = W_K h_j` (Eq. 6).
///
/// Status: the parts of the score and the softmax over j are derived from the paper's prose; that
/// the distance is squared, that V is a mean over i, and gamma's value are guesses. Nothing
/// makes V independent of the non-causal factors, whatever the theorem claims.
pub struct Instrument<D: LearnDevice> {
    query: Parameter<D>,
    key: Parameter<D>,
    value: Parameter<D>,
    features: usize,
    distance_weight: f32,
}

impl<D: LearnDevice> Instrument<D> {
    /// An instrument over features of width `features` that makes V as wide as Z, `width`.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn new(
        start: &Start<D>,
        features: usize,
        width: usize,
        distance_weight: f32,
    ) -> Result<Self, D::Err> {
        let square = (features, features);
        Ok(Self {
            query: start.weight("instrument.query.weight".into(), square, features)?,
            key: start.weight("instrument.key.weight".into(), square, features)?,
            value: start.weight("instrument.value.weight".into(), (features, width), features)?,
            features,
            distance_weight,
        })
    }

    /// Sets `gamma` of Eq. 6.
    pub fn set_distance_weight(&mut self, distance_weight: f32) {
        self.distance_weight = distance_weight;
    }

    /// V, rows x width, from one matrix of features per modality.
    ///
    /// `|Q_i|^2` is the same for every j and drops out of the softmax, so the score is computed
    /// as `(1 / sqrt(d) + 2 gamma) <Q_i, K_j> - gamma |K_j|^2`; and since `W_V` is linear, the
    /// features are averaged before it is applied.
    ///
    /// # Errors
    /// The device's, mostly for want of memory.
    pub fn forward(&self, features: &[Var<D>], tape: &SharedTape<D>) -> Result<Var<D>, D::Err> {
        if tape.is_off() {
            let weights = [&self.query, &self.key, &self.value].map(Parameter::value);
            let own = D::constant_instrument(features, weights, self.distance_weight)?;
            if let Some(v) = own {
                return Ok(v.put_tape(SharedTape::off()));
            }
        }
        let project = |parameter: &Parameter<D>| {
            features
                .iter()
                .map(|h| h.clone().try_matmul(parameter.on(tape)))
                .collect::<Result<Vec<_>, _>>()
        };
        let (queries, keys) = (project(&self.query)?, project(&self.key)?);
        let penalties = keys
            .iter()
            .map(|key| sum_rows(key.clone().try_square()?)?.try_mul(self.distance_weight))
            .collect::<Result<Vec<_>, _>>()?;
        let attentions = queries
            .iter()
            .map(|query| self.attention(query, &keys, &penalties))
            .collect::<Result<Vec<_>, _>>()?;
        let share = 1.0 / features.len() as f32;
        let mean = attentions.try_stack()?.try_sum::<(usize, usize), Axis<0>>()?.try_mul(share)?;
        let modalities = features.to_vec().try_stack()?;
        let shape = *modalities.shape();
        let weights = mean.try_broadcast_like::<_, Axis<2>>(&shape)?;
        let mixed = modalities.try_mul(weights)?.try_sum::<(usize, usize), Axis<0>>()?;
        mixed.try_matmul(self.value.on(tape))
    }

    /// `a_ij` for one i and every j: modalities x rows.
    fn attention(
        &self,
        query: &Var<D>,
        keys: &[Var<D>],
        penalties: &[Rows<D>],
    ) -> Result<Var<D>, D::Err> {
        let scale = 1.0 / (self.features as f32).sqrt() + 2.0 * self.distance_weight;
        let scores = keys
            .iter()
            .zip(penalties)
            .map(|(key, penalty)| {
                let product = sum_rows(query.clone().try_mul(key.clone())?)?;
                product.try_mul(scale)?.try_sub(penalty.clone())
            })
            .collect::<Result<Vec<_>, _>>()?;
        scores.try_stack()?.try_softmax::<Axis<0>>()
    }

    /// All parameters, in a fixed order.
    pub fn parameters(&self) -> impl Iterator<Item = &Parameter<D>> {
        [&self.query, &self.key, &self.value].into_iter()
    }

    /// All parameters, to be changed, in the same order.
    pub fn parameters_mut(&mut self) -> impl Iterator<Item = &mut Parameter<D>> {
        [&mut self.query, &mut self.key, &mut self.value].into_iter()
    }
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::{Cpu, PutTape};

    use super::*;
    use crate::learn::ops::upload;

    #[test]
    fn the_shortened_score_gives_the_instrument_of_the_definition() {
        let (device, rows, features, width, modalities) = (Cpu::default(), 2, 3, 4, 3);
        let start = Start { device: device.clone(), seed: 4 };
        let instrument = Instrument::new(&start, features, width, 0.3).unwrap();
        let h: Vec<Vec<f32>> = (0..modalities)
            .map(|m| {
                (0..rows * features).map(|i| ((i * 5 + m * 7) % 9) as f32 * 0.3 - 1.0).collect()
            })
            .collect();
        let vars: Vec<Var<Cpu>> = h
            .iter()
            .map(|h| upload(&device, (rows, features), h.clone()).unwrap())
            .map(|h| h.put_tape(SharedTape::off()))
            .collect();
        let found = instrument.forward(&vars, &SharedTape::off()).unwrap().as_vec();
        let in_graph = instrument.forward(&vars, &SharedTape::recording()).unwrap().as_vec();

        let weights: Vec<Vec<f32>> = instrument.parameters().map(|p| p.named().values).collect();
        let project = |x: &[f32], w: &[f32], out: usize| -> Vec<f64> {
            let term = |k: usize, (i, x): (usize, &f32)| f64::from(*x) * f64::from(w[i * out + k]);
            (0..out).map(|k| x.iter().enumerate().map(|ix| term(k, ix)).sum()).collect()
        };
        for row in 0..rows {
            let part = |m: usize| &h[m][row * features..][..features];
            let mut expected = vec![0.0; width];
            for i in 0..modalities {
                let query = project(part(i), &weights[0], features);
                let scores: Vec<f64> = (0..modalities)
                    .map(|j| {
                        let key = project(part(j), &weights[1], features);
                        let pairs = || query.iter().zip(&key);
                        let dot: f64 = pairs().map(|(q, k)| q * k).sum();
                        let distance: f64 = pairs().map(|(q, k)| (q - k).powi(2)).sum();
                        (dot / (features as f64).sqrt() - 0.3 * distance).exp()
                    })
                    .collect();
                let sum: f64 = scores.iter().sum();
                for (j, score) in scores.iter().enumerate() {
                    let value = project(part(j), &weights[2], width);
                    for (total, value) in expected.iter_mut().zip(value) {
                        *total += score / sum * value / modalities as f64;
                    }
                }
            }
            let ways = found[row * width..].iter().zip(&in_graph[row * width..]);
            for ((found, in_graph), expected) in ways.zip(&expected) {
                assert!((f64::from(*found) - expected).abs() < 1e-5, "{found} {expected}");
                assert!((f64::from(*in_graph) - expected).abs() < 1e-5, "{in_graph} {expected}");
            }
        }
    }
}
