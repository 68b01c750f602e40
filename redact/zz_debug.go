package redact

func (s *Set) Stage(sc *Scratch, text []byte, stage int) (n int) {
	p := s.values
	w := &sc.walk
	w.begin(text, 0)
	for at := 0; at < len(text); {
		k := w.fill(p, text, at)
		if stage >= 1 {
			places := w.collect(&w.masks.grams, k)
			n += len(places)
			if stage >= 2 {
				for j, t := range []*gramTable{&p.short, &p.long} {
					mask := []uint32{gramMask, 1<<32 - 1}[j]
					lists := w.keep(t, mask, places, text, at)
					n += len(lists)
					if stage >= 3 {
						for j, l := range lists {
							p.yieldGram(t, l, mask, text, at+int(w.kept[j]), func(int32, int) bool { n++; return true })
						}
					}
				}
				if stage >= 4 {
					p.yieldRuns(w, k, at, func(int32, int) bool { n++; return true })
				}
			}
		}
		at += k * blockSize
	}
	return n
}
