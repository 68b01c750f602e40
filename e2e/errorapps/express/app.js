// The shop with Express: app.js ADDRESS. NODE_ENV is development or production.
const { createRequire } = require("node:module");
const kit = createRequire(process.env.NODE_KIT + "/");
const express = kit(process.env.EXPRESS);
const initSql = kit("sql.js");
const { Client } = kit("pg");

const databaseURL = process.env.DATABASE_URL;
let shop;

class LedgerError extends Error {
  constructor(message, details) {
    super(message);
    this.name = "LedgerError";
    Object.assign(this, details);
  }
}

function chargeLedger(invoice, deployToken) {
  const session = { user: 7, jwt: process.env.SESSION_CREDENTIAL };
  throw new LedgerError(
    `ledger at ${process.env.REPLICA} refused invoice ${invoice.number} with token ${deployToken} of session ${session.jwt}`);
}

async function readReport() {
  const url = new URL(databaseURL);
  // No name is looked up, and at this port nothing listens.
  const client = new Client({ host: "127.0.0.1", port: 1, user: url.username, password: url.password, connectionTimeoutMillis: 2000 });
  try {
    await client.connect();
    return await client.query("SELECT id, margin_cents FROM customer_ledger");
  } catch (cause) {
    throw new LedgerError(`cannot reach ${databaseURL}: ${cause.message}`, { cause });
  }
}

function createCustomer(email) {
  shop.run("INSERT INTO shop_customer (email) VALUES (?)", [email]);
}

const app = express();
app.use(express.json());
app.use((req, res, next) => {
  res.set("Access-Control-Allow-Origin", "https://shop.example.com");
  res.set("X-RateLimit-Remaining", "41");
  next();
});

app.get("/invoices/:number/settle", function settleInvoice(req, res) {
  chargeLedger({ number: Number(req.params.number), email: process.env.ROW_EMAIL }, process.env.DEPLOY_CREDENTIAL);
});

app.get("/reports/daily", async function dailyReport(req, res, next) {
  try {
    res.json(await readReport());
  } catch (e) {
    next(e);
  }
});

app.get("/health", async function health(req, res) {
  try {
    await readReport();
  } catch (e) {
    res.set("Retry-After", "30");
    res.set("Server-Timing", `db;desc="${new URL(databaseURL).hostname}";dur=2001.4`);
    res.status(503).json({ status: "down", error: e.message, cause: String(e.cause) });
  }
});

app.post("/customers", function customers(req, res) {
  createCustomer(req.body.email);
  res.status(201).end();
});

app.post("/customers/import", function importCustomers(req, res) {
  try {
    createCustomer(req.body.email);
  } catch (e) {
    const message = `${e.message}\nduplicate key value violates unique constraint "shop_customer_email_key"` +
      `\nDETAIL:  Key (email)=(${req.body.email}) already exists.`;
    res.status(409).json({ message, code: "duplicate" });
  }
});

app.get("/invoices/:number", (req, res) => {
  res.status(404).json({ message: `Invoice ${req.params.number} does not exist.` });
});

app.get("/invoices/:number/export", function exportInvoice(req, res) {
  const statement = "SELECT id, margin_cents FROM customer_ledger WHERE invoice = ?";
  try {
    shop.exec(statement, [7]);
  } catch (e) {
    res.set("X-Debug-Query", statement);
    res.status(500).json({ error: e.message, name: e.name, stack: e.stack, context: { database: databaseURL, attempt: 3 } });
  }
});

app.post("/orders", (req, res) => {
  res.status(400).json({
    message: "The order has mistakes.",
    errors: [
      { field: "quantity", message: "Must be at most 10." },
      { field: "currency", message: `"${req.body.currency}" is not one of EUR, USD.` },
      { field: "address", message: "This field is required." },
    ],
  });
});

app.get("/admin/ledger", (req, res) => {
  res.status(403).format({
    html: () => res.send("<p>Only accountants may open the ledger.</p>"),
    json: () => res.json({ message: "Only accountants may open the ledger." }),
  });
});

app.get("/admin/console", (req, res, next) => {
  next(Object.assign(new Error("console is for operators of " + new URL(databaseURL).hostname), { status: 403 }));
});

app.get("/me", (req, res) => {
  res.set("WWW-Authenticate", 'Bearer realm="shop", error="invalid_token"');
  res.status(401).json({ message: "Your session has expired. Please sign in again.", code: "session_expired" });
});

app.get("/limited", (req, res) => {
  res.set("Retry-After", "17").status(429).type("text").send("Too many requests. Try again in 17 seconds.\n");
});

initSql().then((SQL) => {
  shop = new SQL.Database();
  shop.run("CREATE TABLE shop_customer (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, margin_cents INTEGER)");
  shop.run("INSERT INTO shop_customer (email, margin_cents) VALUES (?, 1250)", [process.env.ROW_EMAIL]);
  const [host, port] = process.argv[2].split(":");
  app.listen(Number(port), host);
});
