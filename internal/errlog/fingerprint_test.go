package errlog

import (
	"strings"
	"testing"
)

func frame(function, file, line string) Frame {
	return Frame{Function: function, File: file, Line: line}
}

func TestFingerprint(t *testing.T) {
	base := func() Report {
		return Report{
			Route: "api", Status: 500, Framework: "django", Exception: "KeyError", Path: "/a", Upstream: "u",
			Frames: []Frame{
				frame("get", "/usr/lib/python3.11/site-packages/django/db/query.py", "430"),
				frame("total", "/srv/app/orders/views.py", "12"),
				frame("view", "/srv/app/orders/urls.py", "3"),
			},
		}
	}
	id := func(change func(r *Report)) string {
		r := base()
		change(&r)
		return Fingerprint(&r)
	}
	same := id(func(*Report) {})
	if len(same) != 64 || strings.Trim(same, "0123456789abcdef") != "" {
		t.Fatal(same)
	}
	for name, c := range map[string]struct {
		equal  bool
		change func(r *Report)
	}{
		"line":            {true, func(r *Report) { r.Frames[1].Line = "99" }},
		"path":            {true, func(r *Report) { r.Path = "/b" }},
		"reference":       {true, func(r *Report) { r.Reference = "x" }},
		"status of class": {true, func(r *Report) { r.Status = 503 }},
		"upstream":        {true, func(r *Report) { r.Upstream = "v" }},
		"place":           {true, func(r *Report) { r.Frames[1].File = "/releases/20261122/app/orders/views.py" }},
		"library":         {true, func(r *Report) { r.Frames[0].Function = "fetch" }},
		"without library": {true, func(r *Report) { r.Frames = r.Frames[1:] }},
		"route":           {false, func(r *Report) { r.Route = "other" }},
		"class":           {false, func(r *Report) { r.Status = 400 }},
		"framework":       {false, func(r *Report) { r.Framework = "flask" }},
		"exception":       {false, func(r *Report) { r.Exception = "TypeError" }},
		"function":        {false, func(r *Report) { r.Frames[1].Function = "sum" }},
		"file":            {false, func(r *Report) { r.Frames[1].File = "/srv/app/orders/models.py" }},
		"fewer":           {false, func(r *Report) { r.Frames = r.Frames[:2] }},
		"moved text":      {false, func(r *Report) { r.Framework, r.Exception = "djangoK", "eyError" }},
	} {
		if got := id(c.change) == same; got != c.equal {
			t.Errorf("%s: equal is %v", name, got)
		}
	}

	bare := Report{Route: "api", Status: 502}
	other := Report{Route: "api", Status: 503}
	if Fingerprint(&bare) == Fingerprint(&other) {
		t.Error("nothing is known, and another status is the same")
	}
	library := Report{Route: "api", Status: 500, Frames: base().Frames[:1]}
	if Fingerprint(&library) == Fingerprint(&Report{Route: "api", Status: 500}) {
		t.Error("frames of libraries count for nothing where there are no others")
	}
}

func TestStableNames(t *testing.T) {
	for in, want := range map[string]string{
		"main.handler+0x1d":                          "main.handler",
		"com.acme.Orders$$Lambda$14/0x00000008000c1": "com.acme.Orders$",
		"com.acme.Orders$1.run":                      "com.acme.Orders$.run",
		"com.acme.Orders.lambda$total$0":             "com.acme.Orders.lambda$total$",
		"login_v2":                                   "login_v2",
		"app::handler::h0123456789abcdef":            "app::handler::h*",
		"defaced":                                    "defaced",
	} {
		if got := stableFunction(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"/srv/a/b/c.py":                         "a/b/c.py",
		`C:\site\Controllers\Home.cs`:           "site/Controllers/Home.cs",
		"c.py":                                  "c.py",
		"/c.py":                                 "c.py",
		"https://x/static/main.3f9a2b1c.js?v=2": "x/static/main.*.js",
		"":                                      "",
	} {
		if got := stableFile(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestInApp(t *testing.T) {
	frames := []Frame{
		frame("runtime.gopanic", "/usr/local/go/src/runtime/panic.go", "1"),
		frame("org.springframework.web.Servlet.service", "Servlet.java", "1"),
		frame("handler", "/app/node_modules/express/lib/router.js", "1"),
		frame("processTicks", "node:internal/process/task_queues", "1"),
		{},
		frame("main.(*server).orders", "/app/server.go", "9"),
		frame("com.acme.Orders.total", "Orders.java", "9"),
		frame("", "/app/routes.js", "9"),
	}
	if got := InApp(frames); len(got) != 3 || got[0].Line != "9" || got[1].Line != "9" || got[2].Line != "9" {
		t.Errorf("%v", got)
	}
}

func TestPathTemplate(t *testing.T) {
	for in, want := range map[string]string{
		"":                  "",
		"/":                 "/",
		"/api/v2/orders":    "/api/v2/orders",
		"/orders/17/items/": "/orders/{id}/items/",
		"/orders?token=x":   "/orders",
		"/o#x":              "/o",
		"/u/3f2504e0-4f89-11d3-9a0c-0305e82c3301": "/u/{id}",
		"/c/0123456789abcdef":                     "/c/{id}",
		"/decade/facade":                          "/decade/facade",
		"/mail/a@example.com":                     "/mail/{id}",
		"/x/%20":                                  "/x/{id}",
		"/t/ord_1234567890AB":                     "/t/{id}",
		"/oauth2/authorize":                       "/oauth2/authorize",
		"/a/" + strings.Repeat("x", 65):           "/a/{id}",
		"/s3/bucket-2024":                         "/s3/bucket-2024",
	} {
		if got := PathTemplate(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// Whatever a path is, its template has no query, has as many segments, and is its own
// template.
func FuzzPathTemplate(f *testing.F) {
	for _, s := range []string{"", "/a/17?x", "/u/3f2504e0-4f89-11d3-9a0c-0305e82c3301#", "//%41/@", "\xff/é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := PathTemplate(s)
		path := s
		if i := strings.IndexAny(s, "?#"); i >= 0 {
			path = s[:i]
		}
		if strings.ContainsAny(got, "?#") || strings.Count(got, "/") != strings.Count(path, "/") || PathTemplate(got) != got {
			t.Errorf("%q: %q", s, got)
		}
	})
}

// Frames are what an upstream wrote: no name of theirs may do harm.
func FuzzFingerprint(f *testing.F) {
	f.Add("com.acme.Orders$$Lambda$14/0x0c1", `C:\site\Home.cs?x`, "KeyError")
	f.Add("", "///", "\xff")
	f.Fuzz(func(t *testing.T, function, file, exception string) {
		r := Report{Exception: exception, Frames: []Frame{{Function: function, File: file, Line: "1"}}}
		other := r
		other.Frames = []Frame{{Function: function, File: "/elsewhere/" + file, Line: "2"}}
		if id := Fingerprint(&r); len(id) != 64 {
			t.Error(id)
		} else if path, _, _ := strings.Cut(file, "?"); strings.Count(strings.ReplaceAll(path, `\`, "/"), "/") > 2 && isOwn(r.Frames[0]) == isOwn(other.Frames[0]) && Fingerprint(&other) != id {
			t.Errorf("line or directory of %q count", file)
		}
	})
}
