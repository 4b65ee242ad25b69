//! For tests: a simple reader of the tags in a page.

/// Tags that have no end.
const VOID: [&str; 4] = ["meta", "img", "br", "wbr"];

/// Every start tag in the page, as written between its angle brackets.
fn tags(html: &str) -> Vec<&str> {
    html.split('<').skip(1).filter_map(|part| part.split_once('>')).map(|(tag, _)| tag).collect()
}

fn name(tag: &str) -> &str {
    tag.split([' ', '\n', '/']).next().unwrap_or(tag)
}

/// The start tags of the elements with that name.
pub(in crate::experiment) fn elements(html: &str, wanted: &str) -> Vec<String> {
    tags(html).into_iter().filter(|tag| name(tag) == wanted).map(String::from).collect()
}

/// An attribute of a start tag.
pub(in crate::experiment) fn attribute(tag: &str, wanted: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {wanted}=\""))?;
    rest.split_once('"').map(|(value, _)| value.into())
}

/// The first end tag that doesn't close the innermost open element, the first tag with two
/// class attributes (of which a browser drops one), or the innermost element left open.
pub(in crate::experiment) fn unbalanced(html: &str) -> Option<String> {
    let mut open: Vec<&str> = Vec::new();
    for tag in tags(html) {
        if tag.matches(" class=\"").count() > 1 {
            return Some(tag.into());
        }
        if tag.starts_with('!') || VOID.contains(&name(tag)) {
            continue;
        }
        match tag.strip_prefix('/') {
            Some(end) if open.pop() != Some(end) => return Some(tag.into()),
            Some(_) => {}
            None => open.push(name(tag)),
        }
    }
    open.pop().map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balance() {
        assert_eq!(unbalanced("<!DOCTYPE html><p>a<img src=\"\"><b>c</b></p>"), None);
        assert_eq!(unbalanced("<p><b></p></b>"), Some("/p".into()));
        assert_eq!(unbalanced("<p>"), Some("p".into()));
        let twice = "p class=\"a\" class=\"b\"";
        assert_eq!(unbalanced(&format!("<{twice}></p>")), Some(twice.into()));
    }

    #[test]
    fn attributes() {
        let tags = elements("<rect class=\"bar\" x=\"1\"></rect><rec>", "rect");
        assert_eq!(tags.len(), 1);
        assert_eq!(attribute(&tags[0], "x").as_deref(), Some("1"));
        assert_eq!(attribute(&tags[0], "y"), None);
    }
}
