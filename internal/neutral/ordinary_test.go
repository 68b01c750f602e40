package neutral

import (
	"testing"
)

// Answers that help their caller, and disclose nothing, stay as they are: nothing is found
// in them by all rules together.
func TestOrdinary(t *testing.T) {
	s := builtin(t)
	for _, o := range ordinary {
		t.Run(o.name, func(t *testing.T) {
			res, err := s.Neutralise(s.NewScratch(), Body{o.status, o.kind, []byte(o.text)})
			if err != nil {
				t.Fatal(err)
			}
			if res.Discloses() || res.Whole || res.Text != nil {
				t.Errorf("%s finds something in %q: %q is left", res.Found[0].ID, o.text, res.Text)
			}
		})
	}
}

// Fields that a caller needs, or that tell nothing, stay.
func TestOrdinaryHeaders(t *testing.T) {
	s := builtin(t)
	for name, value := range map[string]string{
		"Retry-After":                 "120",
		"WWW-Authenticate":            `Bearer realm="shop", error="invalid_token", error_description="The token expired at 10:15:00"`,
		"Allow":                       "GET, HEAD, OPTIONS",
		"RateLimit-Policy":            `"default";q=100;w=60`,
		"RateLimit":                   `"default";r=0;t=12`,
		"X-RateLimit-Limit":           "100",
		"X-RateLimit-Reset":           "1767225600",
		"X-RateLimit-Resource":        "core",
		"Access-Control-Allow-Origin": "https://shop.example.com",
		"Vary":                        "Accept, Origin",
		"X-Request-Id":                "7f3c1a52-5c9e-4c0d-9a54-0d6c2a3f1b77",
		"X-Correlation-Id":            "01JD9Z8Q6T3V5W7X9Y0A1B2C3D",
		"X-Trace-Id":                  "4bf92f3577b34da6a3ce929d0e0e4736",
		"X-B3-TraceId":                "80f198ee56343ba864fe8b2a57d3eff7",
		"traceparent":                 "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"X-Amzn-Trace-Id":             "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1",
		"x-amzn-ErrorType":            "ValidationException",
		"CF-Ray":                      "8c1f0a2b3c4d5e6f-FRA",
		"X-Error-Code":                "ORDER_EMPTY",
		"X-Content-Type-Options":      "nosniff",
		"X-Frame-Options":             "DENY",
		"Strict-Transport-Security":   "max-age=63072000; includeSubDomains",
		"Content-Security-Policy":     "default-src 'none'; frame-ancestors 'none'",
		"Link":                        `<https://shop.example.com/errors/42>; rel="help"`,
		"Location":                    "https://shop.example.com/login",
		"Cache-Control":               "no-store",
		"ETag":                        `W/"577-DQK4PNLr1t89UrO/MNH57RCNFbU"`,
		"Date":                        "Sun, 22 Nov 2026 19:53:46 GMT",
		"Server":                      "cloudflare",
		"X-Envoy-RateLimited":         "true",
		"grpc-status":                 "5",
		"Content-Language":            "en",
		"Alt-Svc":                     `h3=":443"; ma=86400`,
		"Set-Cookie":                  "session=; Path=/; Max-Age=0; HttpOnly",
		"Deprecation":                 "@1767225600",
		"Sunset":                      "Sun, 22 Nov 2027 19:53:46 GMT",
		"SPRequestGuid":               "7f3c1a52-5c9e-4c0d-9a54-0d6c2a3f1b77",
		"Idempotency-Key":             "8e03978e-40d5-43dd-bc93-6894a57f9324",
		"X-Total-Count":               "0",
		"X-Version":                   "2026-10-01",
		"Stripe-Version":              "2026-10-01",
	} {
		for _, status := range []int{403, 503} {
			if out, gone := s.Header(status, name, value); gone || out != value {
				t.Errorf("%s: %s becomes %q, gone %v, on %d", name, value, out, gone, status)
			}
		}
	}
}

