package codec

import (
	"bytes"
	"encoding/binary"
	"hash/fnv"
	"net/netip"
)

// Backends that type their fields refuse a document in which a field of another type
// stands. Where the format says what a type is, the walker keeps it (a number); where a
// backend reads strings as addresses or dates, its codec looks at the strings, as no
// mapping tells it which field is of which type.

// maxTyped is the length in bytes up to which a string may be an address or a date.
const maxTyped = 64

// typeOf returns Address or Date for text that is one as a whole, else String.
func typeOf(text []byte) Kind {
	if len(text) < 2 || len(text) > maxTyped {
		return String
	}
	if _, ok := dated(nil, text); ok {
		return Date
	}
	if _, _, ok := addressed(text); ok {
		return Address
	}
	return String
}

// StandsIn reports whether f has the value that redaction leaves in a field that keeps
// its type, so that there is nothing to find in it.
func (f *Field) StandsIn() bool {
	switch f.Kind {
	case Number:
		return string(f.Value) == "0"
	case Date:
		var buf [maxTyped]byte
		neutral, ok := dated(buf[:0], f.Value)
		return ok && bytes.Equal(neutral, f.Value)
	case Address:
		addr, _, ok := addressed(f.Value)
		return ok && (standIn4.Contains(addr) || standIn6.Contains(addr))
	}
	return false
}

// appendStandIn appends what becomes of value, which is of that kind, with edits: their
// text if there is one edit of the whole with a value of the kind for text, else a date
// of the same layout or an address of the same family. Addresses are told apart as far
// as the texts of the edits are, so that tokens stay tokens.
func appendStandIn(dst []byte, kind Kind, value []byte, edits []Splice) []byte {
	if len(edits) == 1 && edits[0].Start == 0 && edits[0].End == len(value) && typeOf(edits[0].Text) == kind {
		return append(dst, edits[0].Text...)
	}
	if kind == Date {
		dst, _ = dated(dst, value)
		return dst
	}
	h := fnv.New64a()
	for _, e := range edits {
		_, _ = h.Write(e.Text)
	}
	addr, bits, _ := addressed(value)
	net := standIn6
	if addr.Is4() {
		net = standIn4
	}
	host := within64(net, h.Sum64())
	if bits < 0 {
		return host.AppendTo(dst)
	}
	prefix, _ := host.Prefix(max(bits, net.Bits())) // in range, since addr has the family of net
	return prefix.AppendTo(dst)
}

// Stand-ins for addresses are of no network: of those for benchmarks (RFC 2544), which
// tell more values apart than those for documentation do, and of a part of the network
// for documentation (RFC 3849).
var (
	standIn4 = netip.MustParsePrefix("198.18.0.0/15")
	standIn6 = netip.MustParsePrefix("2001:db8:7265:6461::/64")
)

// within64 returns the address of net that has the low bits of n.
func within64(net netip.Prefix, n uint64) netip.Addr {
	if net.Addr().Is4() {
		base := net.Addr().As4()
		low := uint32(n^n>>32) & (1<<(32-net.Bits()) - 1)
		binary.BigEndian.PutUint32(base[:], binary.BigEndian.Uint32(base[:])|low)
		return netip.AddrFrom4(base)
	}
	base := net.Addr().As16()
	binary.BigEndian.PutUint64(base[8:], n)
	return netip.AddrFrom16(base)
}

// addressed reads an IP address, or a network in CIDR notation; bits is -1 for an address.
func addressed(text []byte) (addr netip.Addr, bits int, ok bool) {
	if bytes.IndexByte(text, ':') < 0 && bytes.Count(text, []byte{'.'}) != 3 || bytes.IndexByte(text, '%') >= 0 {
		return addr, 0, false
	}
	for _, c := range text {
		if (c < '.' || c > ':') && (c|0x20 < 'a' || c|0x20 > 'f') {
			return addr, 0, false
		}
	}
	if bytes.IndexByte(text, '/') >= 0 {
		p, err := netip.ParsePrefix(string(text))
		return p.Addr(), p.Bits(), err == nil
	}
	addr, err := netip.ParseAddr(string(text))
	return addr, -1, err == nil
}

// dated appends to dst the first moment of 1970 written as text is, which is a day in
// digits (2026-11-22, 22.11.2026, 11/22/2026, 20261122) with a time and a zone behind
// it or not.
func dated(dst, text []byte) (out []byte, ok bool) {
	if basicDate(text) {
		return append(dst, "19700101"...), true
	}
	var n [3]int
	rest := text
	for i := range n {
		if i > 0 {
			if len(rest) == 0 || rest[0] != '-' && rest[0] != '/' && rest[0] != '.' || i == 2 && rest[0] != text[n[0]] {
				return dst, false
			}
			dst = append(dst, rest[0])
			rest = rest[1:]
		}
		part := rest[:digits(rest, 0)]
		switch n[i] = len(part); {
		case n[i] == 4 && i != 1:
			dst = append(dst, "1970"...)
		case n[i] == 2 && part[0] <= '3':
			dst = append(dst, "01"...)
		case n[i] == 1:
			dst = append(dst, '1')
		default:
			return dst, false
		}
		rest = rest[n[i]:]
	}
	if (n[0] == 4) == (n[2] == 4) {
		return dst, false
	}
	if len(rest) == 0 {
		return dst, true
	}
	return clocked(dst, rest)
}

// basicDate reports whether text is a day of this century or the last as eight digits.
func basicDate(text []byte) bool {
	if len(text) != 8 || digits(text, 0) != 8 {
		return false
	}
	century, month, day := string(text[:2]), string(text[4:6]), string(text[6:])
	return (century == "19" || century == "20") && "01" <= month && month <= "12" && "01" <= day && day <= "31"
}

// clocked appends to dst midnight in UTC as text is written: a T or a blank, a time of
// day, and a zone or none.
func clocked(dst, text []byte) (out []byte, ok bool) {
	if text[0]|0x20 != 't' && text[0] != ' ' || digits(text[1:], 0) != 2 {
		return dst, false
	}
	dst = append(dst, text[0], '0', '0')
	text = text[3:]
	for i := 0; i < 2 && len(text) > 2 && text[0] == ':' && digits(text[1:], 0) == 2; i++ {
		dst = append(dst, ":00"...)
		text = text[3:]
	}
	if len(text) > 1 && (text[0] == '.' || text[0] == ',') {
		n := digits(text[1:], 0)
		if n == 0 || n > 9 {
			return dst, false
		}
		dst = append(dst, text[0])
		dst = append(dst, "000000000"[:n]...)
		text = text[1+n:]
	}
	if len(text) > 0 && text[0] == ' ' {
		dst = append(dst, ' ')
		if text = text[1:]; len(text) == 0 {
			return dst, false
		}
	}
	switch s := string(text); s {
	case "", "Z", "z", "UTC", "GMT":
		return append(dst, s...), true
	}
	if text[0] != '+' && text[0] != '-' {
		return dst, false
	}
	switch h, n := digits(text[1:], 0), len(text); {
	case h == 4 && n == 5, h == 2 && n == 3:
		return append(append(dst, '+'), "0000"[:h]...), true
	case h == 2 && n == 6 && text[3] == ':' && digits(text[4:], 0) == 2:
		return append(dst, "+00:00"...), true
	}
	return dst, false
}
