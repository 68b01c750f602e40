# The shop with Rails: app.rb ADDRESS, with the page of exceptions if APP_DEBUG is 1, as JSON if RAILS_API is 1.
ENV["RAILS_ENV"] = ENV["APP_DEBUG"] == "1" ? "development" : "production"
require "action_controller/railtie"
require "active_record/railtie"
require "pg"
require "rack"
require "sqlite3"
require "uri"

ENV["DATABASE_URL_OF_REPORTS"] = ENV.delete("DATABASE_URL") # which ActiveRecord would take for its own

class Shop < Rails::Application
  config.root = __dir__
  config.eager_load = false
  config.consider_all_requests_local = ENV["APP_DEBUG"] == "1"
  config.api_only = ENV["RAILS_API"] == "1"
  config.debug_exception_response_format = :api if config.api_only
  config.secret_key_base = ENV["SECRET_KEY"]
  config.hosts.clear
  config.logger = Logger.new(IO::NULL)
  pages = "lib/rails/generators/rails/app/templates/public" # those of a new application
  config.paths["public"] = File.join(Gem.loaded_specs["railties"].full_gem_path, pages)
end

class LedgerError < StandardError; end

class Customer < ActiveRecord::Base
  self.table_name = "shop_customer"
end

class Order
  include ActiveModel::Model
  attr_accessor :quantity, :currency, :address
  validates :quantity, numericality: { less_than_or_equal_to: 10 }
  validates :currency, inclusion: { in: %w[EUR USD] }
  validates :address, presence: true
end

class ShopController < (Shop.config.api_only ? ActionController::API : ActionController::Base)
  skip_before_action :verify_authenticity_token, raise: false
  before_action do
    response.set_header("Access-Control-Allow-Origin", "https://shop.example.com")
    response.set_header("X-RateLimit-Remaining", "41")
  end

  def database_url
    ENV["DATABASE_URL_OF_REPORTS"]
  end

  def charge_ledger(invoice, deploy_token)
    session = ENV["SESSION_CREDENTIAL"]
    raise LedgerError, "ledger at #{ENV["REPLICA"]} refused invoice #{invoice} with token #{deploy_token} of session #{session}"
  end

  def settle
    charge_ledger({ number: 7, email: ENV["ROW_EMAIL"] }, ENV["DEPLOY_CREDENTIAL"])
  end

  def read_report
    url = URI(database_url)
    # No name is looked up, and at this port nothing listens.
    PG.connect(host: url.host, hostaddr: "127.0.0.1", port: 1, user: url.user, password: url.password, connect_timeout: 2)
  rescue PG::Error => e
    raise LedgerError, "cannot reach #{database_url}: #{e.message}"
  end

  def daily_report
    read_report
  end

  def health
    read_report
  rescue LedgerError => e
    response.set_header("Retry-After", "30")
    response.set_header("Server-Timing", %(db;desc="#{URI(database_url).host}";dur=2001.4))
    render status: 503, json: { status: "down", error: e.message, cause: e.cause.inspect }
  end

  def create_customer
    Customer.create!(email: params[:email])
  end

  def customers
    create_customer
  end

  def import_customers
    create_customer
  rescue ActiveRecord::RecordNotUnique => e
    message = "#{e.message}\nDETAIL:  Key (email)=(#{params[:email]}) already exists."
    render status: 409, json: { message: message, code: "duplicate" }
  end

  def invoice
    render status: 404, json: { message: "Invoice #{params[:number]} does not exist." }
  end

  def record
    Customer.find(params[:number])
  end

  def export
    statement = "SELECT id, margin_cents FROM customer_ledger WHERE invoice = 7"
    ActiveRecord::Base.connection.exec_query(statement)
  rescue ActiveRecord::StatementInvalid => e
    response.set_header("X-Debug-Query", statement)
    body = { error: e.message, exception: e.class.name, backtrace: e.backtrace, context: { database: database_url, attempt: 3 } }
    render status: 500, json: body
  end

  def orders
    order = Order.new(params.permit(:quantity, :currency, :address))
    order.validate
    render status: 422, json: { errors: order.errors.full_messages }
  end

  def ledger
    render status: 403, json: { message: "Only accountants may open the ledger." }
  end

  def console
    render status: 403, plain: "console is for operators of #{URI(database_url).host}\n"
  end

  def me
    response.set_header("WWW-Authenticate", 'Bearer realm="shop", error="invalid_token"')
    render status: 401, json: { message: "Your session has expired. Please sign in again.", code: "session_expired" }
  end

  def limited
    response.set_header("Retry-After", "17")
    render status: 429, json: { message: "Too many requests. Try again in 17 seconds." }
  end
end

Shop.initialize!
ActiveRecord::Base.connection.execute(
  "CREATE TABLE shop_customer (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, margin_cents INTEGER)")
Customer.create!(email: ENV["ROW_EMAIL"], margin_cents: 1250)

Shop.routes.draw do
  get "/invoices/:number", to: "shop#invoice"
  get "/invoices/:number/settle", to: "shop#settle"
  get "/invoices/:number/export", to: "shop#export"
  get "/reports/daily", to: "shop#daily_report"
  get "/health", to: "shop#health"
  post "/customers", to: "shop#customers"
  post "/customers/import", to: "shop#import_customers"
  get "/customers/:number", to: "shop#record"
  post "/orders", to: "shop#orders"
  get "/admin/ledger", to: "shop#ledger"
  get "/admin/console", to: "shop#console"
  get "/me", to: "shop#me"
  get "/limited", to: "shop#limited"
end

host, port = ARGV[0].split(":")
Rack::Handler::WEBrick.run(Shop, Host: host, Port: Integer(port))
