package neutral

import (
	"strings"
	"testing"
)

// What is left of what compiled languages, servers, databases and proxies answer, written
// after their documents and sources; and what is told of it.
func TestPlatforms(t *testing.T) {
	const java = `java.lang.IllegalStateException: no gateway\n\tat com.acme.shop.Gateway.call(Gateway.java:41)\n\tat java.base/java.lang.Thread.run(Thread.java:1583)\nCaused by: java.net.ConnectException: Connection refused\n\tat java.base/sun.nio.ch.Net.pollConnect(Native Method)\n\t... 12 more\n`
	lines := strings.NewReplacer(`\n`, "\n", `\t`, "\t").Replace
	s := builtin(t)
	for _, tt := range []struct {
		name      string
		body      Body
		want      string // "" if it goes as a whole
		framework string
		exception string
		frame     string // the first one
	}{
		{"spring boot json", Body{500, JSON, []byte(`{"timestamp":"2026-11-22T19:00:00.000+00:00","status":500,"error":"Internal Server Error","trace":"` + java + `","message":"no gateway","path":"/orders/12"}`)},
			`{"timestamp":"2026-11-22T19:00:00.000+00:00","status":500,"error":"Internal Server Error","message":"An internal error happened.","path":"/orders/12"}`,
			"spring", "java.lang.IllegalStateException", "com.acme.shop.Gateway.call (Gateway.java:41)"},
		{"spring boot json, type of an argument", Body{400, JSON, []byte(`{"timestamp":1763838000000,"status":400,"error":"Bad Request","exception":"org.springframework.web.method.annotation.MethodArgumentTypeMismatchException","message":"Failed to convert value of type 'java.lang.String' to required type 'java.lang.Long'; For input string: \"x\"","path":"/orders/x"}`)},
			`{"timestamp":1763838000000,"status":400,"error":"Bad Request","message":"Failed to convert value of type '[type]' to required type '[type]'; For input string: \"x\"","path":"/orders/x"}`,
			"spring", "org.springframework.web.method.annotation.MethodArgumentTypeMismatchException", ""},
		{"jackson", Body{400, JSON, []byte(`{"status":400,"message":"JSON parse error: Cannot deserialize value of type ` + "`com.acme.Order$State`" + ` from String \"SHUT\": not one of the values accepted for Enum class: [NEW, PAID]\n at [Source: (org.springframework.util.StreamUtils$NonClosingInputStream); line: 1, column: 12] (through reference chain: com.acme.OrderDto[\"state\"])"}`)},
			`{"status":400,"message":"JSON parse error: Cannot deserialize value of type ` + "`[type]`" + ` from String \"SHUT\": not one of the values accepted for Enum class: [NEW, PAID]\n at [Source: line: 1, column: 12] (through reference chain: [type][\"state\"])"}`,
			"java", "", ""},
		{"hibernate on a 409", Body{409, JSON, []byte(`{"status":409,"code":"duplicate","message":"could not execute statement [ERROR: duplicate key value violates unique constraint \"customer_email_uk\"\n  Detail: Key (email)=(jane.roe@example.net) already exists.] [insert into customer (email) values (?)]; SQL [insert into customer (email) values (?)]; constraint [customer_email_uk]"}`)},
			`{"status":409,"code":"duplicate","message":"The database refused this."}`, "hibernate", "", ""},
		{"quarkus json", Body{500, JSON, []byte(`{"details":"Error id 3f1c1c6e-6a1d-4e27-8b5e-0b2d6c6a2d55-1, java.lang.IllegalStateException: no gateway","stack":"` + java + `"}`)},
			`{"details":"An internal error happened."}`, "java", "java.lang.IllegalStateException", "com.acme.shop.Gateway.call (Gateway.java:41)"},
		{"dropwizard", Body{500, JSON, []byte(`{"code":500,"message":"There was an error processing your request. It has been logged (ID 6a1b2c3d4e5f6071)."}`)},
			`{"code":500,"message":"There was an error processing your request. It has been logged (ID 6a1b2c3d4e5f6071)."}`, "", "", ""},
		{"tomcat, without report", Body{404, HTML, []byte(`<!doctype html><html lang="en"><head><title>HTTP Status 404 – Not Found</title></head><body><h1>HTTP Status 404 – Not Found</h1><p><b>Message</b> The order is gone.</p><h3>Apache Tomcat/10.1.18</h3></body></html>`)},
			`<!doctype html><html lang="en"><head><title>HTTP Status 404 – Not Found</title></head><body><h1>HTTP Status 404 – Not Found</h1><p><b>Message</b> The order is gone.</p><h3></h3></body></html>`, "tomcat", "", ""},
		{"tomcat, with report", Body{500, HTML, []byte(lines(`<!doctype html><html lang="en"><head><title>HTTP Status 500 – Internal Server Error</title></head><body><h1>HTTP Status 500 – Internal Server Error</h1><p><b>Type</b> Exception Report</p><p><b>Exception</b></p><pre>` + java + `</pre><h3>Apache Tomcat/10.1.18</h3></body></html>`))},
			"", "tomcat", "java.lang.IllegalStateException", "com.acme.shop.Gateway.call (Gateway.java:41)"},
		{"jetty text", Body{404, Text, []byte("HTTP ERROR 404 Not Found\nURI: /orders\nSTATUS: 404\nMESSAGE: Not Found\nSERVLET: com.acme.OrderServlet-2f7c7260\n")},
			"HTTP ERROR 404 Not Found\nURI: /orders\nSTATUS: 404\nMESSAGE: Not Found\n\n", "jetty", "", ""},
		{"java trace as text on a 4xx", Body{400, Text, []byte("Your order is not complete.\n\n" + lines(java))},
			"Your order is not complete.\n\n\n", "java", "java.lang.IllegalStateException", "com.acme.shop.Gateway.call (Gateway.java:41)"},
		{"exception of one's own on a 4xx", Body{404, JSON, []byte(`{"message":"com.acme.shop.OrderNotFoundException: Order 12 was not found"}`)},
			`{"message":"Order 12 was not found"}`, "java", "com.acme.shop.OrderNotFoundException", ""},

		{"asp.net", Body{500, HTML, []byte("<html><head><title>no gateway</title></head><body><span><H1>Server Error in '/shop' Application.<hr></H1></span><b> Description: </b>An unhandled exception occurred.<b> Exception Details: </b>System.InvalidOperationException: no gateway<pre>\n[InvalidOperationException: no gateway]\n   Acme.Shop.Orders.Save(Order order) in c:\\src\\Orders.cs:12\n</pre><b>Version Information:</b>&nbsp;Microsoft .NET Framework Version:4.0.30319; ASP.NET Version:4.8.4667.0</body></html>")},
			"", "aspnet", "System.InvalidOperationException", `Acme.Shop.Orders.Save (c:\src\Orders.cs:12)`},
		{"asp.net core text", Body{500, Text, []byte("System.InvalidOperationException: no gateway\n   at Acme.Shop.Gateway.Call(Order order) in /src/Shop/Gateway.cs:line 41\n   at lambda_method(Closure , Object )\n\nHEADERS\n=======\nHost: shop.example.com\n")},
			"", "dotnet", "System.InvalidOperationException", "Acme.Shop.Gateway.Call (/src/Shop/Gateway.cs:41)"},
		{"asp.net core problem", Body{500, JSON, []byte(`{"type":"https://tools.ietf.org/html/rfc9110#section-15.6.1","title":"An error occurred while processing your request.","status":500,"exception":{"details":"System.InvalidOperationException: no gateway\n   at Acme.Shop.Gateway.Call(Order order) in C:\\src\\Gateway.cs:line 41","headers":{"Host":["shop.example.com"]},"path":"/orders","endpoint":"HTTP: GET /orders"},"traceId":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"}`)},
			`{"type":"https://tools.ietf.org/html/rfc9110#section-15.6.1","title":"An error occurred while processing your request.","status":500,"traceId":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"}`,
			"aspnetcore", "System.InvalidOperationException", `Acme.Shop.Gateway.Call (C:\src\Gateway.cs:41)`},
		{"web api", Body{500, JSON, []byte(`{"Message":"An error has occurred.","ExceptionMessage":"no gateway","ExceptionType":"System.InvalidOperationException","StackTrace":"   at Acme.Orders.Save(Order order) in C:\\src\\Orders.cs:line 12","InnerException":{"Message":"x","ExceptionMessage":"y","ExceptionType":"System.Exception","StackTrace":null}}`)},
			`{"Message":"An internal error happened."}`, "dotnet", "System.InvalidOperationException", `Acme.Orders.Save (C:\src\Orders.cs:12)`},
		{"system.text.json", Body{400, JSON, []byte(`{"title":"One or more validation errors occurred.","status":400,"errors":{"$.qty":["The JSON value could not be converted to System.Int32. Path: $.qty | LineNumber: 0 | BytePositionInLine: 12."]}}`)},
			`{"title":"One or more validation errors occurred.","status":400,"errors":{"$.qty":["The JSON value could not be converted to [type]. Path: $.qty | LineNumber: 0 | BytePositionInLine: 12."]}}`, "dotnet", "", ""},

		{"go panic", Body{500, Text, []byte("runtime error: index out of range [3] with length 2\n\ngoroutine 19 [running]:\nruntime/debug.Stack()\n\t/usr/local/go/src/runtime/debug/stack.go:26 +0x5e\nmain.(*gateway).call(0xc000112000, {0x6c1a40, 0x2})\n\t/srv/app/gateway.go:41 +0x1d\n")},
			"", "go", "runtime error", "runtime/debug.Stack (/usr/local/go/src/runtime/debug/stack.go:26)"},
		{"go on a 4xx", Body{400, JSON, []byte(`{"error":"json: cannot unmarshal string into Go struct field OrderDto.qty of type int"}`)},
			`{"error":"json: cannot unmarshal string into field qty of type int"}`, "go", "", ""},
		{"go dial", Body{502, JSON, []byte(`{"code":"unavailable","error":"charge: dial tcp 10.0.0.5:5432: connect: connection refused"}`)},
			`{"code":"unavailable","error":"An internal error happened."}`, "go", "", ""},
		{"grpc-go on a 404", Body{404, JSON, []byte(`{"code":5,"message":"rpc error: code = NotFound desc = order 12 was not found"}`)},
			`{"code":5,"message":"order 12 was not found"}`, "grpc", "", ""},

		{"rust panic", Body{500, Text, []byte("thread 'tokio-runtime-worker' panicked at src/gateway.rs:41:14:\ncalled `Option::unwrap()` on a `None` value\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n")},
			"", "rust", "panicked", ""},
		{"rust anyhow on a 4xx", Body{409, Text, []byte("The order is closed.\n\nCaused by:\n    0: no gateway\n    1: Connection refused (os error 111)\n\nStack backtrace:\n   0: shop::gateway::call\n             at /srv/app/src/gateway.rs:41:14\n")},
			"The order is closed.\n\n", "rust", "", "shop::gateway::call (/srv/app/src/gateway.rs:41)"},
		{"sanitizer", Body{500, Text, []byte("==12345==ERROR: AddressSanitizer: heap-use-after-free on address 0x602000000010\n    #0 0x4f1d2e in charge /src/ledger.cc:41:3\n")},
			"", "native", "AddressSanitizer", "charge (/src/ledger.cc:41)"},
		{"phoenix", Body{500, Text, []byte("# RuntimeError at GET /orders\n\nException:\n\n    ** (RuntimeError) no gateway\n        (shop 0.1.0) lib/shop/gateway.ex:41: Shop.Gateway.call/2\n\n## Connection details\n")},
			"", "phoenix", "RuntimeError", "Shop.Gateway.call/2 (lib/shop/gateway.ex:41)"},
		{"perl on a 4xx", Body{404, Text, []byte("Order 12 was not found at /srv/app/lib/Shop.pm line 41.\n")},
			"Order 12 was not found\n", "perl", "", ""},
		{"openresty", Body{500, Text, []byte("lua entry thread aborted: runtime error: /usr/share/shop/orders.lua:41: attempt to index a nil value (local 'order')\nstack traceback:\n\t/usr/share/shop/orders.lua:41: in function 'charge'\n")},
			"", "lua", "", "'charge' (/usr/share/shop/orders.lua:41)"},

		{"postgresql on a 409", Body{409, JSON, []byte(`{"code":"duplicate","message":"duplicate key value violates unique constraint \"customer_email_key\"\nDETAIL:  Key (email)=(jane.roe@example.net) already exists."}`)},
			`{"code":"duplicate","message":"A record with this value already exists."}`, "postgresql", "", ""},
		{"node-postgres", Body{409, JSON, []byte(`{"code":"23505","detail":"Key (email)=(jane.roe@example.net) already exists."}`)},
			`{"code":"23505","detail":"A value conflicts with another record."}`, "postgresql", "", ""},
		{"mysql on a 409", Body{409, JSON, []byte(`{"message":"Duplicate entry 'jane.roe@example.net' for key 'customer.email'"}`)},
			`{"message":"A record with this value already exists."}`, "mysql", "", ""},
		{"sqlite on a 409", Body{409, JSON, []byte(`{"message":"UNIQUE constraint failed: customer.email","code":"duplicate"}`)},
			`{"message":"A record with this value already exists.","code":"duplicate"}`, "sqlite", "", ""},
		{"sql server on a 409", Body{409, JSON, []byte(`{"message":"Violation of UNIQUE KEY constraint 'UQ_email'. Cannot insert duplicate key in object 'dbo.customer'. The duplicate key value is (jane.roe@example.net)."}`)},
			`{"message":"A value conflicts with another record or does not fit."}`, "sqlserver", "", ""},
		{"oracle on a 400", Body{400, JSON, []byte(`{"message":"Not saved: ORA-00001: unique constraint (SHOP.CUSTOMER_EMAIL_UK) violated"}`)},
			`{"message":"Not saved: [internal error]"}`, "oracle", "", ""},
		{"mongodb on a 409", Body{409, JSON, []byte(`{"message":"E11000 duplicate key error collection: shop.customers index: email_1 dup key: { email: \"jane.roe@example.net\" }"}`)},
			`{"message":"A record with this value already exists."}`, "mongodb", "", ""},
		{"mongoose on a 400", Body{400, JSON, []byte(`{"message":"Cast to ObjectId failed for value \"12\" (type string) at path \"_id\" for model \"Customer\""}`)},
			`{"message":"A value is not valid."}`, "mongodb", "", ""},
		{"prisma on a 409", Body{409, JSON, []byte("{\"message\":\"\\nInvalid `prisma.customer.create()` invocation in\\n/srv/app/orders.ts:12:30\\n\\n→ 12   await prisma.customer.create(\\nUnique constraint failed on the fields: (`email`)\"}")},
			`{"message":"\nThe database refused this."}`, "prisma", "", ""},
		{"pdo", Body{500, JSON, []byte(`{"ok":false,"message":"SQLSTATE[42S02]: Base table or view not found: 1146 Table 'shop.ledger' doesn't exist"}`)},
			`{"ok":false,"message":"An internal error happened."}`, "mysql", "", ""},
		{"elasticsearch", Body{404, JSON, []byte(`{"error":{"root_cause":[{"type":"index_not_found_exception","reason":"no such index [ledger]","index":"ledger"}],"type":"index_not_found_exception","reason":"no such index [ledger]"},"status":404}`)},
			`{"error":{"type":"index_not_found_exception","reason":"[internal error]"},"status":404}`, "elasticsearch", "index_not_found_exception", ""},

		{"envoy", Body{503, Text, []byte("upstream connect error or disconnect/reset before headers. reset reason: remote connection failure, transport failure reason: delayed connect error: 111")},
			"", "envoy", "", ""},
		{"nginx", Body{502, HTML, []byte("<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx/1.25.3</center>\r\n</body>\r\n</html>\r\n")},
			"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center></center>\r\n</body>\r\n</html>\r\n", "", "", ""},
		{"apache", Body{404, HTML, []byte("<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1><p>The requested URL was not found on this server.</p><hr><address>Apache/2.4.57 (Debian) Server at shop.internal Port 80</address></body></html>")},
			"<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1><p>The requested URL was not found on this server.</p><hr><address></address></body></html>", "", "", ""},
		{"load balancer", Body{503, HTML, []byte("<html><head><title>503</title></head><body><center><h1>503 Service Temporarily Unavailable</h1></center><hr><center>awselb/2.0</center></body></html>")},
			"<html><head><title>503</title></head><body><center><h1>503 Service Temporarily Unavailable</h1></center><hr><center></center></body></html>", "", "", ""},
		{"varnish", Body{503, HTML, []byte("<html><head><title>503 Backend fetch failed</title></head><body><h1>Error 503 Backend fetch failed</h1><h3>Guru Meditation:</h3><p>XID: 32770</p><hr><p>Varnish cache server</p></body></html>")},
			"<html><head><title>503 Backend fetch failed</title></head><body><h1>Error 503 Backend fetch failed</h1><h3>Guru Meditation:</h3><p>XID: 32770</p><hr><p>Varnish cache server</p></body></html>", "", "", ""},
		{"grpc debug info", Body{500, JSON, []byte(`{"error":{"code":500,"message":"closed","status":"INTERNAL","details":[{"@type":"type.googleapis.com/google.rpc.DebugInfo","stackEntries":["gateway.cc:41"],"detail":"no gateway at pay-2"},{"@type":"type.googleapis.com/google.rpc.RequestInfo","requestId":"r-1"}]}}`)},
			`{"error":{"code":500,"message":"closed","status":"INTERNAL","details":[{"@type":"type.googleapis.com/google.rpc.DebugInfo","detail":"An internal error happened."},{"@type":"type.googleapis.com/google.rpc.RequestInfo","requestId":"r-1"}]}}`, "grpc", "", ""},
		{"kubernetes", Body{403, JSON, []byte(`{"kind":"Status","status":"Failure","message":"pods is forbidden: User \"system:serviceaccount:shop:web\" cannot list resource \"pods\"","reason":"Forbidden","code":403}`)},
			`{"kind":"Status","status":"Failure","message":"pods [internal error]","reason":"Forbidden","code":403}`, "kubernetes", "", ""},
		{"aws", Body{400, XML, []byte(`<Error><Code>AccessDenied</Code><Message>User: arn:aws:sts::123456789012:assumed-role/shop/i-0ab is not authorized to perform: s3:GetObject</Message><RequestId>4442587FB7D0A2F9</RequestId><HostId>Uuag1LuByRx9e6j5</HostId></Error>`)},
			`<Error><Code>AccessDenied</Code><Message>[internal error]</Message><RequestId>4442587FB7D0A2F9</RequestId><HostId>Uuag1LuByRx9e6j5</HostId></Error>`, "aws", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			res, err := s.Neutralise(s.NewScratch(), tt.body)
			if err != nil {
				t.Fatal(err)
			}
			got := string(res.Text)
			switch {
			case res.Whole:
				got = ""
			case res.Text == nil:
				got = string(tt.body.Text)
			}
			frame := ""
			if len(res.Frames) > 0 {
				frame = res.Frames[0].String()
			}
			if got != tt.want || res.Framework != tt.framework || res.Exception != tt.exception || frame != tt.frame {
				var ids []string
				for _, r := range res.Found {
					ids = append(ids, r.ID)
				}
				t.Errorf("is left: %s\nwant:    %s\nframework %q, exception %q, frame %q by %v", got, tt.want, res.Framework, res.Exception, frame, ids)
			}
		})
	}
}
