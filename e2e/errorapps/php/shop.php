<?php
// The shop without a framework. With display_errors PHP shows warnings and exceptions itself.

class LedgerError extends Exception {}

function answer(int $status, array $body): void
{
    http_response_code($status);
    header('Content-Type: application/json');
    echo json_encode($body);
}

function charge_ledger(array $invoice, string $deploy_token): void
{
    $session = getenv('SESSION_CREDENTIAL');
    throw new LedgerError('ledger at ' . getenv('REPLICA') . " refused invoice {$invoice['number']} with token $deploy_token of session $session");
}

function read_report(): array
{
    $url = parse_url(getenv('DATABASE_URL'));
    try {
        // No name is looked up, and at this port nothing listens.
        $reports = new PDO("pgsql:host={$url['host']};hostaddr=127.0.0.1;port=1;dbname=shop;connect_timeout=2", $url['user'], $url['pass']);
        return $reports->query('SELECT id, margin_cents FROM customer_ledger')->fetchAll();
    } catch (PDOException $e) {
        throw new LedgerError('cannot reach ' . getenv('DATABASE_URL'), 0, $e);
    }
}

function shop(): PDO
{
    $new = !file_exists(getenv('APP_DATA') . '/shop.db');
    $shop = new PDO('sqlite:' . getenv('APP_DATA') . '/shop.db');
    if ($new) {
        $shop->exec('CREATE TABLE shop_customer (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, margin_cents INTEGER)');
        $shop->prepare('INSERT INTO shop_customer (email, margin_cents) VALUES (?, 1250)')->execute([getenv('ROW_EMAIL')]);
    }
    return $shop;
}

function create_customer(): void
{
    $email = json_decode(file_get_contents('php://input'))->email;
    shop()->prepare('INSERT INTO shop_customer (email) VALUES (?)')->execute([$email]);
}

function import_customers(): void
{
    try {
        create_customer();
    } catch (PDOException $e) {
        $message = $e->getMessage() . "\nDETAIL:  Key (email)=(" . getenv('ROW_EMAIL') . ') already exists.';
        answer(409, ['message' => $message, 'code' => 'duplicate']);
    }
}

function health(): void
{
    try {
        read_report();
    } catch (LedgerError $e) {
        header('Retry-After: 30');
        header('Server-Timing: db;desc="' . parse_url(getenv('DATABASE_URL'))['host'] . '";dur=2001.4');
        answer(503, ['status' => 'down', 'error' => $e->getMessage(), 'cause' => $e->getPrevious()->getMessage()]);
    }
}

function export_invoice(): void
{
    $statement = 'SELECT id, margin_cents FROM customer_ledger WHERE invoice = ?';
    try {
        shop()->prepare($statement)->execute([7]);
    } catch (PDOException $e) {
        header("X-Debug-Query: $statement");
        answer(500, [
            'message' => $e->getMessage(), 'exception' => get_class($e), 'file' => $e->getFile(), 'line' => $e->getLine(),
            'trace' => explode("\n", $e->getTraceAsString()), 'context' => ['database' => getenv('DATABASE_URL'), 'attempt' => 3],
        ]);
    }
}

function warnings(): void
{
    $rates = ['EUR' => 1];
    echo '<h1>Rates</h1><p>', $rates['GBP'], '</p>';
    include getenv('APP_DATA') . '/rates.php';
}

header('Access-Control-Allow-Origin: https://shop.example.com');
header('X-RateLimit-Remaining: 41');
http_response_code(500); // as servers do for an exception that nothing catches
switch (parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH)) {
    case '/invoices/7/settle':
        charge_ledger(['number' => 7, 'email' => getenv('ROW_EMAIL')], getenv('DEPLOY_CREDENTIAL'));
        break;
    case '/reports/daily':
        echo json_encode(read_report());
        break;
    case '/reports/rates':
        warnings();
        break;
    case '/health':
        health();
        break;
    case '/customers':
        create_customer();
        break;
    case '/customers/import':
        import_customers();
        break;
    case '/invoices/999':
        answer(404, ['message' => 'Invoice 999 does not exist.']);
        break;
    case '/invoices/7/export':
        export_invoice();
        break;
    case '/orders':
        answer(422, ['message' => 'The order has mistakes.', 'errors' => [
            'quantity' => ['Must be at most 10.'], 'currency' => ['GBP is not one of EUR, USD.'], 'address' => ['This field is required.'],
        ]]);
        break;
    case '/admin/ledger':
        answer(403, ['message' => 'Only accountants may open the ledger.']);
        break;
    case '/admin/console':
        http_response_code(403);
        file_get_contents(getenv('APP_DATA') . '/console.key');
        echo '<p>The console is not for you.</p>';
        break;
    case '/me':
        header('WWW-Authenticate: Bearer realm="shop", error="invalid_token"');
        answer(401, ['message' => 'Your session has expired. Please sign in again.', 'code' => 'session_expired']);
        break;
    case '/limited':
        header('Retry-After: 17');
        answer(429, ['message' => 'Too many requests. Try again in 17 seconds.']);
        break;
    case '/':
        http_response_code(200);
        break;
    default:
        return false; // PHP's own page, with 404
}
