package neutral

import (
	"bytes"
	"io"

	"golang.org/x/net/html"
)

// html reads a page that no rule knows. Frameworks and applications show traces in
// whatever markup: a trace or a message anywhere in its text makes the whole page go,
// names go one by one.
func (n *neutraliser) html(text []byte) error {
	var edits []edit
	var says bytes.Buffer // the page's text, with scripts, comments and tags that say something
	z := html.NewTokenizer(bytes.NewReader(text))
	n.wholly = true
	defer func() { n.wholly = false }()
	at, code := 0, false
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			if z.Err() != io.EOF {
				n.wholly = false
				return n.plain(text)
			}
			break
		}
		raw := z.Raw()
		start := at
		at += len(raw)
		words := raw
		switch kind {
		case html.TextToken:
			if !code {
				words = []byte(html.UnescapeString(string(raw)))
			}
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			code = kind == html.StartTagToken && verbatim[string(name)]
			if !inline[string(name)] {
				says.WriteByte('\n')
			}
			if bytes.IndexByte(raw, '=') < 0 {
				continue
			}
		}
		if kind == html.TextToken || kind == html.CommentToken {
			says.Write(words)
		}
		if n.res.Whole {
			continue // the rest is read for what it tells
		}
		found, own, err := n.find(words)
		switch {
		case err != nil:
			return err
		case own:
			n.res.Whole = true
		case len(found) == 0:
		case kind == html.CommentToken:
			edits = append(edits, edit{start: start, end: at})
		case kind == html.TextToken && !code:
			edits = append(edits, edit{start, at, html.EscapeString(string(apply(words, found)))})
		default:
			for _, e := range found {
				edits = append(edits, edit{start + e.start, start + e.end, e.instead})
			}
		}
	}
	says.Write(text[at:]) // of a tag that does not end
	// The whole tells exception and frames better than its parts did.
	exception, frames := n.res.Exception, n.res.Frames
	n.res.Exception, n.res.Frames = "", nil
	_, own, err := n.find(says.Bytes())
	if n.res.Exception == "" {
		n.res.Exception = exception
	}
	if len(n.res.Frames) == 0 {
		n.res.Frames = frames
	}
	n.res.Whole = n.res.Whole || own
	if err == nil && !n.res.Whole && len(edits) > 0 {
		n.res.Text = apply(text, edits)
	}
	return err
}

// verbatim are the elements whose text has no character references.
var verbatim = map[string]bool{
	"script": true, "style": true, "iframe": true, "noembed": true, "noframes": true, "xmp": true, "plaintext": true,
}

// inline are elements that do not part lines.
var inline = map[string]bool{
	"a": true, "abbr": true, "b": true, "code": true, "em": true, "i": true, "kbd": true, "mark": true,
	"s": true, "small": true, "span": true, "strong": true, "sub": true, "sup": true, "u": true, "var": true,
}
