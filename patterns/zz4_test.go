package patterns
import ("testing";"os";"fmt";"time";"github.com/redactd/redactd/redact")
func TestSS(t *testing.T){
 if k := os.Getenv("K"); k != "" { redact.UseKernel(k) }
 s,err := redact.Compile(Rules(Default()), redact.Options{}); if err!=nil {t.Fatal(err)}
 b,_ := os.ReadFile(os.Getenv("F"))
 b = b[:1<<20]
 sc := s.NewScratch()
 for st := 0; st < 8; st++ {
  best := time.Hour
  n := 0
  for r := 0; r < 300; r++ { 
   o := (r%16)*65536
   t0 := time.Now(); 
   if st < 6 { n = s.Stage(sc, b[o:o+65536], st) } else if st == 6 { s.Find(sc, nil, redact.Field{Value: b[o:o+65536]}) } else { s.Suspect(sc, b[o:o+65536]) }
   if d := time.Since(t0); d < best { best = d } }
  fmt.Printf("stage %d: %v (n=%d) = %.0f MB/s\n", st, best, n, 65536/best.Seconds()/1e6)
 }
}
