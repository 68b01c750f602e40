# The shop with Sinatra: app.rb ADDRESS, with Sinatra's page of exceptions if APP_DEBUG is 1.
ENV["RACK_ENV"] = ENV["APP_ENV"] = ENV["APP_DEBUG"] == "1" ? "development" : "production"
require "json"
require "pg"
require "sinatra/base"
require "sqlite3"
require "uri"

class LedgerError < StandardError; end

class Shop < Sinatra::Base
  DATABASE_URL = ENV["DATABASE_URL"]
  SHOP = SQLite3::Database.new(":memory:")
  SHOP.execute("CREATE TABLE shop_customer (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, margin_cents INTEGER)")
  SHOP.execute("INSERT INTO shop_customer (email, margin_cents) VALUES (?, 1250)", [ENV["ROW_EMAIL"]])

  set :session_secret, ENV["SECRET_KEY"]
  enable :sessions
  set :protection, false

  before do
    headers "Access-Control-Allow-Origin" => "https://shop.example.com", "X-RateLimit-Remaining" => "41"
  end

  helpers do
    def charge_ledger(invoice, deploy_token)
      session = ENV["SESSION_CREDENTIAL"]
      raise LedgerError, "ledger at #{ENV["REPLICA"]} refused invoice #{invoice} with token #{deploy_token} of session #{session}"
    end

    def read_report
      url = URI(DATABASE_URL)
      # No name is looked up, and at this port nothing listens.
      PG.connect(host: url.host, hostaddr: "127.0.0.1", port: 1, user: url.user, password: url.password, connect_timeout: 2)
    rescue PG::Error => e
      raise LedgerError, "cannot reach #{DATABASE_URL}: #{e.message}"
    end

    def create_customer
      SHOP.execute("INSERT INTO shop_customer (email) VALUES (?)", [JSON.parse(request.body.read)["email"]])
    end

    def answer(status, body)
      content_type :json
      halt status, JSON.generate(body)
    end
  end

  get "/invoices/7/settle" do
    charge_ledger({ number: 7, email: ENV["ROW_EMAIL"] }, ENV["DEPLOY_CREDENTIAL"])
  end

  get "/reports/daily" do
    read_report
  end

  get "/health" do
    read_report
  rescue LedgerError => e
    headers "Retry-After" => "30", "Server-Timing" => %(db;desc="#{URI(DATABASE_URL).host}";dur=2001.4)
    answer 503, status: "down", error: e.message, cause: e.cause.inspect
  end

  post "/customers" do
    create_customer
    201
  end

  post "/customers/import" do
    create_customer
  rescue SQLite3::Exception => e
    message = "#{e.message}: duplicate key value violates unique constraint \"shop_customer_email_key\"\n" \
              "DETAIL:  Key (email)=(#{ENV["ROW_EMAIL"]}) already exists."
    answer 409, message: message, code: "duplicate"
  end

  get "/invoices/:number" do |number|
    answer 404, message: "Invoice #{number} does not exist."
  end

  get "/invoices/:number/export" do |number|
    statement = "SELECT id, margin_cents FROM customer_ledger WHERE invoice = ?"
    begin
      SHOP.execute(statement, [number])
    rescue SQLite3::Exception => e
      headers "X-Debug-Query" => statement
      answer 500, error: e.message, exception: e.class.name, backtrace: e.backtrace,
                  context: { database: DATABASE_URL, attempt: 3 }
    end
  end

  post "/orders" do
    currency = JSON.parse(request.body.read)["currency"]
    answer 422, message: "The order has mistakes.", errors: {
      quantity: ["must be less than or equal to 10"], currency: ["#{currency} is not one of EUR, USD"], address: ["can't be blank"]
    }
  end

  get "/admin/ledger" do
    answer 403, message: "Only accountants may open the ledger."
  end

  get "/admin/console" do
    halt 403, { "Content-Type" => "text/plain" }, "console is for operators of #{URI(DATABASE_URL).host}\n"
  end

  get "/me" do
    headers "WWW-Authenticate" => 'Bearer realm="shop", error="invalid_token"'
    answer 401, message: "Your session has expired. Please sign in again.", code: "session_expired"
  end

  get "/limited" do
    headers "Retry-After" => "17"
    answer 429, message: "Too many requests. Try again in 17 seconds."
  end
end

host, port = ARGV[0].split(":")
Rack::Handler::WEBrick.run(Shop, Host: host, Port: Integer(port))
