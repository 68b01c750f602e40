package audit

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// fixture is a trail with policies, checkpoints and records at known times.
type fixture struct {
	dir            string
	secret, public string
}

// fixtureTrail has on each of five days a configuration, ten findings and a
// checkpoint at the end: records 1 to 55.
func fixtureTrail(t testing.TB) fixture { return fixtureOf(t, "logs") }

func fixtureOf(t testing.TB, route string) fixture {
	t.Helper()
	secret, public := newKey(t)
	f := fixture{t.TempDir(), secret, public}
	for day := range 5 {
		at := time.Date(2026, 3, 1+day, 9, 0, 0, 0, time.UTC)
		tr := openTrail(t, Options{Dir: f.dir, MaxSize: 3000, Required: true, CheckpointKey: secret, hooks: hooks{now: func() time.Time { return at }}})
		if err := tr.InForce(fmt.Sprint("digest", day/2), fmt.Appendf(nil, "version = %d\n", day/2)); err != nil {
			t.Fatal(err)
		}
		for i := range 10 {
			e := finding([]string{"card-number", "aws-access-key-id"}[i%2], 0)
			e.Time, e.Count, e.Fingerprint = at.Add(time.Duration(i)*time.Minute), uint64(i%3), fmt.Sprint("e1-", i%4)
			e.Route = route
			if i%2 == 0 {
				e.Tags = []string{"pci"}
			}
			if err := tr.Record(t.Context(), []Event{e}); err != nil {
				t.Fatal(err)
			}
		}
		closeTrail(t, tr)
	}
	return f
}

func day(n int) time.Time { return time.Date(2026, 3, n, 0, 0, 0, 0, time.UTC) }

func (f fixture) export(t testing.TB, change func(*ExportOptions)) ([]byte, Exported) {
	t.Helper()
	o := ExportOptions{Dir: f.dir, Keys: []string{f.public}, Seal: f.secret, From: day(2), To: day(4)}
	if change != nil {
		change(&o)
	}
	var b bytes.Buffer
	done, err := Export(t.Context(), &b, o)
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), done
}

func (f fixture) verify(t testing.TB, p []byte, external map[string][]byte) Report {
	t.Helper()
	r, err := VerifyArchive(bytes.NewReader(p), int64(len(p)), VerifyOptions{Keys: []string{f.public}, Checkpoints: external})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// unzip returns the files of an archive, in order.
func unzip(t testing.TB, p []byte) (names []string, files map[string][]byte) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(p), int64(len(p)))
	if err != nil {
		t.Fatal(err)
	}
	files = map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		names, files[f.Name] = append(names, f.Name), data
	}
	return names, files
}

