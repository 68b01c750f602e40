package scrub

import (
	"bytes"
	"slices"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/redact"
)

// Origin is who wrote the record that a finding stands in, by the names that the record
// gives. Any of it may be "". No finding is in it.
type Origin struct {
	Service, Version, Logger, Environment string
}

const (
	// maxOriginName is how long a name is at most, in bytes; what is longer is no name.
	maxOriginName = 64
	// maxOriginSpan is how much of an object is looked at, in bytes.
	maxOriginSpan = 8 << 10
	// maxOriginNames is how many names a Scrubber remembers.
	maxOriginNames = 256
)

// part is a part of an Origin.
type part uint8

const (
	noPart part = iota
	service
	version
	logger
	environment
	parts
)

// originNames are what records call who wrote them, in lower case and with dots for
// underscores and hyphens: OpenTelemetry's resource attributes, the Elastic Common Schema,
// Datadog, Sentry, GELF, HEC, and what loggers write by themselves.
var originNames = map[string]part{
	"service": service, "service.name": service, "servicename": service, "app": service, "application": service,
	"app.name": service, "appname": service, "application.name": service, "dd.service": service, "job": service,
	"service.version": version, "version": version, "app.version": version, "appversion": version, "release": version, "dd.version": version,
	"logger": logger, "logger.name": logger, "loggername": logger, "log.logger": logger, "facility": logger, "sourcetype": logger, "ddsource": logger, "syslog.identifier": service,
	"env": environment, "environment": environment, "service.environment": environment, "dd.env": environment,
	"deployment.environment": environment, "deployment.environment.name": environment,
}

// longestOriginName is the length of the longest of them.
const longestOriginName = len("deployment.environment.name")

// originHolders are members whose own members tell as well; those of service and log have
// names that say less.
var originHolders = map[string]map[string]part{
	"service":     {"name": service, "version": version, "environment": environment},
	"app":         {"name": service, "version": version},
	"application": {"name": service, "version": version},
	"log":         {"logger": logger},
	"scope":       {"name": logger},
	"resource":    nil, "attributes": nil, "labels": nil, "stream": nil, "fields": nil, "tags": nil, "common": nil,
}

// origins reads who wrote a record. It is a part of a visitor.
type origins struct {
	set *redact.Set
	sc  *redact.Scratch // its own: findings of the visitor's may be in use
	// text is what is walked: what lies in it stays as it is until begin.
	text []byte
	// last are what was read last at each level, by where it begins.
	last  [8]readOrigin
	names map[string]string // as they are kept; of a set
	of    *redact.Set
	name  [maxOriginName]byte

	// What is being read, and who reads it: made once, since a finding in each line asks
	// for it in each line.
	all, found [parts]string // of all levels, and of the one at hand
	level      int
	gelf       bool
	own        map[string]part // see originHolders
	enclosed   func(codec.Form, []byte)
	member     func(name, value []byte, kind byte) bool
	inner      func(name, value []byte, kind byte) bool
}

type readOrigin struct {
	at    *byte
	found [parts]string
}

// begin makes o ready for a text, and lets go of the one before.
func (o *origins) begin(text []byte) {
	o.text = text
	clear(o.last[:])
}

// wipe clears everything that came from a payload but for names.
func (o *origins) wipe() {
	o.begin(nil)
	clear(o.name[:])
	o.all, o.found = [parts]string{}, [parts]string{}
	if o.sc != nil {
		o.sc.Wipe()
	}
	o.set = nil
}

// around returns who wrote what a field stands in; inner names count before outer ones.
func (o *origins) around(a codec.Around) Origin {
	if o.enclosed == nil {
		o.enclosed, o.member, o.inner = o.addEnclosing, o.addMember, o.addInner
	}
	o.all, o.level = [parts]string{}, 0
	a.Enclosing(o.enclosed)
	return Origin{Service: o.all[service], Version: o.all[version], Logger: o.all[logger], Environment: o.all[environment]}
}

// addEnclosing takes in what one of those says that the field stands in.
func (o *origins) addEnclosing(f codec.Form, raw []byte) {
	if len(raw) == 0 {
		return
	}
	level := min(o.level, len(o.last)-1)
	o.level++
	last := &o.last[level]
	if last.at != &raw[0] {
		o.read(f, raw)
		*last = readOrigin{found: o.found}
		if o.level <= len(o.last) && o.holds(raw) {
			last.at = &raw[0]
		}
	}
	for p, name := range last.found {
		if name != "" {
			o.all[p] = name
		}
	}
}

