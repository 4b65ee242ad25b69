//! The contact sheet: specimens beside their twins, seen, heard, read and judged.

use maud::{Markup, html};

use super::figures::figure;
use super::media::{loudness, peak, picture_uri, spectrogram_uri, wav_size, wav_uri, waveform};
use super::{Exhibit, Report, ReportError, Sound, World, vectors, verdicts, words};

/// Sounds are playable as long as all of them together need no more bytes than this.
const PLAYABLE: usize = 2_000_000;
/// The box of a waveform.
const WAVE: (f64, f64) = (192.0, 48.0);

/// The contact sheet; nothing when there are no exhibits.
pub(super) fn sheet(report: &Report, names: &[String]) -> Result<Markup, ReportError> {
    if report.sheet.is_empty() {
        return Ok(html! {});
    }
    let playable = playable(report);
    Ok(html! {
        section #sheet {
            h2 { "Specimens beside their twins" }
            p.lead {
                "Each card shows one specimen as it is and its twin: the same specimen, down to "
                "the noise, in a world where one factor was set by hand. What changed is marked. "
                "Where the true label stays and a model’s label changes, the model answered to "
                "something that is no cause."
                @if !playable { " The sounds would make this page too large, so they are drawn only." }
            }
            (cards(&report.sheet, names, playable)?)
        }
    })
}

/// Specimens on which the runs disagree; nothing for a single run.
pub(super) fn disagreements(report: &Report, names: &[String]) -> Result<Markup, ReportError> {
    if report.runs.len() < 2 {
        return Ok(html! {});
    }
    Ok(html! {
        section #disagreements {
            h2 { "Where the models disagree" }
            p.lead {
                "Specimens on which the models give different labels, each beside the twin that "
                "shows why: the one switch that moves one model and leaves the other where it was."
            }
            @if report.disagreements.is_empty() {
                p { "None was found: the models agree on every specimen looked at." }
            }
            (cards(&report.disagreements, names, playable(report))?)
        }
    })
}

fn playable(report: &Report) -> bool {
    let worlds = report.sheet.iter().chain(&report.disagreements).flat_map(worlds);
    worlds.filter_map(|world| world.sound.as_ref()).map(wav_size).sum::<usize>() <= PLAYABLE
}

fn worlds(exhibit: &Exhibit) -> [&World; 2] {
    [&exhibit.real, &exhibit.twin]
}

fn cards(exhibits: &[Exhibit], names: &[String], playable: bool) -> Result<Markup, ReportError> {
    let cards: Vec<Markup> = exhibits
        .iter()
        .map(|exhibit| card(exhibit, names, playable))
        .collect::<Result<_, ReportError>>()?;
    Ok(html! { div.sheet { @for card in &cards { (card) } } })
}

fn card(exhibit: &Exhibit, names: &[String], playable: bool) -> Result<Markup, ReportError> {
    let [real, twin] = worlds(exhibit);
    let sounds = || worlds(exhibit).into_iter().filter_map(|world| world.sound.as_ref());
    let scale = SoundScale { loudness: loudness(sounds()), peak: peak(sounds()), playable };
    let left = senses(exhibit, real, twin, &scale)?;
    let right = senses(exhibit, twin, real, &scale)?;
    Ok(html! {
        article.exhibit {
            h3 { "Specimen " (exhibit.specimen) ": " code { (exhibit.operation) } }
            @if !exhibit.note.is_empty() { p.small { (exhibit.note) } }
            div.worlds {
                div { p.world { "as it is" } (left) }
                div { p.world { "twin" } (right) }
            }
            (verdicts::table(exhibit, names))
            (factors(real, twin))
        }
    })
}

/// What both sounds of an exhibit are drawn against, so that they can be compared by eye.
struct SoundScale {
    loudness: (f32, f32),
    peak: u16,
    playable: bool,
}

/// One world's picture, sound, words and vectors.
fn senses(
    exhibit: &Exhibit,
    world: &World,
    other: &World,
    scale: &SoundScale,
) -> Result<Markup, ReportError> {
    let failed = |source| ReportError::Png { specimen: exhibit.specimen, source };
    let picture = world.picture.as_ref().map(picture_uri).transpose().map_err(failed)?;
    let sound = world.sound.as_ref().map(|sound| draw_sound(sound, scale)).transpose();
    let sound = sound.map_err(failed)?;
    Ok(html! {
        @if let Some(uri) = picture {
            img.picture src=(uri) alt={ "Specimen " (exhibit.specimen) ", enlarged" };
        }
        @if let Some(sound) = sound { (sound) }
        @if let Some(text) = &world.words {
            p.text { "“" (words::marked(text, other.words.as_deref().unwrap_or(""))) "”" }
        }
        (vectors::draw(&world.vectors, &other.vectors))
    })
}

