package codec

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// TestHTMLAgainstStandard compares fields with the tokens of x/net/html on
// markup that both read alike: references end in semicolons, attributes have
// values, scripts hold no JSON.
func TestHTMLAgainstStandard(t *testing.T) {
	for _, src := range []string{
		`<p class="a&amp;b" id='c"d' title=e&#x41;>x &lt;y&gt; &eacute;&#233;&NotEqualTilde; z</p >`,
		`a < b <= c <3 & d &unknown; &; &# &#x; e`,
		`<script type=a>if (a<b && c) "</b>"</script><style>p > a {}</style><title>a &amp; <b></title>`,
		`<!-- c <b> --><textarea name=n>&lt;i> <p></textarea><br/><img src=/a/b/>text<a href="?a=1&b=2">l</a>`,
		"<A HREF = 'x'\n B=\"y\"\t>up</A>\r\n<b\n>q</b>",
	} {
		var want []string
		z := html.NewTokenizer(strings.NewReader(src))
		for z.Next() != html.ErrorToken {
			tok := z.Token()
			switch tok.Type {
			case html.TextToken, html.CommentToken:
				if strings.TrimSpace(tok.Data) != "" {
					want = append(want, tok.Data)
				}
			}
			for _, a := range tok.Attr {
				if a.Val != "" {
					want = append(want, a.Val)
				}
			}
		}
		r := &recorder{}
		if _, _, err := walkWhole(Lookup("html"), []byte(src), r); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range r.fields {
			got = append(got, f.Value)
		}
		// The standard tokenizer normalises line breaks.
		g, w := strings.ReplaceAll(strings.Join(got, "|"), "\r\n", "\n"), strings.Join(want, "|")
		if g != w {
			t.Errorf("%s\n got %s\nwant %s", src, g, w)
		}
	}
}
