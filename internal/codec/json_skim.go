package codec

// skim goes over steps in containers that need no visit, from src[n] up to limit at
// most, and returns the end of the last one. It stops, without a verdict, at
// whatever is not plain, for scan to look at: what is wrong, what is cut, what has
// to be visited. It is one loop, longer than others, since it is what most of a
// payload goes through.
func (w *jsonWalker) skim(src []byte, n, limit int) int {
	src = src[:limit]
	top := len(w.stack) - 1
	f := &w.stack[top]
	for {
		i := n
		for i < len(src) && src[i] <= ' ' && isJSONSpace(src[i]) {
			i++
		}
		if i >= len(src) || f.gone {
			return n
		}
		c := src[i]
		if c == '}' && !f.array || c == ']' && f.array {
			w.pop()
			n = i + 1
			if top--; top < 0 {
				return n
			}
			f = &w.stack[top]
			continue
		}
		if f.wanted {
			return n
		}
		if f.some {
			if c != ',' {
				return n
			}
			if i++; i < len(src) && src[i] <= ' ' {
				i = skipSpace(src, i)
			}
			if i >= len(src) {
				return n
			}
			c = src[i]
		}
		name, nameEnd := -1, 0
		if !f.array {
			if c != '"' {
				return n
			}
			name = i + 1
			end, _, t := scanString(src, i+1)
			if t != tokenWhole {
				return n
			}
			nameEnd, i = end-1, end
			if i < len(src) && src[i] <= ' ' {
				i = skipSpace(src, i)
			}
			if i >= len(src) || src[i] != ':' {
				return n
			}
			if i++; i < len(src) && src[i] <= ' ' {
				i = skipSpace(src, i)
			}
			if i >= len(src) {
				return n
			}
			c = src[i]
		}
		switch c {
		case '{', '[':
			if len(w.stack) == maxDepth {
				return n
			}
			f.some = true
			w.stack = append(w.stack, frame{array: c == '[', element: name < 0, at: i, name: name, nameEnd: nameEnd})
			top++
			f = &w.stack[top]
			n = i + 1
			continue
		case '"':
			end, _, t := scanString(src, i+1)
			if t != tokenWhole {
				return n
			}
			i = end
		case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			end, t := scanNumber(src, i)
			if t != tokenWhole {
				return n
			}
			i = end
		default:
			msg, end := scanLiteral(src, i, false)
			if msg != "" {
				return n
			}
			i = end
		}
		if c != '"' && (i >= len(src) || !endsScalar(src[i])) {
			return n
		}
		f.some = true
		n = i
	}
}

func isJSONSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }
