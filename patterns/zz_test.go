package patterns
import ("testing";"os";"fmt";"bytes";"syscall";"github.com/redactd/redactd/redact")
func cpu() float64 { var u syscall.Rusage; syscall.Getrusage(0,&u); return float64(u.Utime.Sec+u.Stime.Sec)+float64(u.Utime.Usec+u.Stime.Usec)/1e6 }
func TestZZ(t *testing.T){
 var dfa [8][256]uint8
 for i := range dfa { for j := range dfa[i] { dfa[i][j] = uint8((i*7+j)%8) } }
 for _, k := range redact.Kernels() {
 redact.UseKernel(k)
 c0 := cpu()
 s,err := redact.Compile(Rules(Default()), redact.Options{}); if err!=nil {t.Fatal(err)}
 fmt.Printf("%s compile %.0f ms\n", k, (cpu()-c0)*1000)
 for _, f := range []string{"/tmp/clean.log","/tmp/sys.log","/tmp/cleanjson.log"} { b,_ := os.ReadFile(f)
  if len(b) > 1<<20 { b = b[:1<<20] }
  sc := s.NewScratch()
  lines := bytes.Split(b, []byte("\n"))
  var blocks [][]byte
  for i := 0; i+65536 <= len(b); i += 65536 { blocks = append(blocks, b[i:i+65536]) }
  d := 0.0
  run := func(name string, pieces [][]byte, fn func(p []byte)) {
	best := 1e9
	n := 0
	for _, p := range pieces { n += len(p) }
	for r := 0; r < 40; r++ { c := cpu(); for _, p := range pieces { fn(p) }; if d := cpu()-c; d < best { best = d } }
	if d == 0 { d = best }
	fmt.Printf("   %s %5.0f MB/s %.2fx", name, float64(n)/1e6/best, d/best)
  }
  fmt.Printf("%-20s", f)
  var found []redact.Finding
  nf, ns := 0, 0
  find := func(p []byte) { found, _ = s.Find(sc, found[:0], redact.Field{Value: p}); nf += len(found) }
  sus := func(p []byte) { if s.Suspect(sc, p) { ns++ } }
  st := uint8(0)
  run("dfa", blocks, func(p []byte) { x := st; for _, c := range p { x = dfa[x&7][c] }; st = x })
  run("find blocks", blocks, find)
  run("lines", lines, find)
  nl := ns
  run("suspect lines", lines, sus)
  fmt.Printf("  found %d suspect lines %.2f%% of %d\n", nf, float64(ns-nl)/40/float64(len(lines))*100, len(lines))
 } }
}
