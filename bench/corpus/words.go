package corpus

var (
	methods  = []string{"GET", "GET", "GET", "GET", "POST", "PUT", "DELETE", "HEAD"}
	services = []string{"checkout", "catalog", "inventory", "billing", "search", "shipping", "frontend", "notifier"}
	things   = []string{"order", "cart", "invoice", "product", "shipment", "session", "report", "customer", "page", "job"}
	verbs    = []string{"created", "updated", "loaded", "removed", "queued", "processed", "validated", "exported", "skipped"}
	levels   = []string{"INFO", "INFO", "INFO", "INFO", "DEBUG", "DEBUG", "WARN", "ERROR"}
	paths    = []string{
		"/", "/index.html", "/api/v1/orders", "/api/v1/orders/%d", "/api/v2/products?page=%d", "/static/app.%d.js",
		"/static/css/main.css", "/healthz", "/metrics", "/cart/items/%d", "/images/p/%d.webp", "/search?q=shoes&sort=price&limit=%d",
	}
	agents = []string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
		"Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
		"curl/8.11.0", "kube-probe/1.33", "python-requests/2.32.3", "Go-http-client/1.1",
	}
	messages = []string{
		"connection to upstream closed, retrying in %d ms", "cache miss for key product:%d",
		"slow query took %d ms", "request finished in %d ms", "worker %d picked up a job from the queue",
		"flushed %d entries to disk", "scheduled task nightly-export started, batch %d",
		"configuration reloaded, %d routes active", "consumer lag is %d records on partition 3",
		"circuit breaker for payments half-open after %d failures", "user %d signed in from a new device",
		"template rendered in %d us", "rate limit reached for client %d", "garbage collection freed %d KiB",
		"could not reach mail relay, attempt %d of 5: i/o timeout",
	}
	classes = []string{
		"c.e.shop.order.OrderService", "o.s.web.servlet.DispatcherServlet", "c.zaxxer.hikari.pool.HikariPool",
		"o.a.kafka.clients.consumer.internals.Fetcher", "c.e.shop.cart.CartController", "o.h.engine.jdbc.spi.SqlExceptionHelper",
	}
	exceptions = []string{
		"java.lang.IllegalStateException: order %d is already closed", "java.net.SocketTimeoutException: Read timed out after %d ms",
		"java.lang.NullPointerException: Cannot invoke \"Item.price()\" because \"item\" is null at index %d",
	}
	modules = []string{"django.request", "celery.worker", "shop.orders.views", "uvicorn.access", "sqlalchemy.engine", "shop.tasks"}
	pods    = []string{"kubelet", "kube-proxy", "coredns", "containerd", "etcd", "kube-scheduler"}
)