func rezip(t testing.TB, names []string, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range names {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err == nil {
			_, err = w.Write(files[name])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestExport(t *testing.T) {
	f := fixtureTrail(t)
	for name, tc := range map[string]struct {
		from, to    time.Time
		first, last uint64
		findings    uint64
	}{
		"all":         {first: 1, last: 55, findings: 65},
		"two days":    {from: day(2), to: day(4), first: 12, last: 33, findings: 26},
		"the last":    {from: day(5), first: 45, last: 55, findings: 13},
		"nothing yet": {to: day(1), first: 1, last: 0},
		"nothing any": {from: day(9), first: 56, last: 55},
		"an hour":     {from: day(3).Add(9*time.Hour + time.Minute), to: day(3).Add(9*time.Hour + 3*time.Minute), first: 25, last: 26, findings: 3},
	} {
		t.Run(name, func(t *testing.T) {
			change := func(o *ExportOptions) { o.From, o.To = tc.from, tc.to }
			p, done := f.export(t, change)
			if done.First != tc.first || done.Last != tc.last || done.Findings != tc.findings || !done.Sealed {
				t.Fatalf("exported %+v", done)
			}
			if again, _ := f.export(t, change); !bytes.Equal(again, p) {
				t.Error("the same trail gives another archive")
			}
			r := f.verify(t, p, nil)
			if !r.OK || !r.Archive.Sealed || r.Records != tc.last+1-tc.first {
				t.Fatalf("report %+v %+v", r, r.Break)
			}
			var b strings.Builder
			if err := r.WriteText(&b); err != nil || !strings.Contains(b.String(), "sealed by the key") {
				t.Errorf("text %s", &b)
			}
			_, files := unzip(t, p)
			var rep EvidenceReport
			if err := json.Unmarshal(files["report.json"], &rep); err != nil {
				t.Fatal(err)
			}
			if rep.Summary.Findings != tc.findings || len(rep.Controls) < 20 || !rep.Whole {
				t.Errorf("report %+v", rep)
			}
			if strings.Contains(string(files["report.html"]), "<script") || !strings.Contains(string(files["report.html"]), "PCI DSS 4.0 3.5.1") {
				t.Error("the page is not as it should be")
			}
			if !strings.Contains(string(files["report.csv"]), "GDPR,Art. 5 (1) (c)") {
				t.Error("the table is not as it should be")
			}
		})
	}
}

// TestExportHoldsThePolicies asks for those in force in the time, with the one
// from before.
func TestExportHoldsThePolicies(t *testing.T) {
	f := fixtureTrail(t)
	p, _ := f.export(t, func(o *ExportOptions) { o.From, o.To = day(3).Add(9*time.Hour+time.Second), day(4).Add(23*time.Hour) })
	_, files := unzip(t, p)
	var rep EvidenceReport
	if err := json.Unmarshal(files["report.json"], &rep); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, policy := range rep.Policies {
		got = append(got, policy.Digest+" "+stamp(policy.Since)+" "+string(files[policy.File]))
	}
	want := []string{"digest1 2026-03-03T09:00:00Z version = 1\n", "digest1 2026-03-04T09:00:00Z version = 1\n"}
	if !slices.Equal(got, want) {
		t.Errorf("policies %q", got)
	}
}

func TestExportRefusesABrokenTrail(t *testing.T) {
	f := fixtureTrail(t)
	segs, _ := filepath.Glob(filepath.Join(f.dir, prefix+"-*"))
	flip(t, segs[len(segs)-1], 200)
	o := ExportOptions{Dir: f.dir}
	if _, err := Export(t.Context(), io.Discard, o); !errors.Is(err, ErrBroken) {
		t.Errorf("a broken trail: %v", err)
	}
	o.To = day(2)
	if _, err := Export(t.Context(), io.Discard, o); err != nil {
		t.Errorf("what was before the break: %v", err)
	}
}

// TestVerifyArchiveNamesTheFault changes an archive in one place, sealed anew or
// not.
func TestVerifyArchiveNamesTheFault(t *testing.T) {
	f := fixtureTrail(t)
	good, _ := f.export(t, nil)
	names, files := unzip(t, good)
	if r := f.verify(t, rezip(t, names, files), nil); !r.OK {
		t.Fatalf("packed anew: %+v", r.Break)
	}
	events := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !strings.HasPrefix(n, eventsDir+"/") })
	points := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !strings.HasPrefix(n, checkpointDir+"/") })
	if len(events) < 3 || len(points) < 3 {
		t.Fatalf("%d files of events, %d checkpoints", len(events), len(points))
	}
	edit := func(name string, change func([]string) []string) func(map[string][]byte) {
		return func(m map[string][]byte) {
			lines := strings.SplitAfter(strings.TrimSuffix(string(m[name]), "\n"), "\n")
			lines[len(lines)-1] += "\n"
			m[name] = []byte(strings.Join(change(lines), ""))
		}
	}
	sub := func(old, new string) func([]string) []string {
		return func(l []string) []string { l[1] = strings.Replace(l[1], old, new, 1); return l }
	}
	kept, err := os.ReadFile(filepath.Join(f.dir, checkpointDir, "000000000022.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		change func(map[string][]byte)
		file   string
		line   int
		fault  Fault
	}{
		"edited":             {edit(events[1], sub("logs", "lags")), events[1], 2, Edited},
		"deleted":            {edit(events[1], func(l []string) []string { return slices.Delete(l, 1, 2) }), events[1], 2, Deleted},
		"reordered":          {edit(events[1], func(l []string) []string { l[0], l[1] = l[1], l[0]; return l }), events[1], 1, Reordered},
		"duplicated":         {edit(events[1], func(l []string) []string { return append(l[:1], l...) }), events[1], 2, Duplicated},
		"truncated":          {edit(events[len(events)-1], func(l []string) []string { return l[:1] }), events[len(events)-1], 2, Truncated},
		"appended":           {edit(events[len(events)-1], func(l []string) []string { return append(l, "x") }), events[len(events)-1], 0, Edited},
		"file of events":     {func(m map[string][]byte) { delete(m, events[1]) }, events[2], 1, Deleted},
		"first file":         {func(m map[string][]byte) { delete(m, events[0]) }, events[1], 1, Deleted},
		"checkpoint swapped": {func(m map[string][]byte) { m[points[0]], m[points[1]] = m[points[1]], m[points[0]] }, points[0], 0, Replaced},
		"checkpoint edited":  {edit(points[1], sub("22", "21")), points[1], 0, Replaced},
		"checkpoint gone":    {func(m map[string][]byte) { delete(m, points[1]) }, points[1], 0, Deleted},
		"policy":             {func(m map[string][]byte) { m[policyOf(names)] = []byte("x") }, policyOf(names), 0, Edited},
		"report":             {func(m map[string][]byte) { m["report.html"] = append(m["report.html"], ' ') }, "report.html", 0, Edited},
		"report gone":        {func(m map[string][]byte) { delete(m, "report.html") }, "report.html", 0, Deleted},
		"added":              {func(m map[string][]byte) { m["x"] = nil }, "x", 0, Edited},
		"manifest": {func(m map[string][]byte) {
			m[manifestName] = bytes.Replace(m[manifestName], []byte("2026-03-02"), []byte("2026-03-01"), 1)
		}, manifestName, 0, Edited},
		"seal gone":   {func(m map[string][]byte) { delete(m, sealName) }, sealName, 0, Deleted},
		"seal edited": {func(m map[string][]byte) { m[sealName] = bytes.ToUpper(m[sealName]) }, sealName, 0, Replaced},
		"inclusion":   {edit(inclusionName, func(l []string) []string { return slices.Delete(l, 2, 3) }), inclusionName, 0, Edited},
		"consistency": {edit(consistencyName, func([]string) []string { return []string{"[]\n"} }), consistencyName, 0, Deleted},
	} {
		t.Run(name, func(t *testing.T) {
			m := map[string][]byte{}
			for k, v := range files {
				m[k] = bytes.Clone(v)
			}
			tc.change(m)
			list := slices.DeleteFunc(slices.Clone(names), func(n string) bool { _, ok := m[n]; return !ok })
			if _, ok := m["x"]; ok {
				list = append(list, "x")
			}
			r := f.verify(t, rezip(t, list, m), nil)
			if r.OK || r.Break.File != tc.file || r.Break.Line != tc.line && tc.line > 0 || r.Break.Fault != tc.fault || r.Break.Detail == "" {
				t.Fatalf("break %+v", r.Break)
			}
		})
	}
	t.Run("kept elsewhere", func(t *testing.T) {
		if r := f.verify(t, good, map[string][]byte{"kept": kept}); !r.OK || len(r.Archive.Unchecked) > 0 {
			t.Errorf("break %+v", r.Break)
		}
		other := fixtureOf(t, "others")
		p, _ := other.export(t, nil)
		r, err := VerifyArchive(bytes.NewReader(p), int64(len(p)), VerifyOptions{Keys: []string{f.public, other.public}, Checkpoints: map[string][]byte{"kept": kept}})
		if err != nil || r.OK || r.Break.File != "kept" {
			t.Errorf("another trail: %+v, %v", r.Break, err)
		}
	})
	if _, err := VerifyArchive(strings.NewReader("x"), 1, VerifyOptions{}); !errors.Is(err, ErrNoArchive) {
		t.Errorf("no archive: %v", err)
	}
}

