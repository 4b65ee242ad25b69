//! Scales of drawings: where they begin and end, and where their ticks stand.

use super::figures::figure;

/// A scale that starts at 0 (or below, if a value does) and ends at or above the largest value.
pub(in crate::experiment) fn range(values: &[f64]) -> (f64, f64) {
    let low = values.iter().copied().fold(0.0, f64::min);
    let high = values.iter().copied().fold(0.0, f64::max);
    let unit = tick_unit(high - low);
    let (low, high) = ((low / unit).floor() * unit, (high / unit).ceil() * unit);
    if high > low { (low, high) } else { (0.0, 1.0) }
}

/// The distance between ticks, 1, 2 or 5 times a power of ten, that parts `span` into 3 to 6.
pub(in crate::experiment) fn tick_unit(span: f64) -> f64 {
    if !(span.is_finite() && span > 0.0) {
        return 0.25;
    }
    let power = 10_f64.powf((span / 4.0).log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| span / (factor * power) <= 5.0);
    factor.unwrap_or(10.0) * power
}

pub(in crate::experiment) fn ticks(low: f64, high: f64, unit: f64) -> Vec<f64> {
    let first = (low / unit).ceil();
    let count = ((high - low) / unit + 1e-6) as usize;
    (0..=count).map(|tick| (first + tick as f64) * unit).collect()
}

/// A tick's figure, without needless decimals.
pub(in crate::experiment) fn label(value: f64) -> String {
    if value.abs() >= 1e6 || (value != 0.0 && value.abs() < 1e-3) {
        return format!("{value:.0e}");
    }
    let text = figure(value);
    text.trim_end_matches('0').trim_end_matches('.').into()
}
