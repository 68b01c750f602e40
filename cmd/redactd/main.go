// Command redactd takes secrets out of error responses and log payloads: as an
// HTTP hop (serve), and as a filter for files and pipes (scrub).
package main

import "os"

func main() { os.Exit(run(systemEnv(), os.Args[1:])) }
