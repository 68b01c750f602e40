// The shop with Apollo Server: app.js ADDRESS. NODE_ENV is development or production.
const { createRequire } = require("node:module");
const kit = createRequire(process.env.NODE_KIT + "/");
const { ApolloServer } = kit("@apollo/server");
const { startStandaloneServer } = kit("@apollo/server/standalone");
const { GraphQLError } = kit("graphql");
const initSql = kit("sql.js");
const { Client } = kit("pg");

const databaseURL = process.env.DATABASE_URL;
let shop;

class LedgerError extends Error {}

function chargeLedger(invoice, deployToken) {
  const session = process.env.SESSION_CREDENTIAL;
  throw new LedgerError(`ledger at ${process.env.REPLICA} refused invoice ${invoice} with token ${deployToken} of session ${session}`);
}

async function readReport() {
  const url = new URL(databaseURL);
  // No name is looked up, and at this port nothing listens.
  const client = new Client({ host: "127.0.0.1", port: 1, user: url.username, password: url.password, connectionTimeoutMillis: 2000 });
  try {
    await client.connect();
  } catch (cause) {
    throw new LedgerError(`cannot reach ${databaseURL}: ${cause.message}`, { cause });
  }
}

const refused = (message, code) => new GraphQLError(message, { extensions: { code } });

const resolvers = {
  Query: {
    open: () => 3,
    settle: (_, { number }) => chargeLedger(number, process.env.DEPLOY_CREDENTIAL),
    report: () => readReport(),
    margin: () => shop.exec("SELECT id, margin_cents FROM customer_ledger WHERE invoice = 7"),
    invoice: (_, { number }) => { throw refused(`Invoice ${number} does not exist.`, "NOT_FOUND"); },
    ledger: () => { throw refused("Only accountants may open the ledger.", "FORBIDDEN"); },
  },
  Mutation: {
    createCustomer(_, { email }) {
      shop.run("INSERT INTO shop_customer (email) VALUES (?)", [email]);
    },
    order(_, { quantity }) {
      throw new GraphQLError("The order has mistakes.", {
        extensions: { code: "BAD_USER_INPUT", fields: { quantity: `${quantity} is more than the 10 that we have.` } },
      });
    },
  },
};

const typeDefs = `
  type Query { open: Int! settle(number: Int!): Int report: Int margin: Int invoice(number: Int!): Int ledger: Int }
  type Mutation { createCustomer(email: String!): Int order(quantity: Int!): Int }`;

initSql().then(async (SQL) => {
  shop = new SQL.Database();
  shop.run("CREATE TABLE shop_customer (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, margin_cents INTEGER)");
  shop.run("INSERT INTO shop_customer (email, margin_cents) VALUES (?, 1250)", [process.env.ROW_EMAIL]);
  const [host, port] = process.argv[2].split(":");
  await startStandaloneServer(new ApolloServer({ typeDefs, resolvers }), { listen: { host, port: Number(port) } });
});
