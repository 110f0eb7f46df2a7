//! Markup that cannot be broken by what stands in it: text goes in escaped, tags come from here alone.

/// A page that is being written.
pub(super) struct Page {
    text: String,
}

/// Escapes text for markup. What steers a terminal or turns the direction of writing is shown, not obeyed.
pub(super) fn escape(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => made.push_str("&amp;"),
            '<' => made.push_str("&lt;"),
            '>' => made.push_str("&gt;"),
            '"' => made.push_str("&quot;"),
            '\'' => made.push_str("&#39;"),
            '\n' => made.push(' '),
            c if model::is_hidden(c) => made.extend(c.escape_unicode()),
            c => made.push(c),
        }
    }
    made
}

impl Page {
    pub(super) fn new() -> Self {
        Self { text: String::new() }
    }

    /// Markup of our own, as it stands.
    pub(super) fn raw(&mut self, markup: &str) -> &mut Self {
        self.text.push_str(markup);
        self
    }

    /// Text from anywhere.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.text.push_str(&escape(text));
        self
    }

    /// An element without attributes, with text in it.
    pub(super) fn element(&mut self, tag: &'static str, text: &str) -> &mut Self {
        self.raw("<").raw(tag).raw(">").text(text).raw("</").raw(tag).raw(">")
    }

    /// An element of a class, with text in it.
    pub(super) fn classed(&mut self, tag: &'static str, class: &'static str, text: &str) -> &mut Self {
        self.raw("<").raw(tag).raw(" class=\"").raw(class).raw("\">").text(text).raw("</").raw(tag).raw(">")
    }

    /// The first line of a table.
    pub(super) fn head(&mut self, cells: &[&str]) -> &mut Self {
        self.raw("<thead><tr>");
        for cell in cells {
            self.raw("<th scope=\"col\">").text(cell).raw("</th>");
        }
        self.raw("</tr></thead>")
    }

    /// The first cell of a line of a table, which names it.
    pub(super) fn row(&mut self, text: &str) -> &mut Self {
        self.raw("<th scope=\"row\">").text(text).raw("</th>")
    }

    /// Begins a table that scrolls by itself where it is wider than the page; by keyboard too.
    pub(super) fn wide(&mut self, name: &str) -> &mut Self {
        self.raw("<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"")
            .text(name)
            .raw("\"><table>")
    }

    pub(super) fn done(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_never_becomes_markup() {
        assert_eq!(
            escape("<script>alert('1')</script>&\"\u{1b}[2J\u{202e}"),
            "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot;\\u{1b}[2J\\u{202e}"
        );
    }
}
