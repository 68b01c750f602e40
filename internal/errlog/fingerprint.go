package errlog

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// topFrames is how many frames tell errors apart: more would tell apart the ways that
// lead to the same mistake.
const topFrames = 5

// Fingerprint returns the id of a report's group, a SHA-256 in hex over route, class of
// the status, framework, type of the exception and the innermost frames that are the
// application's own, by function and file. Line numbers, addresses and what a build makes
// up do not count, so that a release does not make old errors new. Where neither exception
// nor frames are known, the status itself counts.
func Fingerprint(r *Report) string {
	h := sha256.New()
	put := func(s string) {
		_, _ = io.WriteString(h, strconv.Itoa(len(s))+":"+s) // a hash takes everything
	}
	for _, s := range []string{"1", r.Route, StatusClass(r.Status), r.Framework, r.Exception} {
		put(s)
	}
	frames := InApp(r.Frames)
	if len(frames) == 0 {
		frames = r.Frames
	}
	for _, f := range frames[:min(len(frames), topFrames)] {
		put(stableFunction(f.Function))
		put(stableFile(f.File))
	}
	if r.Exception == "" && len(frames) == 0 {
		put(strconv.Itoa(r.Status))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// What differs between two runs or builds of a program: addresses, the numbers of lambdas
// and anonymous classes, and hashes in the names of bundles.
var (
	address = regexp.MustCompile(`[+/]?0[xX][0-9a-fA-F]+`)
	lambda  = regexp.MustCompile(`\$[$\d]*(?:Lambda)?(?:[/$]*\d+)+`)
	hashRun = regexp.MustCompile(`[0-9a-f]{8,}`)
)

func stableFunction(s string) string {
	s = address.ReplaceAllString(s, "")
	s = lambda.ReplaceAllString(s, "$$")
	return withoutHashes(s)
}

func withoutHashes(s string) string {
	return hashRun.ReplaceAllStringFunc(s, func(run string) string {
		if strings.ContainsAny(run, "0123456789") {
			return "*"
		}
		return run
	})
}

// stableFile keeps the end of a path, since where it begins is the matter of a machine.
func stableFile(s string) string {
	s, _, _ = strings.Cut(s, "?")
	s = strings.ReplaceAll(s, `\`, "/")
	i := len(s)
	for range 3 {
		if i = strings.LastIndexByte(s[:i], '/'); i < 0 {
			break
		}
	}
	return withoutHashes(strings.TrimLeft(s[i+1:], "/"))
}

// Marks of code that is not the application's own, in file names and in the names of
// functions.
var (
	libraryFiles = []string{
		"/site-packages/", "/dist-packages/", "/lib/python", "<frozen ", "<string>",
		"node_modules/", "node:", "internal/process", "internal/modules",
		"/gems/", "/ruby/", "<internal:", "/vendor/",
		"/pkg/mod/", "/go/src/", "/libexec/src/", "/usr/lib/", "/rustc/", "/.cargo/registry/", "/library/std/", "/library/core/",
	}
	libraryFunctions = []string{
		"java.", "javax.", "jdk.", "sun.", "com.sun.", "jakarta.", "kotlin.", "kotlinx.", "scala.",
		"org.springframework.", "org.apache.", "org.hibernate.", "org.eclipse.jetty.", "org.postgresql.",
		"com.zaxxer.", "com.fasterxml.", "io.netty.", "io.undertow.", "io.micrometer.", "reactor.",
		"System.", "Microsoft.", "Npgsql.", "lambda_method",
		"runtime.", "net/http.", "panic(", "database/sql.", "reflect.",
		"core::", "std::", "alloc::", "tokio::", "hyper::", "axum::", "actix_", "tower::", "<core::", "<alloc::", "<tokio::", "rust_begin_unwind", "__rust",
		`Illuminate\`, `Symfony\`, `Doctrine\`, `PDO`,
	}
)

// InApp returns the frames that are the application's own, as far as their names tell.
func InApp(frames []Frame) []Frame {
	var own []Frame
	for _, f := range frames {
		if isOwn(f) {
			own = append(own, f)
		}
	}
	return own
}

func isOwn(f Frame) bool {
	if f == (Frame{}) {
		return false
	}
	file := strings.ReplaceAll(f.File, `\`, "/")
	for _, mark := range libraryFiles {
		if strings.Contains(file, mark) {
			return false
		}
	}
	for _, mark := range libraryFunctions {
		if strings.HasPrefix(f.Function, mark) {
			return false
		}
	}
	return true
}
