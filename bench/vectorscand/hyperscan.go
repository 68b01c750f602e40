//go:build vectorscan

package main

/*
#cgo LDFLAGS: -lhs -lm -l:libstdc++.so.6
#include <stdlib.h>
#include <hs/hs.h>

static int count(unsigned int id, unsigned long long from, unsigned long long to, unsigned int flags, void *n) {
	++*(unsigned long long *)n;
	return 0;
}

// scan_pieces scans the pieces of text one by one, in one call: the cost of calling
// C from Go is none of the library's. It returns the number of matches, -1 on error.
static long long scan_pieces(const hs_database_t *db, hs_scratch_t *scratch, const char *text, const unsigned int *ends, unsigned int pieces) {
	unsigned long long n = 0;
	unsigned int from = 0;
	for (unsigned int i = 0; i < pieces; from = ends[i++])
		if (hs_scan(db, text + from, ends[i] - from, 0, scratch, count, &n) != HS_SUCCESS)
			return -1;
	return (long long)n;
}
*/
import "C"

import (
	"errors"
	"fmt"
	"strings"
	"unsafe"

	"github.com/redactd/redactd/redact"
)

// database holds compiled rules and what one scan at a time needs.
type database struct {
	db      *C.hs_database_t
	scratch *C.hs_scratch_t
	note    string
}

// expression is a rule in the library's terms.
type expression struct {
	text  *C.char
	flags C.uint
}

// compile takes over every rule whose pattern the library compiles as it stands.
// Others are left out, though it would take some as its own prefilter
// (HS_FLAG_PREFILTER), which is slower: what is measured is the most that it can
// do. With starts, rules that allow it report where a match begins.
func compile(rules []redact.Rule, starts bool) (*database, error) {
	var all []expression
	ends, keyed := 0, 0
	som := C.uint(0)
	if starts {
		som = C.HS_FLAG_SOM_LEFTMOST
	}
	for i := range rules {
		if rules[i].Pattern == "" || len(rules[i].Keys) > 0 {
			keyed++
			continue
		}
		e := expression{text: C.CString(rules[i].Pattern)}
		if !e.compiles(som) {
			if !starts || !e.compiles(0) {
				continue
			}
			ends++
		}
		all = append(all, e)
	}
	d := &database{note: fmt.Sprintf("%d of %d rules", len(all), len(rules))}
	if keyed > 0 {
		d.note += fmt.Sprintf("; %d need the names of fields", keyed)
	}
	if ends > 0 {
		d.note += fmt.Sprintf("; %d can report ends only", ends)
	}
	return d, d.build(all)
}

// compiles reports whether the library takes e with more flags, and keeps them if
// it does.
func (e *expression) compiles(flags C.uint) bool {
	var db *C.hs_database_t
	var bad *C.hs_compile_error_t
	if C.hs_compile(e.text, flags, C.HS_MODE_BLOCK, nil, &db, &bad) != C.HS_SUCCESS {
		C.hs_free_compile_error(bad)
		return false
	}
	C.hs_free_database(db)
	e.flags = flags
	return true
}

func (d *database) build(all []expression) error {
	if len(all) == 0 {
		return errors.New("no rule can be taken over")
	}
	texts, flags, ids := make([]*C.char, len(all)), make([]C.uint, len(all)), make([]C.uint, len(all))
	for i, e := range all {
		texts[i], flags[i], ids[i] = e.text, e.flags, C.uint(i)
	}
	var bad *C.hs_compile_error_t
	if C.hs_compile_multi(&texts[0], &flags[0], &ids[0], C.uint(len(all)), C.HS_MODE_BLOCK, nil, &d.db, &bad) != C.HS_SUCCESS {
		defer C.hs_free_compile_error(bad)
		return errors.New(C.GoString(bad.message))
	}
	if C.hs_alloc_scratch(d.db, &d.scratch) != C.HS_SUCCESS {
		return errors.New("no scratch space")
	}
	return nil
}

// pieces are texts one after the other, and where each ends.
type pieces struct {
	text []byte
	ends []C.uint
}

func join(parts [][]byte) (p pieces) {
	for _, part := range parts {
		p.text = append(p.text, part...)
		p.ends = append(p.ends, C.uint(len(p.text)))
	}
	return p
}

// scan returns the number of matches: one for every place where one ends, -1 on
// an error.
func (d *database) scan(p pieces) int {
	return int(C.scan_pieces(d.db, d.scratch, (*C.char)(unsafe.Pointer(&p.text[0])), &p.ends[0], C.uint(len(p.ends))))
}

// version returns the version of the library and what it makes use of in this
// processor.
func version() string {
	text, _, _ := strings.Cut(C.GoString(C.hs_version()), " ")
	var p C.hs_platform_info_t
	if C.hs_populate_platform(&p) != C.HS_SUCCESS {
		return text
	}
	for _, f := range []struct {
		bit  C.ulonglong
		name string
	}{{C.HS_CPU_FEATURES_AVX2, "AVX2"}, {C.HS_CPU_FEATURES_AVX512, "AVX-512"}} {
		if p.cpu_features&f.bit != 0 {
			text += " with " + f.name
		}
	}
	return text
}
