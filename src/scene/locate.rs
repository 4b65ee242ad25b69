//! Where in a RON text a value stands.
//!
//! serde forgets positions, so this reads the text a second time, as a tree of spans, and follows
//! the way from the root to a value. It is only asked about texts that the `ron` crate has read.

use crate::causal::Place;

/// A value of the text: its bytes and what it holds.
#[derive(Debug)]
pub(super) struct Tree {
    /// First byte of the value.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
    parts: Vec<(Option<String>, Self)>,
}

impl Tree {
    /// Reads a text; `None` where it isn't RON.
    pub fn read(text: &str) -> Option<Self> {
        let mut reader = Reader { text, at: 0, depth: 0 };
        reader.blank();
        while reader.rest().starts_with("#!") {
            reader.at += reader.rest().find(']')? + 1;
            reader.blank();
        }
        reader.value()
    }

    /// The part at the end of a way. A list element can be named by its `name` field.
    pub fn find(&self, way: &[Place], text: &str) -> Option<&Self> {
        let Some((step, rest)) = way.split_first() else {
            return Some(self);
        };
        let part = match step {
            Place::Index(i) => self.parts.get(*i).map(|(_, part)| part),
            Place::Field(name) => self.named(name, text),
        };
        if let Some(part) = part {
            return part.find(rest, text);
        }
        // `Some(value)` and variants around one value: look inside.
        match self.parts.as_slice() {
            [(None, only)] => only.find(way, text),
            _ => None,
        }
    }

    fn named(&self, name: &str, text: &str) -> Option<&Self> {
        let field = self.parts.iter().find(|(key, _)| key.as_deref() == Some(name));
        let element =
            || self.parts.iter().find(|(_, part)| part.name(text).is_some_and(|n| n == name));
        field.or_else(element).map(|(_, part)| part)
    }

    /// The content of this value's own `name` field.
    fn name<'a>(&self, text: &'a str) -> Option<&'a str> {
        let (_, part) = self.parts.iter().find(|(key, _)| key.as_deref() == Some("name"))?;
        text.get(part.start..part.end)?.strip_prefix('"')?.strip_suffix('"')
    }

    /// The name of the innermost value around a byte that has one.
    pub fn enclosing_name<'a>(&self, byte: usize, text: &'a str) -> Option<&'a str> {
        if byte < self.start || byte > self.end {
            return None;
        }
        let inner = self.parts.iter().find_map(|(_, part)| part.enclosing_name(byte, text));
        inner.or_else(|| self.name(text))
    }
}

/// Line and column of a byte, both from 1, columns in characters.
pub(super) fn line_and_column(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |i| i + 1);
    (line, before[start..].chars().count() + 1)
}

/// The byte at a line and column.
pub(super) fn byte_at(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let within = text[start..].char_indices().nth(column.saturating_sub(1));
    within.map_or(text.len(), |(i, _)| start + i)
}

