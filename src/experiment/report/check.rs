//! Checks on a report before it is drawn, so that drawing can't go wrong half-way.

use super::{Exhibit, Report, ReportError, World};

/// Looks at runs, verdicts and buffer lengths.
pub(super) fn check(report: &Report) -> Result<(), ReportError> {
    let Some(first) = report.runs.first() else {
        return Err(ReportError::NoRuns { title: report.title.clone() });
    };
    let scene = &first.metrics.scene;
    if let Some(other) = report.runs.iter().find(|run| run.metrics.scene != *scene) {
        return Err(ReportError::MixedScenes {
            title: report.title.clone(),
            first: scene.clone(),
            other: other.metrics.scene.clone(),
        });
    }
    for exhibit in report.sheet.iter().chain(&report.disagreements) {
        for world in [&exhibit.real, &exhibit.twin] {
            check_world(exhibit, world, report.runs.len())?;
        }
    }
    Ok(())
}

fn check_world(exhibit: &Exhibit, world: &World, runs: usize) -> Result<(), ReportError> {
    if let Some(verdict) = world.verdicts.iter().find(|verdict| verdict.run >= runs) {
        return Err(ReportError::UnknownRun {
            specimen: exhibit.specimen,
            operation: exhibit.operation.clone(),
            run: verdict.run,
            runs,
        });
    }
    if let Some(picture) = &world.picture {
        let pixels = (picture.width as usize).saturating_mul(picture.height as usize);
        check_length(exhibit, "picture", pixels.saturating_mul(3), picture.rgb.len())?;
    }
    if let Some((frames, bands, values)) = world.sound.as_ref().and_then(|s| s.mel.as_ref()) {
        check_length(exhibit, "spectrogram", frames.saturating_mul(*bands), values.len())?;
    }
    Ok(())
}

fn check_length(
    exhibit: &Exhibit,
    what: &'static str,
    expected: usize,
    found: usize,
) -> Result<(), ReportError> {
    if expected == found {
        return Ok(());
    }
    Err(ReportError::Shape {
        what,
        specimen: exhibit.specimen,
        operation: exhibit.operation.clone(),
        expected,
        found,
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_good_report_passes() {
        assert!(check(&sample::duck(3)).is_ok());
    }

    #[test]
    fn no_runs() {
        let mut report = sample::duck(1);
        report.runs.clear();
        assert!(matches!(check(&report), Err(ReportError::NoRuns { .. })));
    }

    #[test]
    fn mixed_scenes_are_named() {
        let mut report = sample::duck(2);
        report.runs[1].metrics.scene = "swan".into();
        let message = check(&report).unwrap_err().to_string();
        assert!(message.contains("`duck`") && message.contains("`swan`"), "{message}");
    }

    #[test]
    fn a_verdict_of_an_unknown_run_is_refused() {
        let report = sample::duck(3);
        let mut fewer = report.clone();
        fewer.runs.truncate(1);
        let message = check(&fewer).unwrap_err().to_string();
        assert!(message.contains("verdict of run 1"), "{message}");
    }

    #[test]
    fn short_buffers_are_refused() {
        let mut report = sample::duck(1);
        report.sheet[0].twin.picture.as_mut().unwrap().rgb.pop();
        assert!(matches!(check(&report), Err(ReportError::Shape { what: "picture", .. })));

        let mut report = sample::duck(1);
        let sound = report.sheet[0].real.sound.as_mut().unwrap();
        sound.mel.as_mut().unwrap().2.pop();
        assert!(matches!(check(&report), Err(ReportError::Shape { what: "spectrogram", .. })));
    }
}