fn draw_sound(sound: &Sound, scale: &SoundScale) -> Result<Markup, png::EncodingError> {
    let mel = sound.mel.as_ref().map(|mel| spectrogram_uri(mel, scale.loudness)).transpose()?;
    Ok(html! {
        @if let Some(uri) = mel.flatten() {
            img.mel src=(uri) alt="Spectrogram: time to the right, pitch upwards";
        } @else {
            svg.wave viewBox={ "0 -1 " (figure(WAVE.0)) " " (figure(WAVE.1 + 2.0)) } role="img"
                aria-label="Waveform" preserveAspectRatio="none" {
                path d=(waveform(&sound.samples, scale.peak, WAVE.0, WAVE.1)) {}
            }
        }
        @if scale.playable && !sound.samples.is_empty() {
            audio controls preload="none" src=(wav_uri(sound)) {}
        }
    })
}

/// Every factor's value; where the twin's differs, both.
fn factors(real: &World, twin: &World) -> Markup {
    let in_twin = |name: &str| {
        twin.factors.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    };
    html! {
        ul.factors {
            @for (name, value) in &real.factors {
                @match in_twin(name) {
                    Some(changed) if changed != value => {
                        li.changed { mark { (name) " " (value) " → " (changed) } }
                    }
                    _ => { li { (name) " " (value) } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::figures::run_names;
    use super::super::sample;
    use super::super::tags::{attribute, elements};
    use super::*;

    fn cards_of(report: &Report) -> String {
        sheet(report, &run_names(&report.runs)).unwrap().into_string()
    }

    #[test]
    fn a_card_shows_both_worlds() {
        let report = sample::duck(3);
        let html = cards_of(&report);
        let pictures = elements(&html, "img");
        let uri = |tag: &String| attribute(tag, "src").unwrap();
        assert!(pictures.iter().all(|tag| uri(tag).starts_with("data:image/png;base64,")));
        let shown = |class: &str| {
            let of = |tag: &&String| attribute(tag, "class").as_deref() == Some(class);
            pictures.iter().filter(of).count()
        };
        assert_eq!(shown("picture"), 2 * report.sheet.len());
        assert_eq!(elements(&html, "audio").len(), 2 * report.sheet.len());
        assert!(html.contains("<code>do lake=0</code>"));
    }

    #[test]
    fn changed_factors_and_words_are_marked_and_others_are_not() {
        let mut report = sample::duck(1);
        report.sheet.truncate(1);
        let html = cards_of(&report);
        assert!(html.contains("<mark>lake 1 → 0</mark>"));
        assert!(!html.contains("<mark>hue"));
        assert!(html.contains("<mark>lake</mark>"));
    }

    #[test]
    fn without_a_spectrogram_the_waveform_is_drawn() {
        let mut report = sample::duck(1);
        report.sheet.truncate(1);
        report.sheet[0].real.sound.as_mut().unwrap().mel = None;
        report.sheet[0].twin.sound = None;
        let html = cards_of(&report);
        assert!(html.contains("class=\"wave\"") && !html.contains("class=\"mel\""));
    }

    #[test]
    fn too_much_sound_is_left_out_and_said_so() {
        let mut report = sample::duck(1);
        report.sheet[0].real.sound.as_mut().unwrap().samples = vec![0; PLAYABLE / 2];
        let html = cards_of(&report);
        assert!(elements(&html, "audio").is_empty() && html.contains("drawn only"));
    }

    #[test]
    fn disagreements_are_for_several_runs() {
        let one = disagreements(&sample::duck(1), &["erm".into()]).unwrap().into_string();
        assert!(one.is_empty());
        let mut report = sample::duck(2);
        let names = run_names(&report.runs);
        assert!(disagreements(&report, &names).unwrap().into_string().contains("Specimen"));
        report.disagreements.clear();
        assert!(disagreements(&report, &names).unwrap().into_string().contains("None was found"));
    }
}