// holds reports whether raw is a part of the text, and not of memory that is used again.
func (o *origins) holds(raw []byte) bool {
	return cap(o.text) > 0 && cap(raw) > 0 && &o.text[:cap(o.text)][cap(o.text)-1] == &raw[:cap(raw)][cap(raw)-1]
}

// read reads what one says into o.found.
func (o *origins) read(f codec.Form, raw []byte) {
	o.found = [parts]string{}
	found := &o.found
	switch f {
	case codec.FormJSON:
		o.object(raw)
	case codec.FormLogfmt:
		o.logfmt(found, raw)
	case codec.FormOTLPResource:
		o.resource(found, raw)
	case codec.FormOTLPScope:
		o.scope(found, raw)
	case codec.FormAppName:
		o.put(found, service, raw)
	case codec.FormLokiStream:
		codec.Fields(raw, func(num uint64, value []byte) bool {
			if num == 1 {
				o.labels(found, value)
			}
			return num != 1
		})
	}
}

// object reads the members of an object.
func (o *origins) object(raw []byte) {
	o.gelf = false
	codec.Members(raw, maxOriginSpan, o.member)
	if o.gelf {
		o.found[version] = "" // that of the format
	}
}

func (o *origins) addMember(name, value []byte, kind byte) bool {
	if kind != '"' && kind != '{' && kind != '[' {
		return true
	}
	key := o.key(name)
	if kind == '"' {
		switch p := originNames[string(key)]; {
		case p != noPart:
			o.put(&o.found, p, value)
		case string(key) == "ddtags":
			o.tags(&o.found, value)
		case string(key) == "short.message":
			o.gelf = true
		}
		return true
	}
	own, holds := originHolders[string(key)]
	switch {
	case !holds:
	case kind == '[':
		o.attributes(&o.found, value)
	case string(key) == "common": // New Relic: what all records have in common
		codec.Members(value, maxOriginSpan, func(name, value []byte, kind byte) bool {
			if kind == '{' && string(name) == "attributes" {
				o.held(value, nil)
			}
			return true
		})
	default:
		o.held(value, own)
	}
	return true
}

// held reads the members of a member. own are names that tell there only.
func (o *origins) held(raw []byte, own map[string]part) {
	o.own = own
	codec.Members(raw, maxOriginSpan, o.inner)
}

func (o *origins) addInner(name, value []byte, kind byte) bool {
	if kind != '"' && kind != '[' {
		return true
	}
	key := o.key(name)
	if kind == '[' {
		if string(key) == "attributes" {
			o.attributes(&o.found, value)
		}
		return true
	}
	p, ok := o.own[string(key)]
	if !ok {
		p = originNames[string(key)]
	}
	if p != noPart {
		o.put(&o.found, p, value)
	}
	return true
}

// attributes reads an array of {"key": ..., "value": {"stringValue": ...}}, as OTLP has it.
func (o *origins) attributes(found *[parts]string, raw []byte) {
	codec.Elements(raw, maxOriginSpan, func(element []byte, kind byte) bool {
		p := noPart
		codec.Members(element, maxOriginSpan, func(name, value []byte, kind byte) bool {
			switch {
			case kind == '"' && string(name) == "key":
				p = originNames[string(o.key(value))]
			case kind == '{' && string(name) == "value" && p != noPart:
				codec.Members(value, maxOriginSpan, func(_, value []byte, kind byte) bool {
					if kind == '"' {
						o.put(found, p, value)
					}
					return true
				})
			}
			return true
		})
		return true
	})
}

// tags reads Datadog's "env:prod,version:1.2".
func (o *origins) tags(found *[parts]string, raw []byte) {
	for tag := range bytes.SplitSeq(raw, []byte{','}) {
		name, value, ok := bytes.Cut(tag, []byte{':'})
		if p := originNames[string(o.key(name))]; ok && p != noPart {
			o.put(found, p, value)
		}
	}
}

