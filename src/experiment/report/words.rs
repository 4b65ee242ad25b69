//! Which words of a text differ from those of its twin.

use maud::{Markup, html};

/// Above this many words per text the comparison goes place by place instead of by alignment.
const LONG: usize = 400;

/// A text's words, those that its counterpart lacks marked.
pub(super) fn marked(text: &str, counterpart: &str) -> Markup {
    let words: Vec<&str> = text.split_whitespace().collect();
    let others: Vec<&str> = counterpart.split_whitespace().collect();
    let kept = kept(&words, &others);
    html! {
        @for (place, (word, kept)) in words.iter().zip(kept).enumerate() {
            @if place > 0 { " " }
            @if kept { (word) } @else { mark { (word) } }
        }
    }
}

/// For each word, whether it belongs to a longest common subsequence of both texts.
fn kept(words: &[&str], others: &[&str]) -> Vec<bool> {
    if words.len().max(others.len()) > LONG {
        return words
            .iter()
            .enumerate()
            .map(|(place, word)| others.get(place) == Some(word))
            .collect();
    }
    let longest = longest_common(words, others);
    let (mut i, mut j) = (0, 0);
    let mut kept = vec![false; words.len()];
    while i < words.len() && j < others.len() {
        if words[i] == others[j] {
            kept[i] = true;
            (i, j) = (i + 1, j + 1);
        } else if longest[i + 1][j] >= longest[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    kept
}

/// `table[i][j]`: length of the longest common subsequence of `a[i..]` and `b[j..]`.
fn longest_common(a: &[&str], b: &[&str]) -> Vec<Vec<u16>> {
    let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            table[i][j] = if a[i] == b[j] {
                table[i + 1][j + 1] + 1
            } else {
                table[i + 1][j].max(table[i][j + 1])
            };
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str, counterpart: &str) -> String {
        marked(text, counterpart).into_string()
    }

    #[test]
    fn changed_words_are_marked_and_kept_ones_are_not() {
        assert_eq!(
            text("a bird on a lake", "a bird in the meadow"),
            "a bird <mark>on</mark> <mark>a</mark> <mark>lake</mark>"
        );
        assert_eq!(text("same words", "same  words"), "same words");
    }

    #[test]
    fn an_inserted_word_leaves_the_rest_alone() {
        assert_eq!(text("a big bird sings", "a bird sings"), "a <mark>big</mark> bird sings");
        assert_eq!(text("a bird sings", "a big bird sings"), "a bird sings");
    }

    #[test]
    fn long_texts_and_markup() {
        let long = "la ".repeat(LONG + 1);
        assert!(!text(&long, &long).contains("mark"));
        assert_eq!(text("<b>", ""), "<mark>&lt;b&gt;</mark>");
    }
}
