package dialect

// What the hop asks of a request beside its dialect. A dialect answers where the general
// answer is not right for it.

// Intake reports whether r hands in records. Of most protocols every request does; a
// backend that is asked and set up over the same address says which do.
func Intake(r *Request) bool {
	d := Of(r)
	if d, ok := d.(interface{ Intake(r *Request) bool }); ok {
		return d.Intake(r)
	}
	return d.Name() != Generic
}

// Tells reports whether an answer of success to r may tell of single records that were
// refused, in words that quote them.
func Tells(r *Request) bool {
	d, ok := Of(r).(interface{ Tells(r *Request) bool })
	return ok && d.Tells(r)
}

// NamesNodes reports whether the answer to r tells the addresses of the backend's nodes,
// which a client would go on to, past the hop.
func NamesNodes(r *Request) bool {
	d, ok := Of(r).(interface{ NamesNodes(r *Request) bool })
	return ok && d.NamesNodes(r)
}
