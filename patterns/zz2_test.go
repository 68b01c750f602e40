package patterns
import ("testing";"os";"bytes";"github.com/redactd/redactd/redact")
func BenchmarkZZ(b *testing.B){
 if k := os.Getenv("K"); k != "" { redact.UseKernel(k) }
 s,err := redact.Compile(Rules(Default()), redact.Options{}); if err!=nil {b.Fatal(err)}
 t,_ := os.ReadFile(os.Getenv("F"))
 sc := s.NewScratch()
 lines := bytes.Split(t, []byte("\n"))
 b.Run("find", func(b *testing.B) {
 b.SetBytes(65536)
 for i := 0; i < b.N; i++ { o := (i*65536) % (len(t)-65536); s.Find(sc, nil, redact.Field{Value: t[o:o+65536]}) }})
 b.Run("suspect", func(b *testing.B) {
 b.SetBytes(int64(len(t)))
 for i := 0; i < b.N; i++ { for _, l := range lines { s.Suspect(sc, l) } }})
}
