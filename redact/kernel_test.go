package redact

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// survives says, the plain way, whether a gram may begin at text[i] by the tables
// of a kernel.
func (b *buckets) survives(halves bool, text []byte, i int) bool {
	if i >= len(text) || text[i] >= 0x80 {
		return false
	}
	var letters [windowLen + 1]byte
	for k := range letters {
		if at := i - 1 + k; at >= 0 && at < len(text) {
			letters[k] = letterOf(text[at])
		} else {
			letters[k] = letterOf(padding)
		}
	}
	letters[windowLen] = 0
	for g := range bucketGroups {
		in := uint8(0xff)
		for k := range windowLen {
			if !halves {
				in &= b.letters[g][k][letters[k]]
				continue
			}
			in &= b.lowers[g][k][letters[k]%16]
			if k%2 == 0 {
				in &= b.uppers[g][k/2][letters[k]/16|letters[k+1]/16*4]
			}
		}
		if in != 0 {
			return true
		}
	}
	return false
}

// checkKernels compares what each kernel of this processor fills with what its
// tables say, and what is found with each.
func checkKernels(t *testing.T, s *Set, text []byte) {
	t.Helper()
	p, sc := s.payloads, s.NewScratch()
	for at := range min(len(text), 3) {
		n := min(chunk, (len(text)-at+blockSize-1)/blockSize)
		for _, k := range kernels {
			w := new(walk)
			k.fill(p, text, at, n, w)
			for i := range n * blockSize {
				m, block, bit := &w.masks, i/blockSize, i%blockSize
				var got uint8
				for class, mask := range [...]uint64{m.digits[block], m.gaps[block], m.words[block], m.escapes[block]} {
					got |= uint8(mask>>bit&1) << class
				}
				want := uint8(0)
				if at+i < len(text) {
					want = classesOf(text[at+i])
				}
				if got != want {
					t.Fatalf("%s: from %d, classes of byte %d of %q: %d, want %d", k.name, at, i, text, got, want)
				}
				marked := m.grams[block]>>bit&1 == 1
				if k.bitmap {
					if at+i+gramLen > len(text) {
						continue
					}
					gram := folded(text, at+i)
					if !marked && (p.short.holds(gram&gramMask) || p.long.holds(gram)) || marked != (p.marked.bit(gram) == 1) {
						t.Fatalf("%s: from %d, byte %d of %q: %v", k.name, at, i, text, marked)
					}
				} else if at+i < len(text) && marked != p.buckets.survives(k.halves, text, at+i) {
					t.Fatalf("%s: from %d, byte %d of %q: %v", k.name, at, i, text, marked)
				}
			}
		}
	}
	defer func(k *kernel) { active = k }(active)
	var want []Finding
	var suspect bool
	for i, k := range kernels {
		active = k
		got, _ := s.Find(sc, nil, Field{Value: text})
		if now := s.Suspect(sc, text); i == 0 {
			want, suspect = got, now
		} else if !sameFindings(got, want) || now != suspect {
			t.Fatalf("%s: %v in %q, %s: %v", k.name, show(got), text, kernels[0].name, show(want))
		}
	}
}

// Lengths around the edges of blocks and of a chunk.
func TestKernels(t *testing.T) {
	if len(kernels) != len(Kernels()) || kernels[len(kernels)-1] != &goKernel {
		t.Fatalf("%v", Kernels())
	}
	s := mustCompile(t, testRules(), Options{})
	r := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{0, 1, 2, 3, 4, 61, 62, 63, 64, 65, 66, 67, 68, 127, 128, 129, 191, 254, 255, 256, 257, 258, 259, 260, 319, 320, 321, 1000, 4095, 4096, 4097, 4170, 9000} {
		text := make([]byte, 0, n)
		for len(text) < n {
			text = append(text, randomText(r)...)
			text = append(text, byte(r.UintN(256)))
		}
		checkKernels(t, s, text[:n])
	}
}

// Tables at random: the rules of the tests fill few of the groups.
func TestKernelTables(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	// Where fewer tables are asked, each has fewer bits: some positions survive.
	half := func() uint8 { return uint8(r.UintN(256)) }
	fewer := func() uint8 { return uint8(r.UintN(256) & (r.UintN(256) | r.UintN(256))) }
	fill := func(table []uint8, value func() uint8) {
		for i := range table {
			table[i] = value()
		}
	}
	p, w := new(prefilter), new(walk)
	b := &p.buckets
	for g := range bucketGroups {
		for k := range windowLen {
			fill(b.letters[g][k][:], fewer)
			fill(b.lowers[g][k][:], half)
		}
		for k := range b.uppers[g] {
			fill(b.uppers[g][k][:], half)
		}
	}
	text := make([]byte, chunk*blockSize)
	for i := range text {
		text[i] = byte(r.UintN(256))
	}
	for _, k := range kernels {
		if k.bitmap {
			continue
		}
		k.fill(p, text, 0, chunk, w)
		some := 0
		for i := range text {
			marked := w.masks.grams[i/blockSize]>>(i%blockSize)&1 == 1
			if marked != b.survives(k.halves, text, i) {
				t.Fatalf("%s: byte %d: %v", k.name, i, marked)
			}
			if marked {
				some++
			}
		}
		if some < len(text)/20 || some > len(text)*2/5 {
			t.Errorf("%s: %d of %d survive: the tables don't test much", k.name, some, len(text))
		}
	}
}

func FuzzKernels(f *testing.F) {
	s := mustCompile(f, testRules(), Options{})
	for i, frag := range fragments {
		f.Add([]byte(frag + fragments[(i*5)%len(fragments)]))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) <= 1000 {
			checkKernels(t, s, text)
		}
	})
}

func TestUseKernel(t *testing.T) {
	defer func(k *kernel) { active = k }(active)
	for _, name := range slices.Backward(Kernels()) {
		if err := UseKernel(name); err != nil || Kernel() != name {
			t.Errorf("%s: %v, in use is %s", name, err, Kernel())
		}
	}
	if err := UseKernel("abacus"); err == nil {
		t.Error("no error for a kernel that does not exist")
	}
}