func policyOf(names []string) string {
	return names[slices.IndexFunc(names, func(n string) bool { return strings.HasPrefix(n, policyDir+"/") })]
}

// FuzzVerifyArchive changes an archive anywhere: what verifies holds what was
// exported.
func FuzzVerifyArchive(f *testing.F) {
	fix := fixtureTrail(f)
	good, _ := fix.export(f, nil)
	_, files := unzip(f, good)
	f.Add(uint8(0), uint32(100), uint32(200), []byte("x"))
	f.Add(uint8(1), uint32(5000), uint32(20), []byte{0})
	f.Add(uint8(2), uint32(len(good)-30), uint32(2), []byte{1, 2})
	f.Fuzz(func(t *testing.T, op uint8, at, n uint32, with []byte) {
		p := bytes.Clone(good)
		i := int(at) % len(p)
		j := min(len(p), i+int(n)%256)
		switch op % 4 {
		case 0:
			copy(p[i:], with)
		case 1:
			p = slices.Delete(p, i, j)
		case 2:
			p = slices.Insert(p, i, with...)
		case 3:
			for k := range p[i:j] {
				p[i+k] ^= 1 << (k % 8)
			}
		}
		r, err := VerifyArchive(bytes.NewReader(p), int64(len(p)), VerifyOptions{Keys: []string{fix.public}})
		if err != nil || !r.OK {
			return
		}
		_, got := unzip(t, p)
		if len(got) != len(files) {
			t.Fatalf("%d files verify", len(got))
		}
		for name, data := range files {
			if !bytes.Equal(got[name], data) {
				t.Fatalf("%s verifies and is another", name)
			}
		}
	})
}

