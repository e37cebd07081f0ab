package io.github.pgwatchrpc.server;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * The web address: {@code /liveness}, {@code /readiness}, {@code /metrics}, {@code /api/status}. It changes nothing and
 * knows no secret. The JDK's own server is enough for a few requests a second.
 */
final class WebServer implements AutoCloseable {

    private final HttpServer http;
    private final ExecutorService threads = Executors.newFixedThreadPool(2, task -> {
        Thread thread = new Thread(task, "web");
        thread.setDaemon(true);
        return thread;
    });

    /** What a page answers. */
    record Page(int status, String type, String body) {
        static Page text(int status, String body) {
            return new Page(status, "text/plain; charset=utf-8", body + "\n");
        }
    }

    WebServer(InetSocketAddress address) throws IOException {
        http = HttpServer.create(address, 16);
        http.setExecutor(threads);
    }

    void page(String path, Supplier<Page> page) {
        http.createContext(path, exchange -> {
            try (exchange) {
                if (!exchange.getRequestURI().getPath().equals(path)) {
                    answer(
                            exchange,
                            Page.text(404, "no such page: try /, /liveness, /readiness, /metrics, /api/status"));
                } else if (!exchange.getRequestMethod().equals("GET")
                        && !exchange.getRequestMethod().equals("HEAD")) {
                    exchange.getResponseHeaders().set("Allow", "GET, HEAD");
                    answer(exchange, Page.text(405, "method: " + exchange.getRequestMethod() + " (expected: GET)"));
                } else {
                    answer(exchange, page.get());
                }
            }
        });
    }

    private static void answer(HttpExchange exchange, Page page) throws IOException {
        byte[] body = page.body().getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", page.type());
        exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
        exchange.getResponseHeaders().set("Cache-Control", "no-store");
        boolean head = exchange.getRequestMethod().equals("HEAD");
        exchange.sendResponseHeaders(page.status(), head ? -1 : body.length);
        if (!head) {
            try (OutputStream out = exchange.getResponseBody()) {
                out.write(body);
            }
        }
    }

    void start() {
        http.start();
    }

    InetSocketAddress address() {
        return http.getAddress();
    }

    @Override
    public void close() {
        http.stop(0);
        threads.shutdownNow();
    }
}
