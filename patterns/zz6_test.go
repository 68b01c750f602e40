package patterns
import ("testing";"github.com/redactd/redactd/redact")
func BenchmarkCC(b *testing.B){ r := Rules(Default()); println(len(r)); for i := 0; i < b.N; i++ { if _,err := redact.Compile(r, redact.Options{}); err!=nil {b.Fatal(err)} } }
