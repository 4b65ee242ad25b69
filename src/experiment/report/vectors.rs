//! Vectors as rows of bars: one for each number, up where it is positive and down where it isn't.

use maud::{Markup, html};

use super::figures::{at, figure};

/// Numbers drawn at the most.
const SHOWN: usize = 128;
/// The box of a vector.
const BOX: (f64, f64) = (192.0, 40.0);

/// One world's vectors beside those of the other, which they share their scale with: bars that
/// differ by more than rounding are marked.
pub(super) fn draw(own: &[(String, Vec<f32>)], other: &[(String, Vec<f32>)]) -> Markup {
    html! {
        @for (i, (name, numbers)) in own.iter().enumerate() {
            p.vector-name { (name) @if numbers.len() > SHOWN { ", the first " (SHOWN) } }
            (bars(name, numbers, other.get(i).map_or(&[], |(_, numbers)| numbers)))
        }
    }
}

fn bars(name: &str, own: &[f32], other: &[f32]) -> Markup {
    let shown = own.len().min(SHOWN);
    let both = || own.iter().chain(other).filter(|x| x.is_finite()).map(|&x| f64::from(x));
    let (low, high) = (both().fold(0.0, f64::min), both().fold(0.0, f64::max));
    let scale = BOX.1 / (high - low).max(1e-12);
    let width = BOX.0 / shown.max(1) as f64;
    let bar = |i: usize| {
        let x = f64::from(own[i]).clamp(low, high);
        let top = scale * (high - x.max(0.0));
        // Even a 0 is a thin line.
        (width * i as f64, top, (scale * x.abs()).max(0.8))
    };
    let changed = |i: usize| other.get(i).is_some_and(|&x| (x - own[i]).abs() > 1e-6);
    html! {
        svg.vector viewBox={ "0 0 " (figure(BOX.0)) " " (figure(BOX.1 + 0.8)) } role="img"
            aria-label={ "The numbers of " (name) } preserveAspectRatio="none" {
            @for i in 0..shown {
                @let (x, y, height) = bar(i);
                rect class=[changed(i).then_some("changed")] x=(at(x)) y=(at(y)) width=(at(0.8 * width))
                    height=(at(height)) {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tags::{attribute, elements, unbalanced};
    use super::*;

    fn named(numbers: &[f32]) -> Vec<(String, Vec<f32>)> {
        vec![("gauges".into(), numbers.to_vec())]
    }

    #[test]
    fn every_number_has_its_bar_and_changed_ones_are_marked() {
        let html =
            draw(&named(&[1.0, -1.0, 0.5, 0.0]), &named(&[1.0, 1.0, 0.5, 0.0])).into_string();
        assert_eq!(unbalanced(&html), None);
        let bars = elements(&html, "rect");
        let of = |name: &str| bars.iter().map(|bar| attribute(bar, name)).collect::<Vec<_>>();
        let text = |values: [&str; 4]| values.map(|value| Some(value.to_owned()));
        assert_eq!(of("y"), text(["0", "20", "10", "20"]));
        assert_eq!(of("height"), text(["20", "20", "10", "0.8"]));
        let marked: Vec<bool> = of("class").iter().map(Option::is_some).collect();
        assert_eq!(marked, [false, true, false, false]);
    }

    #[test]
    fn long_and_broken_vectors_are_drawn_all_the_same() {
        let html = draw(&named(&[0.5; 300]), &[]).into_string();
        assert_eq!(elements(&html, "rect").len(), SHOWN);
        assert!(html.contains("the first 128"));
        let html = draw(&named(&[f32::NAN, f32::INFINITY, 2.0]), &named(&[])).into_string();
        assert!(!html.contains("NaN") && !html.contains("inf"), "{html}");
        assert!(draw(&[], &named(&[1.0])).into_string().is_empty());
    }
}
