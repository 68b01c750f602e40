//! The shop with axum: shop ADDRESS. APP_DEBUG=1 has answers tell the whole chain of an
//! error with its backtrace (anyhow's Debug), else its text.

use std::{any::Any, env, panic, sync::Mutex};

use anyhow::{anyhow, bail, Context};
use axum::{
    extract::{Path, Request, State},
    http::{header::RETRY_AFTER, HeaderName, StatusCode},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
    Json, Router,
};
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::{json, Value};

type Shop = &'static Mutex<Connection>;

/// AppError answers 500 with an error's text, as axum's examples do.
struct AppError(anyhow::Error);

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        let text = if debugging() { format!("{:?}", self.0) } else { format!("Something went wrong: {}", self.0) };
        (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
    }
}

impl<E: Into<anyhow::Error>> From<E> for AppError {
    fn from(err: E) -> Self {
        Self(err.into())
    }
}

fn debugging() -> bool {
    var("APP_DEBUG") == "1"
}

fn var(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

fn database_host() -> String {
    let url = var("DATABASE_URL");
    url.rsplit('@').next().and_then(|s| s.split(':').next()).unwrap_or_default().to_string()
}

fn charge_ledger(number: u32, deploy_token: &str) -> anyhow::Result<()> {
    let session = var("SESSION_CREDENTIAL");
    bail!("ledger at {} refused invoice {number} with token {deploy_token} of session {session}", var("REPLICA"))
}

async fn settle_invoice(Path(number): Path<u32>) -> Result<(), AppError> {
    charge_ledger(number, &var("DEPLOY_CREDENTIAL")).context("settling failed")?;
    Ok(())
}

fn read_report() -> anyhow::Result<()> {
    // At this port nothing listens.
    std::net::TcpStream::connect("127.0.0.1:1").with_context(|| format!("cannot reach {}", var("DATABASE_URL")))?;
    Ok(())
}

async fn daily_report() -> Result<(), AppError> {
    Ok(read_report()?)
}

async fn health() -> Response {
    let err = read_report().unwrap_err();
    let timing = format!("db;desc=\"{}\";dur=2001.4", database_host());
    let fields = [(RETRY_AFTER, "30".to_string()), (HeaderName::from_static("server-timing"), timing)];
    (StatusCode::SERVICE_UNAVAILABLE, fields, Json(json!({"status": "down", "error": format!("{err:#}")}))).into_response()
}

#[derive(Deserialize)]
struct Customer {
    email: String,
}

fn create_customer(shop: Shop, customer: &Customer) -> anyhow::Result<()> {
    let statement = format!("INSERT INTO shop_customer (email) VALUES ('{}')", customer.email);
    shop.lock().unwrap().execute(&statement, []).context(statement)?;
    Ok(())
}

async fn customers(State(shop): State<Shop>, Json(customer): Json<Customer>) -> Result<(), AppError> {
    Ok(create_customer(shop, &customer)?)
}

async fn import_customers(State(shop): State<Shop>, Json(customer): Json<Customer>) -> (StatusCode, Json<Value>) {
    let err = create_customer(shop, &customer).unwrap_err();
    (StatusCode::CONFLICT, Json(json!({"message": format!("{err:#}"), "code": "duplicate"})))
}

async fn export_invoice(State(shop): State<Shop>) -> Response {
    let statement = "SELECT id, margin_cents FROM customer_ledger WHERE invoice = 7";
    let err = shop.lock().unwrap().execute(statement, []).unwrap_err();
    let err = anyhow!(err).context("export failed");
    let body = json!({
        "error": format!("{err:#}"), "debug": format!("{err:?}"),
        "context": {"database": var("DATABASE_URL"), "attempt": 3},
    });
    let field = [(HeaderName::from_static("x-debug-query"), statement)];
    (StatusCode::INTERNAL_SERVER_ERROR, field, Json(body)).into_response()
}

#[derive(Deserialize)]
struct Order {
    #[allow(dead_code)]
    quantity: u32,
    #[allow(dead_code)]
    currency: Currency,
}

#[derive(Deserialize)]
enum Currency {
    EUR,
    USD,
}

async fn orders(Json(_): Json<Order>) -> StatusCode {
    StatusCode::CREATED
}

fn message(status: StatusCode, text: &str) -> Response {
    (status, Json(json!({"message": text}))).into_response()
}

async fn me() -> Response {
    let field = [("WWW-Authenticate", r#"Bearer realm="shop", error="invalid_token""#)];
    let body = json!({"message": "Your session has expired. Please sign in again.", "code": "session_expired"});
    (StatusCode::UNAUTHORIZED, field, Json(body)).into_response()
}

async fn limited() -> Response {
    let mut answer = message(StatusCode::TOO_MANY_REQUESTS, "Too many requests. Try again in 17 seconds.");
    answer.headers_mut().insert(RETRY_AFTER, "17".parse().unwrap());
    answer
}

async fn reload(State(shop): State<Shop>) {
    let statement = "SELECT email FROM shop_customer WHERE id = 999";
    let email: rusqlite::Result<String> = shop.lock().unwrap().query_row(statement, [], |row| row.get(0));
    println!("{}", email.unwrap());
}

/// panics answers for a handler that panics, with what the panic says.
async fn panics(request: Request, next: Next) -> Response {
    let mut answer = match tokio::spawn(next.run(request)).await {
        Ok(answer) => answer,
        Err(e) => {
            let cause: Box<dyn Any + Send> = e.into_panic();
            let text = cause.downcast_ref::<String>().cloned().unwrap_or_else(|| "panic".to_string());
            let text = LAST_PANIC.lock().map(|at| format!("{at}\n{text}")).unwrap_or_default();
            let text = if debugging() { text } else { "Internal Server Error".to_string() };
            (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
        }
    };
    answer.headers_mut().insert("Access-Control-Allow-Origin", "https://shop.example.com".parse().unwrap());
    answer.headers_mut().insert("X-RateLimit-Remaining", "41".parse().unwrap());
    answer
}

static LAST_PANIC: Mutex<String> = Mutex::new(String::new());

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    panic::set_hook(Box::new(|info| {
        let trace = std::backtrace::Backtrace::capture();
        *LAST_PANIC.lock().unwrap() = format!("{info}\nstack backtrace:\n{trace}");
    }));
    let connection = Connection::open_in_memory()?;
    connection.execute_batch("CREATE TABLE shop_customer (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, margin_cents INTEGER)")?;
    connection.execute("INSERT INTO shop_customer (email, margin_cents) VALUES (?1, 1250)", [var("ROW_EMAIL")])?;
    let shop: Shop = Box::leak(Box::new(Mutex::new(connection)));
    let app = Router::new()
        .route("/invoices/{number}/settle", get(settle_invoice))
        .route("/invoices/{number}/export", get(export_invoice))
        .route("/invoices/{number}", get(|Path(n): Path<u32>| async move {
            message(StatusCode::NOT_FOUND, &format!("Invoice {n} does not exist."))
        }))
        .route("/reports/daily", get(daily_report))
        .route("/reports/reload", get(reload))
        .route("/health", get(health))
        .route("/customers", post(customers))
        .route("/customers/import", post(import_customers))
        .route("/orders", post(orders))
        .route("/admin/ledger", get(|| async { message(StatusCode::FORBIDDEN, "Only accountants may open the ledger.") }))
        .route("/admin/console", get(|| async {
            (StatusCode::FORBIDDEN, format!("console is for operators of {}\n", database_host()))
        }))
        .route("/me", get(me))
        .route("/limited", get(limited))
        .layer(middleware::from_fn(panics))
        .with_state(shop);
    let listener = tokio::net::TcpListener::bind(env::args().nth(1).context("no address")?).await?;
    axum::serve(listener, app).await?;
    Ok(())
}
