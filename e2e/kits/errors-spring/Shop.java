package com.example.shop;

import jakarta.servlet.http.HttpServletResponse;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Pattern;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.dao.DataAccessException;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

/** The shop with Spring Boot. */
@SpringBootApplication
@RestController
public class Shop {
    public static void main(String[] args) {
        SpringApplication.run(Shop.class, args);
    }

    static final String DATABASE_URL = System.getenv("DATABASE_URL");

    static class LedgerException extends RuntimeException {
        LedgerException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    record Customer(String email) {}

    record Order(@Max(10) int quantity, @Pattern(regexp = "EUR|USD") String currency, @NotBlank String address) {}

    private final JdbcTemplate shop = new JdbcTemplate(new DriverManagerDataSource("jdbc:h2:mem:shop;DB_CLOSE_DELAY=-1"));

    public Shop() {
        shop.execute("CREATE TABLE customers (id IDENTITY, email VARCHAR NOT NULL UNIQUE, margin_cents INT)");
        shop.update("INSERT INTO customers (email, margin_cents) VALUES (?, 1250)", System.getenv("ROW_EMAIL"));
    }

    @ModelAttribute
    void limits(HttpServletResponse response) {
        response.setHeader("Access-Control-Allow-Origin", "https://shop.example.com");
        response.setHeader("X-RateLimit-Remaining", "41");
    }

    private void chargeLedger(int invoice, String deployToken) {
        String session = System.getenv("SESSION_CREDENTIAL");
        throw new LedgerException("ledger at " + System.getenv("REPLICA") + " refused invoice " + invoice + " with token "
            + deployToken + " of session " + session, null);
    }

    @GetMapping("/invoices/{number}/settle")
    void settleInvoice(@PathVariable int number) {
        chargeLedger(number, System.getenv("DEPLOY_CREDENTIAL"));
    }

    private void readReport() {
        // No name is looked up, and at this port nothing listens.
        var reports = new DriverManagerDataSource("jdbc:postgresql://127.0.0.1:1/shop?connectTimeout=2", "shop", "none");
        try {
            new JdbcTemplate(reports).queryForList("SELECT id, margin_cents FROM customer_ledger");
        } catch (DataAccessException e) {
            throw new LedgerException("cannot reach " + DATABASE_URL, e);
        }
    }

    @GetMapping("/reports/daily")
    void dailyReport() {
        readReport();
    }

    @GetMapping("/health")
    ResponseEntity<?> health() {
        try {
            readReport();
        } catch (LedgerException e) {
            var host = java.net.URI.create(DATABASE_URL).getHost();
            return json(503).header("Retry-After", "30")
                .header("Server-Timing", "db;desc=\"" + host + "\";dur=2001.4")
                .body(Map.of("status", "DOWN", "components", Map.of("db", Map.of("status", "DOWN", "details",
                    Map.of("error", e + ": " + e.getCause().getCause())))));
        }
        return ResponseEntity.ok().build();
    }

    private static ResponseEntity.BodyBuilder json(int status) {
        return ResponseEntity.status(status).contentType(MediaType.APPLICATION_JSON);
    }

    private void createCustomer(Customer customer) {
        shop.update("INSERT INTO customers (email) VALUES (?)", customer.email());
    }

    @PostMapping("/customers")
    void customers(@RequestBody Customer customer) {
        createCustomer(customer);
    }

    @PostMapping("/customers/import")
    ResponseEntity<?> importCustomers(@RequestBody Customer customer) {
        try {
            createCustomer(customer);
        } catch (DataAccessException e) {
            return json(409).body(Map.of("message", e.getMessage(), "code", "duplicate"));
        }
        return ResponseEntity.ok().build();
    }

    @GetMapping("/invoices/{number}")
    void invoice(@PathVariable int number) {
        throw new ResponseStatusException(HttpStatus.NOT_FOUND, "Invoice " + number + " does not exist.");
    }

    @GetMapping("/invoices/{number}/export")
    ResponseEntity<?> exportInvoice(@PathVariable int number) {
        var statement = "SELECT id, margin_cents FROM customer_ledger WHERE invoice = ?";
        try {
            shop.queryForList(statement, number);
        } catch (DataAccessException e) {
            var trace = new StringWriter();
            e.printStackTrace(new PrintWriter(trace));
            Map<String, Object> body = new LinkedHashMap<>();
            body.put("error", e.getMessage());
            body.put("exception", e.getClass().getName());
            body.put("stackTrace", trace.toString());
            body.put("context", Map.of("database", DATABASE_URL, "attempt", 3));
            return json(500).header("X-Debug-Query", statement).body(body);
        }
        return ResponseEntity.ok().build();
    }

    @PostMapping("/orders")
    Order orders(@Valid @RequestBody Order order) {
        return order;
    }

    @GetMapping("/admin/ledger")
    void ledger() {
        throw new ResponseStatusException(HttpStatus.FORBIDDEN, "Only accountants may open the ledger.");
    }

    @GetMapping("/admin/console")
    void console() {
        var host = java.net.URI.create(DATABASE_URL).getHost();
        throw new ResponseStatusException(HttpStatus.FORBIDDEN, "console is for operators of " + host);
    }

    @GetMapping("/me")
    ResponseEntity<?> me() {
        return json(401).header("WWW-Authenticate", "Bearer realm=\"shop\", error=\"invalid_token\"")
            .body(Map.of("message", "Your session has expired. Please sign in again.", "code", "session_expired"));
    }

    @GetMapping("/limited")
    ResponseEntity<?> limited() {
        return json(429).header("Retry-After", "17")
            .body(Map.of("message", "Too many requests. Try again in 17 seconds."));
    }
}