// FuzzVerifyArchiveFiles changes a file inside of an archive: with the key it never
// verifies, and without it nothing panics.
func FuzzVerifyArchiveFiles(f *testing.F) {
	fix := fixtureTrail(f)
	good, _ := fix.export(f, nil)
	names, files := unzip(f, good)
	for i := range names {
		f.Add(uint8(i), uint16(40), uint16(9), []byte("9"), i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, which uint8, at, n uint16, with []byte, drop bool) {
		m := map[string][]byte{}
		for k, v := range files {
			m[k] = v
		}
		name := names[int(which)%len(names)]
		list := names
		if drop && len(with) == 0 {
			list = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == name })
		} else {
			p := m[name]
			i := int(at) % (len(p) + 1)
			j := min(len(p), i+int(n)%64)
			m[name] = slices.Concat(p[:i], with, p[j:])
			if bytes.Equal(m[name], p) {
				return
			}
		}
		p := rezip(t, list, m)
		for _, keys := range [][]string{{fix.public}, nil} {
			r, err := VerifyArchive(bytes.NewReader(p), int64(len(p)), VerifyOptions{Keys: keys})
			if err == nil && r.OK && keys != nil {
				t.Fatalf("%s was changed and verifies", name)
			}
		}
	})
}

func TestControls(t *testing.T) {
	if _, err := ParseControls("controls.toml", DefaultControls()); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"":                                  "x.toml: control: there is none",
		"[control.a]\ntitel = 1":            "x.toml:2: control.a.titel: unknown key",
		"[control.a]\nshow = [\"nothing\"]": `"nothing" is no figure`,
		"[control.a]":                       "x.toml:1: control.a.evidence: is missing",
		"[control.a":                        "x.toml:1:",
		"[else]":                            "else: unknown key",
	} {
		if _, err := ParseControls("x.toml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestControlsShareQueries holds that equal questions are counted once, since each
// tells distinct values apart.
func TestControlsShareQueries(t *testing.T) {
	controls, err := ParseControls("", DefaultControls())
	if err != nil {
		t.Fatal(err)
	}
	x := exporter{controls: controls, total: newSummariser(Filter{})}
	x.ask()
	if len(x.answers) != len(controls) || len(x.queries) > 8 || x.answers[len(x.answers)-1] == nil {
		t.Errorf("%d queries for %d controls, %d answers", len(x.queries), len(controls), len(x.answers))
	}
}
