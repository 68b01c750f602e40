package safebody

import (
	"cmp"
	"embed"
	"maps"
	"slices"
	"strings"
)

//go:embed templates
var templateFiles embed.FS

// Vary is the Vary field value of a response with a safe body.
const Vary = "Accept, Accept-Language"

// File is a file of the operator's.
type File struct {
	Name string // for errors
	Data []byte // nil if there is no such file; not kept
}

// MaxTemplate is the most bytes that a template or language file may have.
const MaxTemplate = 64 << 10

// Options are what the operator chose. The zero value is a good choice.
type Options struct {
	// Shape of JSON bodies: problem (RFC 9457; the default), drf, graphql or grpc-json.
	Shape string
	// Templates of the operator's, each in place of the one for its kind. JSON is sent as
	// application/json then, in place of the shape.
	JSON, HTML, Text File
	// Type is the type of problems, a URI reference; {status} in it stands for the
	// status. "about:blank" if empty.
	Type string
	// Instance is the instance of problems, a URI reference; {id} in it stands for the
	// reference. "urn:error:{id}" if empty.
	Instance string
	Brand    Brand
	// Support is where callers find help: an https or http URL or a mail address.
	// Without it no support is shown.
	Support string
	// Languages are those that are offered, as BCP 47 tags; the first is for who asks
	// for none of them. All there are, and English, if empty.
	Languages []string
	// Texts are language files: each changes texts of a language or adds one.
	Texts []File
}

// Set writes the safe bodies of one route. It is immutable and safe for concurrent
// use.
type Set struct {
	offers    []offer
	templates [kinds]*template
	instance  uri
	typ       uri
	languages *languages
}

// Request is what a body hangs on. Body keeps none of it.
type Request struct {
	// Accept and AcceptLanguage are the request's field values; several lines of a
	// field are joined by commas. Nil if there are none.
	Accept, AcceptLanguage []byte
	// Status of the response.
	Status int
	// Reference under which the operator finds the original; "" for none. Meant to be
	// an id of ASCII letters and digits; whatever it is, the body stays well-formed,
	// with at most 256 bytes of it and U+FFFD for what can't be printed.
	Reference string
	// Original is the media type of the body that is replaced (Content-Type, with or
	// without parameters); nil if unknown.
	Original []byte
}

// maxReference bounds the reference in a body, in bytes.
const maxReference = 256

// New builds a set. The error is [Errors].
func New(o Options) (*Set, error) {
	var errs Errors
	s := &Set{languages: newLanguages(o.Languages, o.Texts, &errs)}
	values := constantsOf(o, &errs)
	form := s.shape(o, &errs)
	for _, t := range []struct {
		kind     kind
		own      File
		standard string
		escape   escaping
	}{
		{kindJSON, o.JSON, form.template, jsonString},
		{kindHTML, o.HTML, "page.html", markup},
		{kindText, o.Text, "plain.txt", plain},
		{kindXML, File{}, "problem.xml", markup},
	} {
		f := t.own
		if f.Name == "" {
			f = standardTemplate(t.standard)
		}
		s.templates[t.kind] = compile(f, t.escape, values, &errs)
	}
	s.typ = parseURI("type", cmp.Or(o.Type, "about:blank"), "{status}", fieldStatus, &errs)
	s.instance = parseURI("instance", cmp.Or(o.Instance, "urn:error:{id}"), "{id}", fieldReference, &errs)
	if len(errs) > 0 {
		return nil, errs
	}
	return s, nil
}

// shape returns the shape of JSON bodies and notes what they are sent as.
func (s *Set) shape(o Options, errs *Errors) shape {
	form, ok := shapes[cmp.Or(o.Shape, "problem")]
	if !ok {
		errs.option("shape", "is none of %s", strings.Join(slices.Sorted(maps.Keys(shapes)), ", "))
		form = shapes["problem"]
	}
	if o.JSON.Name != "" {
		form.offers = []offer{plainJSON}
	}
	s.offers = slices.Concat(form.offers, otherOffers)
	return form
}

// standardTemplate returns a template that comes with redactd.
func standardTemplate(name string) File {
	data, err := templateFiles.ReadFile("templates/" + name)
	if err != nil {
		panic("safebody: " + err.Error())
	}
	return File{name, data}
}

// Body returns a safe body, the caller's, with its Content-Type and Content-Language.
func (s *Set) Body(r Request) (contentType, contentLanguage string, body []byte) {
	o := choose(s.offers, r.Accept, kindOf(r.Original))
	w := s.languages.choose(r.AcceptLanguage)
	v := values{set: s, language: w, message: w.message(r.Status), status: r.Status, reference: clean(r.Reference, maxReference)}
	t := s.templates[o.kind]
	return o.contentType, w.name, t.append(make([]byte, 0, t.size+1024), &v)
}