var ordinary = []struct {
	name   string
	status int
	kind   Kind
	text   string
}{
	// What frameworks say of a request.
	{"drf field errors", 400, JSON, `{"email":["Enter a valid email address."],"items":[{"sku":["This field is required."]},{}],"non_field_errors":["The dates overlap."]}`},
	{"drf parse error", 400, JSON, `{"detail":"JSON parse error - Expecting value: line 1 column 1 (char 0)"}`},
	{"drf choice", 400, JSON, `{"currency":["\"GBP\" is not a valid choice."],"quantity":["Ensure this value is less than or equal to 10."]}`},
	{"drf not found", 404, JSON, `{"detail":"No Invoice matches the given query."}`},
	{"drf method", 405, JSON, `{"detail":"Method \"PATCH\" not allowed."}`},
	{"drf throttled", 429, JSON, `{"detail":"Request was throttled. Expected available in 17 seconds."}`},
	{"drf media type", 415, JSON, `{"detail":"Unsupported media type \"text/csv\" in request."}`},
	{"pydantic 2", 422, JSON, `{"detail":[{"type":"int_parsing","loc":["path","number"],"msg":"Input should be a valid integer, unable to parse string as an integer","input":"seven"},{"type":"less_than_equal","loc":["body","quantity"],"msg":"Input should be less than or equal to 10","input":11,"ctx":{"le":10}}]}`},
	{"pydantic 1", 422, JSON, `{"detail":[{"loc":["body","quantity"],"msg":"value is not a valid integer","type":"type_error.integer"},{"loc":["body","n"],"msg":"ensure this value is less than 10","type":"value_error.number.not_lt","ctx":{"limit_value":10}}]}`},
	{"flask abort", 404, HTML, "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.</p>\n"},
	{"django 404", 404, HTML, "\n<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>Not Found</title>\n</head>\n<body>\n  <h1>Not Found</h1><p>The requested resource was not found on this server.</p>\n</body>\n</html>\n"},
	{"django 500", 500, HTML, "\n<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>Server Error (500)</title>\n</head>\n<body>\n  <h1>Server Error (500)</h1><p></p>\n</body>\n</html>\n"},
	{"aiohttp 500", 500, Text, "500 Internal Server Error\n\nServer got itself in trouble"},
	{"tornado 500", 500, HTML, "<html><title>500: Internal Server Error</title><body>500: Internal Server Error</body></html>"},
	{"gunicorn 400", 400, HTML, "<html>\n  <head>\n    <title>Bad Request</title>\n  </head>\n  <body>\n    <h1><p>Bad Request</p></h1>\n    Invalid HTTP Version &#x27;HTTP/9.9&#x27;\n  </body>\n</html>\n"},
	{"uvicorn", 500, Text, "Internal Server Error"},
	{"uvicorn request", 400, Text, "Invalid HTTP request received."},
	{"uwsgi", 500, Text, "Internal Server Error"},
	{"rails errors", 422, JSON, `{"errors":{"email":["has already been taken"],"age":["must be greater than 17","is not a number"]}}`},
	{"rails base errors", 422, JSON, `{"status":422,"error":"Unprocessable Entity"}`},
	{"rails record", 404, JSON, `{"error":"Couldn't find the invoice you asked for."}`},
	{"rails parameter", 400, JSON, `{"status":400,"error":"param is missing or the value is empty: invoice"}`},
	{"rails 500", 500, HTML, "<!DOCTYPE html><html><head><title>We're sorry, but something went wrong (500)</title></head><body><div class=\"dialog\"><h1>We're sorry, but something went wrong.</h1><p>If you are the application owner check the logs for more information.</p></div></body></html>"},
	{"sinatra", 500, HTML, "<h1>Internal Server Error</h1>"},
	{"puma", 500, Text, "An unhandled lowlevel error occurred. The application logs may have details."},
	{"laravel validation", 422, JSON, `{"message":"The email field must be a valid email address. (and 1 more error)","errors":{"email":["The email field must be a valid email address."],"items.0.quantity":["The items.0.quantity field must be at least 1."]}}`},
	{"laravel 500", 500, JSON, `{"message":"Server Error"}`},
	{"laravel 401", 401, JSON, `{"message":"Unauthenticated."}`},
	{"laravel 419", 419, JSON, `{"message":"CSRF token mismatch."}`},
	{"laravel throttle", 429, JSON, `{"message":"Too Many Attempts."}`},
	{"symfony 500", 500, HTML, `<!DOCTYPE html><html><head><meta charset="UTF-8" /><title>An Error Occurred: Internal Server Error</title></head><body><div class="container"><h1>Oops! An Error Occurred</h1><h2>The server returned a "500 Internal Server Error".</h2><p>Something is broken. Please let us know what you were doing when this error occurred.</p></div></body></html>`},
	{"symfony violations", 422, JSON, `{"type":"https://symfony.com/errors/validation","title":"Validation Failed","status":422,"detail":"email: This value is not a valid email address.","violations":[{"propertyPath":"email","title":"This value is not a valid email address.","template":"This value is not a valid email address.","parameters":{"{{ value }}":"\"x\""},"type":"urn:uuid:bd79c0ab-ddba-46cc-a703-a7a4b08de310"}]}`},
	{"api platform", 404, JSON, `{"@context":"/contexts/Error","@id":"/errors/404","@type":"hydra:Error","title":"An error occurred","detail":"Not Found","status":404,"type":"/errors/404","description":"Not Found","hydra:description":"Not Found","hydra:title":"An error occurred"}`},
	{"wordpress", 500, HTML, `<!DOCTYPE html><html lang="en-US"><head><title>WordPress &rsaquo; Error</title></head><body id="error-page"><div class="wp-die-message"><p>There has been a critical error on this website.</p><p><a href="https://wordpress.org/documentation/article/faq-troubleshooting/">Learn more about troubleshooting WordPress.</a></p></div></body></html>`},
	{"wordpress rest", 404, JSON, `{"code":"rest_post_invalid_id","message":"Invalid post ID.","data":{"status":404}}`},
	{"yii", 404, JSON, `{"name":"Not Found","message":"Page not found.","code":0,"status":404}`},
	{"codeigniter", 500, HTML, `<!doctype html><html><head><title>Whoops!</title></head><body><div class="container text-center"><h1 class="headline">Whoops!</h1><p class="lead">We seem to have hit a snag. Please try again later...</p></div></body></html>`},
	{"cakephp", 404, JSON, `{"message":"Not Found","url":"/no/such/page","code":404}`},
	{"drupal", 500, HTML, `The website encountered an unexpected error. Please try again later.`},
	{"express", 404, HTML, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n<pre>Cannot GET /no/such/page</pre>\n</body>\n</html>\n"},
	{"express validator", 400, JSON, `{"errors":[{"type":"field","value":"x","msg":"Invalid value","path":"email","location":"body"}]}`},
	{"body-parser", 400, JSON, `{"message":"Unexpected token < in JSON at position 0"}`},
	{"body-parser, newer", 400, JSON, `{"message":"Expected ',' or '}' after property value in JSON at position 17 (line 1 column 18)"}`},
	{"nest", 400, JSON, `{"statusCode":400,"message":["email must be an email","age must not be less than 18"],"error":"Bad Request"}`},
	{"nest 500", 500, JSON, `{"statusCode":500,"message":"Internal server error"}`},
	{"fastify", 400, JSON, `{"statusCode":400,"code":"FST_ERR_VALIDATION","error":"Bad Request","message":"body must have required property 'email'"}`},
	{"fastify route", 404, JSON, `{"message":"Route GET:/no/such/page not found","error":"Not Found","statusCode":404}`},
	{"hapi", 500, JSON, `{"statusCode":500,"error":"Internal Server Error","message":"An internal server error occurred"}`},
	{"koa", 500, Text, "Internal Server Error"},
	{"joi", 400, JSON, `{"message":"\"quantity\" must be less than or equal to 10","details":[{"message":"\"quantity\" must be less than or equal to 10","path":["quantity"],"type":"number.max","context":{"limit":10,"value":11,"label":"quantity","key":"quantity"}}]}`},
	{"zod", 400, JSON, `{"success":false,"error":{"issues":[{"code":"invalid_type","expected":"string","received":"undefined","path":["email"],"message":"Required"}],"name":"ZodError"}}`},
	{"next 404", 404, HTML, `<!DOCTYPE html><html><head><title>404: This page could not be found</title></head><body><div id="__next"><h1>404</h1><h2>This page could not be found.</h2></div><script id="__NEXT_DATA__" type="application/json">{"props":{"pageProps":{"statusCode":404}},"page":"/_error","query":{},"buildId":"kR2","nextExport":true,"isFallback":false,"gip":true,"scriptLoader":[]}</script></body></html>`},
	{"next digest", 500, HTML, `<!DOCTYPE html><html id="__next_error__"><head></head><body><p>Application error: a server-side exception has occurred (see the server logs for more information).</p><p>Digest: 2786391215</p></body></html>`},
	{"nuxt", 404, JSON, `{"url":"/no/such/page","statusCode":404,"statusMessage":"Page not found: /no/such/page","message":"Page not found: /no/such/page","stack":""}`},
	{"graphql validation", 400, JSON, `{"errors":[{"message":"Cannot query field \"nam\" on type \"User\". Did you mean \"name\"?","locations":[{"line":3,"column":5}],"extensions":{"code":"GRAPHQL_VALIDATION_FAILED"}}]}`},
	{"graphql error", 200, JSON, `{"data":{"invoice":null},"errors":[{"message":"Invoice 999 does not exist.","path":["invoice"],"locations":[{"line":1,"column":9}],"extensions":{"code":"NOT_FOUND"}}]}`},
	{"spring", 404, JSON, `{"timestamp":"2026-11-22T19:53:46.123+00:00","status":404,"error":"Not Found","path":"/no/such/page"}`},
	{"spring 500", 500, JSON, `{"timestamp":"2026-11-22T19:53:46.123+00:00","status":500,"error":"Internal Server Error","message":"","path":"/orders"}`},
	{"asp.net", 400, JSON, `{"type":"https://tools.ietf.org/html/rfc9110#section-15.5.1","title":"One or more validation errors occurred.","status":400,"errors":{"Email":["The Email field is required."],"$.age":["The JSON value could not be converted. Path: $.age | LineNumber: 0 | BytePositionInLine: 12."]},"traceId":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"}`},

	// What APIs say.
	{"problem", 403, JSON, `{"type":"https://shop.example.com/probs/out-of-credit","title":"You do not have enough credit.","detail":"Your current balance is 30, but that costs 50.","instance":"/account/12345/msgs/abc","balance":30,"accounts":["/account/12345","/account/67890"]}`},
	{"problem as xml", 403, XML, `<?xml version="1.0" encoding="UTF-8"?><problem xmlns="urn:ietf:rfc:7807"><type>https://shop.example.com/probs/out-of-credit</type><title>You do not have enough credit.</title><detail>Your current balance is 30, but that costs 50.</detail></problem>`},
	{"with a trace id", 503, JSON, `{"message":"We are closed until noon.","trace":"4bf92f3577b34da6a3ce929d0e0e4736","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","request_id":"req_7"}`},
	{"with a span", 500, JSON, `{"error":"Something went wrong.","trace":{"id":"4bf92f3577b34da6a3ce929d0e0e4736","span":"00f067aa0ba902b7"}}`},
	{"no debugging", 500, JSON, `{"error":"Something went wrong.","debug":false,"stack":null,"exception":null,"trace":[]}`},
	{"stripe", 402, JSON, `{"error":{"code":"card_declined","decline_code":"insufficient_funds","doc_url":"https://stripe.com/docs/error-codes/card-declined","message":"Your card has insufficient funds.","param":"card","type":"card_error","charge":"ch_1"}}`},
	{"google", 404, JSON, `{"error":{"code":404,"message":"Requested entity was not found.","errors":[{"message":"Requested entity was not found.","domain":"global","reason":"notFound"}],"status":"NOT_FOUND"}}`},
	{"github", 422, JSON, `{"message":"Validation Failed","errors":[{"resource":"Issue","field":"title","code":"missing_field"}],"documentation_url":"https://docs.github.com/rest/issues/issues#create-an-issue"}`},
	{"json api", 422, JSON, `{"errors":[{"status":"422","source":{"pointer":"/data/attributes/firstName"},"title":"Invalid Attribute","detail":"First name must contain at least two characters."}]}`},
	{"oauth", 400, JSON, `{"error":"invalid_grant","error_description":"The authorization code has expired."}`},
	{"aws json", 400, JSON, `{"__type":"ValidationException","message":"1 validation error detected: Value '' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 1"}`},
	{"s3", 404, XML, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Key>photos/7.jpg</Key><RequestId>4442587FB7D0A2F9</RequestId></Error>`},
	{"soap fault", 500, XML, `<?xml version="1.0"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><soap:Fault><faultcode>soap:Client</faultcode><faultstring>The order number is missing.</faultstring></soap:Fault></soap:Body></soap:Envelope>`},
	{"csv import", 400, JSON, `{"errors":[{"file":"orders.csv","line":42,"column":3,"message":"The date is not one we know."}]}`},
	{"business reasons", 409, JSON, `{"code":"slot_taken","cause":"Another customer was faster.","reason":"taken","previous":"10:00","context":{"slot":"10:30"}}`},
	{"pages", 404, JSON, `{"count":0,"next":null,"previous":"https://shop.example.com/orders?page=1","results":[]}`},
	{"search", 400, JSON, `{"message":"Your search has too few words.","query":"red shoes from Italy","type":"search","name":"products"}`},
	{"versions and times", 400, JSON, `{"message":"API version 1.4.2 ended at 10:15:30 on 2026-10-01; use 2.0 (see /docs/v2).","version":"1.4.2"}`},
	{"a path of the API", 404, JSON, `{"message":"No route for /srv/v1/orders/{id}.","path":"/v1/orders/7","method":"GET"}`},
	{"quoted code", 400, JSON, `{"message":"The filter 'price < 10 and name == \"x\"' has a mistake at (1:7)."}`},
	{"german", 400, JSON, `{"fehler":"Die Datei „Bestellung.xlsx“ konnte nicht gelesen werden: Zeile 3, Spalte 7 ist leer."}`},
	{"success", 200, JSON, `{"id":7,"name":"Jane","class":"economy","file":"ticket.pdf","line":3,"method":"card","server":"Luigi","statement":"March 2026","stack":"pancakes","trace":"mountain path","function":"wedding","exception":"none","debug":"no"}`},

	// Pages and prose.
	{"missing page of documentation", 404, HTML, `<!doctype html><html><head><title>Page not found - Docs</title><script src="/assets/app.3f2a.js"></script></head><body><nav><a href="/guide/errors">Reading a stack trace</a> <a href="/guide/debug">The debug toolbar</a> <a href="/ref/traceback">Traceback</a></nav><main><h1>We can't find that page</h1><p>Did you mean <code>raise ValueError("no")</code> or <code>console.log(error.stack)</code>? In Python, <code>traceback.print_exc()</code> prints it. Since version 3.11 it shows carets.</p><pre><code>try {
  run()
} catch (e) {
  console.error(e.message)
}</code></pre></main><footer>Built with Docusaurus. Copyright 2026.</footer></body></html>`},
	{"missing page of a shop", 404, HTML, `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sorry, that page is gone</title><link rel="stylesheet" href="/css/main.css?v=1.2.3"><script>window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push(arguments)}gtag('js',new Date());</script></head><body><h1>404</h1><p>Look at our <a href="/sale">sale</a>, open daily at 10:00 (Sundays 11:30).</p><img src="data:image/png;base64,iVBORw0KGgo="></body></html>`},
	{"nginx", 502, HTML, "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"},
	{"cloudfront", 403, HTML, "<HTML><HEAD><TITLE>ERROR: The request could not be satisfied</TITLE></HEAD><BODY><H1>403 ERROR</H1><H2>The request could not be satisfied.</H2>Request blocked. We can't connect to the server for this app or website at this time.<PRE>Generated by cloudfront (CloudFront)\nRequest ID: yQ7\n</PRE></BODY></HTML>"},
	{"help desk", 400, Text, "Your upload failed. Please send the traceback (most recent call last) that your script printed, the file name and the line in question to help@example.com. We are at Main Street (near the station), open from 8:30:00."},
	{"help desk on crashes", 500, Text, "Something went wrong at our end. If you call us, tell us what you did at the time. Error 42 at checkout (step 3)."},
	{"markdown", 404, Text, "# Not found\n\n- look at the [index](/index)\n- or at 10:30 (UTC) try again\n\n#1 of our tips: check the spelling.\n"},
	{"mail addresses", 400, Text, "Write to jane@shop.example.com:\nor bob@shop.example.com, not to noreply@shop.example.com"},
}
