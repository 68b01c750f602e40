package patterns
import ("testing";"os";"github.com/redactd/redactd/redact")
func TestBB(t *testing.T){
 s,err := redact.Compile(Rules(Default()), redact.Options{}); if err!=nil {t.Fatal(err)}
 for _, f := range []string{"/tmp/clean.log", "/tmp/sys.log"} { b,_ := os.ReadFile(f); s.Kept(b[:1<<20]) } }