// labels reads a label set in the syntax of Prometheus.
func (o *origins) labels(found *[parts]string, raw []byte) {
	raw = bytes.Trim(raw, "{} ")
	for len(raw) > 0 {
		name, rest, ok := bytes.Cut(raw, []byte(`="`))
		end := bytes.IndexByte(rest, '"')
		if !ok || end < 0 {
			return
		}
		if p := originNames[string(o.key(bytes.Trim(name, ", ")))]; p != noPart {
			o.put(found, p, rest[:end])
		}
		raw = rest[end+1:]
	}
}

// logfmt reads a line of name=value and name="value".
func (o *origins) logfmt(found *[parts]string, raw []byte) {
	raw = raw[:min(len(raw), maxOriginSpan)]
	for len(raw) > 0 {
		name, rest, ok := bytes.Cut(raw, []byte{'='})
		if !ok {
			return
		}
		if i := bytes.LastIndexByte(name, ' '); i >= 0 {
			name = name[i+1:]
		}
		var value []byte
		if len(rest) > 0 && rest[0] == '"' {
			end := bytes.IndexByte(rest[1:], '"')
			if end < 0 {
				return
			}
			value, raw = rest[1:1+end], rest[end+2:]
		} else {
			value, raw, _ = bytes.Cut(rest, []byte{' '})
		}
		if p := originNames[string(o.key(name))]; p != noPart {
			o.put(found, p, value)
		}
	}
}

// resource reads ResourceLogs and its like: field 1 is the resource, whose field 1 are its
// attributes. The scope is in field 1 of ScopeLogs, with its name in field 1
// (opentelemetry/proto/{resource,common,logs}/v1).
func (o *origins) resource(found *[parts]string, raw []byte) {
	codec.Fields(raw, func(num uint64, resource []byte) bool {
		if num != 1 {
			return true
		}
		codec.Fields(resource, func(num uint64, attribute []byte) bool {
			if num != 1 {
				return true
			}
			p := noPart
			codec.Fields(attribute, func(num uint64, value []byte) bool {
				switch {
				case num == 1:
					p = originNames[string(o.key(value))]
				case num == 2 && p != noPart:
					codec.Fields(value, func(num uint64, text []byte) bool {
						if num == 1 {
							o.put(found, p, text)
						}
						return true
					})
				}
				return true
			})
			return true
		})
		return false
	})
}

func (o *origins) scope(found *[parts]string, raw []byte) {
	codec.Fields(raw, func(num uint64, scope []byte) bool {
		if num != 1 {
			return true
		}
		codec.Fields(scope, func(num uint64, value []byte) bool {
			if num == 1 {
				o.put(found, logger, value)
			}
			return num != 1
		})
		return false
	})
}

// key returns a name as originNames has it, until the next call.
func (o *origins) key(name []byte) []byte {
	if len(name) > 0 && name[0] == '_' { // GELF
		name = name[1:]
	}
	if len(name) > longestOriginName {
		return nil
	}
	for i, c := range name {
		switch {
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		case c == '_' || c == '-':
			c = '.'
		}
		o.name[i] = c
	}
	return o.name[:len(name)]
}

// put notes a value, unless it is no name, or has a finding in it.
func (o *origins) put(found *[parts]string, p part, value []byte) {
	if found[p] == "" {
		found[p] = o.keep(value)
	}
}

// keep returns value as a string, the same one for the same value, "" if it is no name.
// What holds a finding is not remembered either.
func (o *origins) keep(value []byte) string {
	if len(value) == 0 || len(value) > maxOriginName || slices.ContainsFunc(value, noName) {
		return ""
	}
	if o.of != o.set || len(o.names) >= maxOriginNames {
		o.of, o.names = o.set, map[string]string{}
	}
	if s, ok := o.names[string(value)]; ok {
		return s
	}
	if o.sc == nil {
		o.sc = o.set.NewScratch()
	}
	if found, err := o.set.Find(o.sc, nil, redact.Field{Value: value}); err != nil || len(found) > 0 {
		return ""
	}
	s := string(value)
	o.names[s] = s
	return s
}

// noName says that a byte is not of a name: neither of ASCII's letters, digits and what
// stands in names of packages, images and versions, nor of another script.
func noName(c byte) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c >= 0x80:
		return false
	}
	return !bytes.ContainsRune([]byte("._-/:@+~ #$()"), rune(c))
}
