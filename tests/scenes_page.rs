//! `scenes/README.md` tells the whole format: no field or word of the types is left out, every
//! example can be read, every scene is listed.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use ron::extensions::Extensions;
use serde::de::DeserializeOwned;
use twinworld::causal::{Mechanism, Role};
use twinworld::modality::vector::Squash;
use twinworld::scene::training::Training;
use twinworld::scene::{
    AudioDeclaration, Beyond, BirdPainter, BirdVoiceDeclaration, Change, ChoiceBinding, Confounder,
    CueBinding, Disturbance, EntryDeclaration, FactorDeclaration, ImageDeclaration,
    LabelDeclaration, MentionBinding, Modality, Painter, RolesBy, Scene, ShapePainter,
    StyleBinding, StyleSquash, TextDeclaration, ToneVoiceDeclaration, VectorDeclaration, Voice,
    parse,
};

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes/README.md");
    std::fs::read_to_string(path).unwrap()
}

fn options() -> ron::Options {
    ron::Options::default()
        .with_default_extension(Extensions::IMPLICIT_SOME | Extensions::UNWRAP_VARIANT_NEWTYPES)
}

/// The fields of a struct or the words of an enum, which the reader names when it meets a stranger.
fn names<T: DeserializeOwned>() -> Vec<&'static str> {
    let read = |text: &str| options().from_str::<T>(text).err().map(|error| error.code);
    match (read("(stranger: 1)"), read("Stranger")) {
        (Some(ron::Error::NoSuchStructField { expected, .. }), _)
        | (_, Some(ron::Error::NoSuchEnumVariant { expected, .. })) => expected.to_vec(),
        (a, b) => panic!("{} is neither: {a:?}, {b:?}", std::any::type_name::<T>()),
    }
}

#[test]
fn no_field_and_no_word_is_left_out() {
    let page = page();
    // Words count where they stand as code.
    let code: Vec<&str> = page.split('`').skip(1).step_by(2).collect();
    let told = |name: &str| {
        let word = |c: char| !(c.is_alphanumeric() || c == '_');
        code.iter().any(|part| part.split(word).any(|found| found == name))
    };
    let all = [
        ("Scene", names::<Scene>()),
        ("Confounder", names::<Confounder>()),
        ("FactorDeclaration", names::<FactorDeclaration>()),
        ("LabelDeclaration", names::<LabelDeclaration>()),
        ("Role", names::<Role>()),
        ("RolesBy", names::<RolesBy>()),
        ("Mechanism", names::<Mechanism>()),
        ("Modality", names::<Modality>()),
        ("CueBinding", names::<CueBinding>()),
        ("ChoiceBinding", names::<ChoiceBinding>()),
        ("ImageDeclaration", names::<ImageDeclaration>()),
        ("Painter", names::<Painter>()),
        ("BirdPainter", names::<BirdPainter>()),
        ("ShapePainter", names::<ShapePainter>()),
        ("AudioDeclaration", names::<AudioDeclaration>()),
        ("Voice", names::<Voice>()),
        ("BirdVoiceDeclaration", names::<BirdVoiceDeclaration>()),
        ("ToneVoiceDeclaration", names::<ToneVoiceDeclaration>()),
        ("TextDeclaration", names::<TextDeclaration>()),
        ("MentionBinding", names::<MentionBinding>()),
        ("VectorDeclaration", names::<VectorDeclaration>()),
        ("EntryDeclaration", names::<EntryDeclaration>()),
        ("Squash", names::<Squash>()),
        ("StyleBinding", names::<StyleBinding>()),
        ("Beyond", names::<Beyond>()),
        ("StyleSquash", names::<StyleSquash>()),
        ("Change", names::<Change>()),
        ("Disturbance", names::<Disturbance>()),
        ("Training", names::<Training>()),
    ];
    for (of, names) in all {
        assert!(!names.is_empty(), "{of} has no names");
        for name in names {
            assert!(told(name), "scenes/README.md doesn't tell of `{name}` ({of})");
        }
    }
}

#[test]
fn every_example_can_be_read() {
    let page = page();
    let mut counts = [0; 4];
    for block in page.split("```ron ").skip(1) {
        let (kind, rest) = block.split_once('\n').unwrap();
        let text = rest.split("```").next().unwrap();
        let read = match kind {
            "scene" => {
                counts[0] += 1;
                parse(text, "page").map(|_| ()).map_err(|e| e.to_string())
            }
            "mechanism" => {
                counts[1] += 1;
                options().from_str::<Mechanism>(text).map(|_| ()).map_err(|e| e.to_string())
            }
            "modality" => {
                counts[2] += 1;
                options().from_str::<Modality>(text).map(|_| ()).map_err(|e| e.to_string())
            }
            "change" => {
                counts[3] += 1;
                options().from_str::<Change>(text).map(|_| ()).map_err(|e| e.to_string())
            }
            other => panic!("`{other}` is no kind of example"),
        };
        assert_eq!(read, Ok(()), "{text}");
    }
    assert!(counts.iter().all(|&count| count > 0), "{counts:?}");
}

#[test]
fn every_scene_is_listed() {
    let page = page();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes");
    let mut scenes = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".ron") {
            assert!(page.contains(&format!("]({name})")), "{name} isn't listed");
            scenes += 1;
        }
    }
    assert!(scenes >= 14);
    assert_eq!(page.matches(".ron)").count(), scenes, "a listed scene isn't there");
}
