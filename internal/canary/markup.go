package canary

import (
	"bytes"
	"encoding/xml"
	"html"
	"io"
	"regexp"
	"strings"
)

// isXML reports whether a text is the same once it was in XML.
func isXML(c *Canary) bool {
	return hasPlainKey(c) && !strings.ContainsFunc(c.Text, func(r rune) bool {
		return r < ' ' && r != '\t' && r != '\n' || r == 0xFFFD || r > 0xFFFF
	})
}

func writeXML(list []Canary) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(xml.Header + "<events>")
	for i := range list {
		b.WriteString("<event seq=\"" + number(i) + "\"><" + list[i].key() + ">")
		if err := xml.EscapeText(&b, []byte(list[i].Text)); err != nil {
			return nil, err
		}
		b.WriteString("</" + list[i].key() + "></event>\n")
	}
	b.WriteString("</events>\n")
	return b.Bytes(), nil
}

func readXML(body []byte, list []Canary) ([]string, error) {
	t := newTexts(list)
	d := xml.NewDecoder(bytes.NewReader(body))
	at := ""
	for {
		token, err := d.Token()
		if err == io.EOF {
			return t.found, nil
		}
		if err != nil {
			return nil, errShape
		}
		switch token := token.(type) {
		case xml.StartElement:
			if token.Name.Local == "event" && len(token.Attr) > 0 {
				at = token.Attr[0].Value
			}
		case xml.CharData:
			t.set(at, string(token))
		}
	}
}

func writeHTML(list []Canary) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("<!DOCTYPE html><html><body><h1>Internal Server Error</h1>\n")
	for i := range list {
		b.WriteString("<p id=\"" + number(i) + "\">" + html.EscapeString(list[i].Text) + "</p>\n")
	}
	b.WriteString("</body></html>\n")
	return b.Bytes(), nil
}

var paragraph = regexp.MustCompile(`(?s)<p id="(r\d{5})">(.*?)</p>`)

func readHTML(body []byte, list []Canary) ([]string, error) {
	t := newTexts(list)
	for _, m := range paragraph.FindAllSubmatch(body, -1) {
		t.set(string(m[1]), html.UnescapeString(string(m[2])))
	}
	return t.found, nil
}

func init() {
	Register(Format{Name: "http-xml", ContentType: "application/xml", Keyed: true, Fits: isXML, Write: writeXML, Read: readXML})
	Register(Format{Name: "answer-html", Answer: true, ContentType: "text/html; charset=utf-8", Fits: isXML, Write: writeHTML, Read: readHTML})
}
