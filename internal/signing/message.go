package signing

import "strings"

// findMessage reads what an HTTP message signature (RFC 9421) covers from
// Signature-Input, or from the field itself, as the drafts before it had it.
//
// Authority and scheme are left out of what can go stale: behind a proxy they are
// known to the verifier by its configuration or from X-Forwarded-Host and
// X-Forwarded-Proto (RFC 9421, section 7.4.3), unlike those of AWS.
func findMessage(r *Request, value string) *Signature {
	s := &Signature{Scheme: Message}
	if input := r.Get("Signature-Input"); input != "" {
		s.covers = covered(inputFields(input))
	} else {
		s.covers = covered(cavageFields(value))
	}
	return s
}

// covered gives the components of a signature in our words. None means that it is not
// known what is covered, which is then taken to be all.
func covered(components []string) []string {
	if len(components) == 0 {
		return []string{body, path, query}
	}
	var out []string
	for _, c := range components {
		switch c {
		case "@path":
			out = append(out, path)
		case "@query", "@query-param":
			out = append(out, query)
		case "@request-target", "@target-uri", "(request-target)":
			out = append(out, path, query)
		case "content-length", "content-digest", "repr-digest", "digest", "content-md5":
			out = append(out, body, c)
		case "host":
			out = append(out, host)
		default:
			if c != "" && c[0] != '@' && c[0] != '(' {
				out = append(out, c)
			}
		}
	}
	return out
}

// inputFields returns the quoted names in the lists of Signature-Input:
// sig1=("@method" "content-digest";req);created=1.
func inputFields(input string) []string {
	var out []string
	for {
		_, rest, ok := strings.Cut(input, "(")
		if !ok {
			return out
		}
		list, rest, _ := strings.Cut(rest, ")")
		for i, part := range strings.Split(list, `"`) {
			if i%2 == 1 {
				out = append(out, strings.ToLower(part))
			}
		}
		input = rest
	}
}

// cavageFields returns the names in headers="..." of draft-cavage-http-signatures.
func cavageFields(params string) []string {
	_, rest, ok := strings.Cut(params, `headers="`)
	if !ok {
		return nil
	}
	list, _, _ := strings.Cut(rest, `"`)
	return strings.Fields(strings.ToLower(list))
}