/// Deeper nesting than any scene has.
const DEPTH: usize = 128;

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        self.at += if found { c.len_utf8() } else { 0 };
        found
    }

    /// Skips white space and comments.
    fn blank(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            if trimmed.starts_with("//") {
                self.at += trimmed.find('\n').unwrap_or(trimmed.len());
            } else if trimmed.starts_with("/*") {
                self.at += trimmed.find("*/").map_or(trimmed.len(), |i| i + 2);
            } else {
                return;
            }
        }
    }

    fn value(&mut self) -> Option<Tree> {
        self.depth += 1;
        if self.depth > DEPTH {
            return None;
        }
        let start = self.at;
        let mut parts = Vec::new();
        match self.peek()? {
            '(' => parts = self.parts(')')?,
            '[' => parts = self.parts(']')?,
            '{' => parts = self.parts('}')?,
            '"' => self.string()?,
            _ => {
                self.word()?;
                let end = self.at;
                self.blank();
                if self.peek() == Some('(') {
                    parts = self.parts(')')?;
                } else {
                    self.at = end;
                }
            }
        }
        self.depth -= 1;
        Some(Tree { start, end: self.at, parts })
    }

    fn string(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            match self.peek()? {
                '\\' => {
                    self.at += 1;
                    self.at += self.peek()?.len_utf8();
                }
                '"' => {
                    self.at += 1;
                    return Some(());
                }
                c => self.at += c.len_utf8(),
            }
        }
    }

    /// An identifier, number or raw string.
    fn word(&mut self) -> Option<()> {
        let rest = self.rest();
        let hashes = rest.strip_prefix('r').map(|r| r.len() - r.trim_start_matches('#').len());
        if let Some(hashes) = hashes.filter(|h| rest[1 + h..].starts_with('"')) {
            let close = format!("\"{}", "#".repeat(hashes));
            let body = 2 + hashes;
            self.at += body + rest[body..].find(&close)? + close.len();
            return Some(());
        }
        let length = rest.find(|c: char| c.is_whitespace() || "()[]{},:\"/".contains(c));
        let length = length.unwrap_or(rest.len());
        self.at += length;
        (length > 0).then_some(())
    }

    fn parts(&mut self, close: char) -> Option<Vec<(Option<String>, Tree)>> {
        self.at += 1;
        let mut parts = Vec::new();
        loop {
            self.blank();
            if self.take(close) {
                return Some(parts);
            }
            let first = self.value()?;
            self.blank();
            let part = if self.take(':') {
                let key = self.text[first.start..first.end].trim_matches('"').to_owned();
                self.blank();
                (Some(key), self.value()?)
            } else {
                (None, first)
            };
            parts.push(part);
            self.blank();
            if !self.take(',') && self.peek() != Some(close) {
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r##"#![enable(implicit_some)]
// a comment with ( and "
(
    name: "duck", /* another */ list: [1, 2.5, -3],
    factors: [
        (name: "lake", mechanism: Confounded(by: "habitat", strength: 0.9)),
        (name: "hue", mechanism: Uniform(0.0, 1.0), note: r#"a "raw" one"#),
    ],
    map: {"flipped": [Strength("lake", -0.9)]},
    some: Some((deep: 'x')),
)"##;

    fn at(way: &[Place]) -> Option<&'static str> {
        let tree = Tree::read(TEXT).unwrap();
        tree.find(way, TEXT).map(|t| &TEXT[t.start..t.end])
    }

    #[test]
    fn values_are_found_by_field_index_name_and_key() {
        assert_eq!(at(&["name".into()]), Some("\"duck\""));
        assert_eq!(at(&["list".into(), 2.into()]), Some("-3"));
        let strength = ["factors".into(), "lake".into(), "mechanism".into(), "strength".into()];
        assert_eq!(at(&strength), Some("0.9"));
        let upper = ["factors".into(), 1.into(), "mechanism".into(), 1.into()];
        assert_eq!(at(&upper), Some("1.0"));
        let key = ["map".into(), "flipped".into(), 0.into(), 1.into()];
        assert_eq!(at(&key), Some("-0.9"));
        assert_eq!(at(&["some".into(), "deep".into()]), Some("'x'"));
        assert_eq!(at(&["factors".into(), "pond".into()]), None);
    }

    #[test]
    fn positions_go_both_ways() {
        let tree = Tree::read(TEXT).unwrap();
        let way = ["factors".into(), "hue".into(), "note".into()];
        let note = tree.find(&way, TEXT).unwrap();
        let (line, column) = line_and_column(TEXT, note.start);
        assert_eq!((line, column), (7, 59));
        assert_eq!(byte_at(TEXT, line, column), note.start);
        assert_eq!(tree.enclosing_name(note.start, TEXT), Some("hue"));
        assert_eq!(tree.enclosing_name(30, TEXT), None);
    }

    #[test]
    fn broken_text_has_no_tree() {
        for text in ["", "(", "(a: \"", "[1 2]", "r#\"x"] {
            assert!(Tree::read(text).is_none(), "{text}");
        }
        assert!(Tree::read(&"(".repeat(100_000)).is_none());
    }
}
