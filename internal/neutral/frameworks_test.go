package neutral

import (
	"testing"
)

// What is left of what frameworks answer that the end-to-end suite does not run, written
// after their templates and serializers; and what is told of them.
func TestFrameworks(t *testing.T) {
	s := builtin(t)
	for _, tt := range []struct {
		name      string
		body      Body
		want      string // "" if it goes as a whole
		framework string
		exception string
		frame     string // the first one
	}{
		{"laravel json", Body{500, JSON, []byte(`{
    "message": "Undefined variable $margin",
    "exception": "ErrorException",
    "file": "/srv/app/app/Http/Controllers/InvoiceController.php",
    "line": 18,
    "trace": [
        {"file": "/srv/app/vendor/laravel/framework/src/Illuminate/Foundation/Bootstrap/HandleExceptions.php", "line": 256, "function": "handleError", "class": "Illuminate\\Foundation\\Bootstrap\\HandleExceptions", "type": "->"},
        {"file": "/srv/app/public/index.php", "line": 20, "function": "handleRequest", "class": "Illuminate\\Foundation\\Application", "type": "->"}
    ]
}`)}, `{
    "message": "An internal error happened."
}`, "laravel", "ErrorException", "handleError (/srv/app/vendor/laravel/framework/src/Illuminate/Foundation/Bootstrap/HandleExceptions.php:256)"},
		{"laravel json, missing model", Body{404, JSON, []byte(`{"message":"No query results for model [App\\Models\\Invoice] 999","exception":"Symfony\\Component\\HttpKernel\\Exception\\NotFoundHttpException","file":"/srv/app/vendor/laravel/framework/src/Illuminate/Foundation/Exceptions/Handler.php","line":487,"trace":[{"file":"/srv/app/vendor/laravel/framework/src/Illuminate/Foundation/Exceptions/Handler.php","line":463,"function":"prepareException","class":"Illuminate\\Foundation\\Exceptions\\Handler","type":"->"}]}`)},
			`{"message":"No query results for model [record] 999"}`, "laravel", `Symfony\Component\HttpKernel\Exception\NotFoundHttpException`, "prepareException (/srv/app/vendor/laravel/framework/src/Illuminate/Foundation/Exceptions/Handler.php:463)"},
		{"symfony json", Body{500, JSON, []byte(`{"type":"https:\/\/tools.ietf.org\/html\/rfc2616#section-10","title":"An error occurred","status":500,"detail":"ledger refused","class":"App\\LedgerException","trace":[{"namespace":"","short_class":"","class":"","type":"","function":"","file":"\/srv\/app\/src\/Ledger.php","line":12,"args":[]},{"namespace":"App","short_class":"Ledger","class":"App\\Ledger","type":"-\u003E","function":"charge","file":"\/srv\/app\/src\/Shop.php","line":7,"args":[]}]}`)},
			`{"type":"https:\/\/tools.ietf.org\/html\/rfc2616#section-10","title":"An error occurred","status":500,"detail":"An internal error happened."}`, "symfony", `App\LedgerException`, "(/srv/app/src/Ledger.php:12)"},
		{"symfony xml", Body{500, XML, []byte(`<?xml version="1.0"?>
<response><type>https://tools.ietf.org/html/rfc2616#section-10</type><title>An error occurred</title><status>500</status><detail>ledger refused</detail><class>App\LedgerException</class><trace><namespace/><short_class/><class/><type/><function/><file>/srv/app/src/Ledger.php</file><line>12</line></trace></response>
`)}, `<?xml version="1.0"?>
<response><type>https://tools.ietf.org/html/rfc2616#section-10</type><title>An error occurred</title><status>500</status><detail>An internal error happened.</detail></response>
`, "php", `App\LedgerException`, "(/srv/app/src/Ledger.php:12)"},
		{"whoops json", Body{500, JSON, []byte(`{"error":{"type":"RuntimeException","message":"ledger refused","code":0,"file":"\/srv\/app\/index.php","line":9,"trace":[{"file":"\/srv\/app\/index.php","line":12,"function":"charge","class":"","args":[]}]}}`)},
			`{"error":{"message":"An internal error happened.","code":0}}`, "php", "RuntimeException", "charge (/srv/app/index.php:12)"},
		{"yii json", Body{500, JSON, []byte(`{"name":"Database Exception","message":"ledger refused","code":0,"type":"yii\\db\\Exception","file":"/srv/app/Ledger.php","line":9,"stack-trace":["#0 /srv/app/Shop.php(3): app\\Ledger->charge()","#1 {main}"],"error-info":["08006",7],"previous":{"name":"Exception","message":"x","code":0,"type":"PDOException","file":"/srv/app/Ledger.php","line":8,"stack-trace":["#0 {main}"]}}`)},
			`{"name":"Database Exception","message":"An internal error happened.","code":0,"error-info":["08006",7]}`, "php", `yii\db\Exception`, `app\Ledger->charge (/srv/app/Shop.php:3)`},
		{"cakephp json", Body{500, JSON, []byte(`{"message":"ledger refused","url":"/settle","code":500,"file":"/srv/app/src/Ledger.php","line":9,"trace":[{"file":"/srv/app/src/Shop.php","line":3,"function":"charge"}]}`)},
			`{"message":"An internal error happened.","url":"/settle","code":500}`, "php", "", "charge (/srv/app/src/Shop.php:3)"},
		{"rails json", Body{404, JSON, []byte(`{"status":404,"error":"Not Found","exception":"#\u003cActiveRecord::RecordNotFound: Couldn't find Customer with 'id'=\"999\"\u003e","traces":{"Application Trace":[{"exception_object_id":7,"id":1,"trace":"app/controllers/customers_controller.rb:9:in 'CustomersController#show'"}],"Framework Trace":[],"Full Trace":[{"exception_object_id":7,"id":1,"trace":"app/controllers/customers_controller.rb:9:in 'CustomersController#show'"}]}}`)},
			`{"status":404,"error":"Not Found"}`, "rails", "ActiveRecord::RecordNotFound", "CustomersController#show (app/controllers/customers_controller.rb:9)"},
		{"rails text", Body{500, Text, []byte("LedgerError in ShopController#settle\n\nledger refused\n\nRails.root: /srv/app\n\nApplication Trace\napp.rb:52:in `charge_ledger'\napp.rb:56:in `settle'\n\n")},
			"", "rails", "LedgerError", "charge_ledger (app.rb:52)"},
		{"ruby 3.4", Body{500, Text, []byte("app.rb:52:in 'Shop#charge': ledger refused (Shop::LedgerError)\n\tfrom app.rb:56:in 'Shop#settle'\n\tfrom config.ru:3:in 'block in <main>'\n")},
			"", "ruby", "Shop::LedgerError", "Shop#charge (app.rb:52)"},
		{"rack text", Body{500, Text, []byte("LedgerError: ledger refused\n\tapp.rb:52:in `charge'\n\tconfig.ru:3:in `block in <main>'\n")},
			"", "ruby", "LedgerError", "charge (app.rb:52)"},

		{"apollo 3", Body{200, JSON, []byte(`{"data":{"invoice":null},"errors":[{"message":"Invoice 9 is closed.","locations":[{"line":2,"column":3}],"path":["invoice"],"extensions":{"code":"INTERNAL_SERVER_ERROR","exception":{"stacktrace":["LedgerError: ledger refused","    at charge (/srv/app/ledger.js:3:9)","    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)"]}}}]}`)},
			`{"data":{"invoice":null},"errors":[{"message":"Invoice 9 is closed.","locations":[{"line":2,"column":3}],"path":["invoice"],"extensions":{"code":"INTERNAL_SERVER_ERROR"}}]}`, "node", "LedgerError", "charge (/srv/app/ledger.js:3)"},
		{"apollo 4", Body{200, JSON, []byte(`{"errors":[{"message":"Invoice 9 is closed.","extensions":{"code":"INTERNAL_SERVER_ERROR","stacktrace":["Error: ledger refused","    at charge (file:///srv/app/ledger.ts:3:9)"]}}]}`)},
			`{"errors":[{"message":"Invoice 9 is closed.","extensions":{"code":"INTERNAL_SERVER_ERROR"}}]}`, "node", "Error", "charge (file:///srv/app/ledger.ts:3)"},
		{"http-errors on a 4xx", Body{403, JSON, []byte(`{"status":403,"message":"Only accountants may open the ledger.","stack":"ForbiddenError: Only accountants may open the ledger.\n    at check (/srv/app/app.js:9:3)"}`)},
			`{"status":403,"message":"Only accountants may open the ledger."}`, "node", "ForbiddenError", "check (/srv/app/app.js:9)"},
		{"nuxt", Body{500, JSON, []byte(`{"error":true,"url":"/settle","statusCode":500,"statusMessage":"Server Error","message":"ledger refused","stack":["at charge (/srv/app/server/api/settle.ts:3:9)","at async Object.handler (/srv/app/node_modules/h3/dist/index.mjs:2320:19)"]}`)},
			`{"error":true,"url":"/settle","statusCode":500,"statusMessage":"Server Error","message":"An internal error happened."}`, "node", "", "charge (/srv/app/server/api/settle.ts:3)"},
		{"mysql2", Body{409, JSON, []byte(`{"code":"ER_DUP_ENTRY","errno":1062,"sqlState":"23000","sqlMessage":"x","sql":"insert into customer set email = 'jane.roe@example.net'"}`)},
			`{"code":"ER_DUP_ENTRY"}`, "", "", ""},
		{"system error", Body{503, JSON, []byte(`{"ok":false,"error":{"errno":-111,"code":"ECONNREFUSED","syscall":"connect","address":"10.20.30.40","port":5432}}`)},
			`{"ok":false,"error":{"code":"ECONNREFUSED"}}`, "node", "", ""},
		{"graphql, passed on", Body{500, JSON, []byte(`[{"message":"shard 7: refused","path":["invoice"],"extensions":{"code":"INTERNAL_SERVER_ERROR"}},{"message":"Invoice 9: closed","extensions":{"code":"CONFLICT"}}]`)},
			`[{"message":"An internal error happened.","path":["invoice"],"extensions":{"code":"INTERNAL_SERVER_ERROR"}},{"message":"Invoice 9: closed","extensions":{"code":"CONFLICT"}}]`, "graphql", "", ""},
		{"only a line of an exception", Body{500, JSON, []byte(`{"ok":false,"error":"shop.LedgerError: shard 7 refused"}`)},
			`{"ok":false,"error":"An internal error happened."}`, "", "shop.LedgerError", ""},
		{"deno", Body{500, Text, []byte("LedgerError: ledger refused\n    at charge (file:///srv/app/main.ts:5:9)\n    at ext:deno_http/00_serve.ts:369:18\n")},
			"", "node", "LedgerError", "charge (file:///srv/app/main.ts:5)"},
		{"bun", Body{500, Text, []byte("error: ledger refused\n      at charge (/srv/app/index.ts:5:9)\n      at fetch (native:7:5)\n")},
			"", "node", "", "charge (/srv/app/index.ts:5)"},

		{"celery", Body{200, JSON, []byte(`{"status":"FAILURE","result":{"exc_type":"LedgerError","exc_message":["refused"],"exc_module":"shop.ledger"},"traceback":"Traceback (most recent call last):\n  File \"/srv/app/tasks.py\", line 3, in settle\n    charge()\nshop.ledger.LedgerError: refused\n","task_id":"7"}`)},
			`{"status":"FAILURE","result":{},"task_id":"7"}`, "celery", "shop.ledger.LedgerError", "settle (/srv/app/tasks.py:3)"},
		{"aiohttp", Body{500, HTML, []byte("<html><head><title>500 Internal Server Error</title></head><body>\n<h1>500 Internal Server Error</h1>\n<h2>Traceback:</h2>\n<pre>Traceback (most recent call last):\n  File &quot;/srv/app/app.py&quot;, line 44, in settle\n    charge()\nLedgerError: refused\n</pre>\n</body></html>\n")},
			"", "aiohttp", "LedgerError", "settle (/srv/app/app.py:44)"},
		{"starlette text", Body{500, Text, []byte("Traceback (most recent call last):\n  File \"/opt/kit/starlette/middleware/errors.py\", line 164, in __call__\n    await self.app(scope, receive, _send)\n  File \"/srv/app/app.py\", line 42, in charge\n    raise LedgerError()\napp.LedgerError\n")},
			"", "starlette", "app.LedgerError", "charge (/srv/app/app.py:42)"},
		{"pydantic on a 4xx", Body{422, JSON, []byte(`{"detail":[{"type":"missing","loc":["body","address"],"msg":"Field required","input":{"quantity":11},"url":"https://errors.pydantic.dev/2.5/v/missing"}]}`)},
			`{"detail":[{"type":"missing","loc":["body","address"],"msg":"Field required","input":{"quantity":11}}]}`, "pydantic", "", ""},
		{"pydantic on a 5xx", Body{500, JSON, []byte(`{"detail":[{"type":"int_type","loc":["response","margin"],"msg":"Input should be a valid integer","input":"1.5 of 20","url":"https://errors.pydantic.dev/2.5/v/int_type"}]}`)},
			`{"detail":[{"type":"int_type","loc":["response","margin"],"msg":"Input should be a valid integer"}]}`, "pydantic", "", ""},
		{"problem with extensions", Body{500, JSON, []byte(`{"type":"about:blank","title":"Internal Server Error","status":500,"detail":"ledger refused","traceback":"Traceback (most recent call last):\n  File \"/srv/app/app.py\", line 42, in charge\n    raise LedgerError()\nLedgerError\n","instance":"/settle"}`)},
			`{"type":"about:blank","title":"Internal Server Error","status":500,"detail":"An internal error happened.","instance":"/settle"}`, "python", "LedgerError", "charge (/srv/app/app.py:42)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			res, err := s.Neutralise(s.NewScratch(), tt.body)
			if err != nil {
				t.Fatal(err)
			}
			if string(res.Text) != tt.want || res.Whole != (tt.want == "") {
				t.Errorf("whole %v, text\n%s\nwant\n%s", res.Whole, res.Text, tt.want)
			}
			frame := ""
			if len(res.Frames) > 0 {
				frame = res.Frames[0].String()
			}
			if res.Framework != tt.framework || res.Exception != tt.exception || frame != tt.frame {
				t.Errorf("framework %q, exception %q, frame %q", res.Framework, res.Exception, frame)
			}
		})
	}
}
