package io.github.pgwatchrpc.server;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.pgwatchrpc.rpc.detect.Protocol;
import io.github.pgwatchrpc.rpc.listen.RpcListener;
import io.github.pgwatchrpc.rpc.netrpc.NetRpcLimits;
import io.github.pgwatchrpc.rpc.netrpc.NetRpcServer;
import io.github.pgwatchrpc.rpc.pgwatch.ReceiverMethods;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The running receiver. Measurements flow one way: port, codec, acceptance, store. Started in the order in which a part
 * needs the next, stopped in the opposite one: first nobody may call any more, then what was accepted is stored.
 */
final class Server implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Server.class);

    /** Calls in flight may take this long when the receiver stops; with the rest it stays below ten seconds. */
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(6);

    private final DataDirectory data;
    private final ServerMetrics metrics;
    private final Acceptance acceptance;
    private final RpcListener listener;
    private final @Nullable WebServer web;
    private final List<String> sinks;
    private final Instant started = Instant.now();
    private volatile boolean stopping;

    private Server(
            DataDirectory data,
            ServerMetrics metrics,
            Acceptance acceptance,
            RpcListener listener,
            @Nullable WebServer web,
            List<String> sinks) {
        this.data = data;
        this.metrics = metrics;
        this.acceptance = acceptance;
        this.listener = listener;
        this.web = web;
        this.sinks = sinks;
    }

    /**
     * Starts the receiver.
     *
     * @throws ConfigException if a setting cannot work; then nothing is left running
     */
    static Server start(ServeOptions options) throws ConfigException {
        InetSocketAddress listen = Addresses.parse("--listen", options.listen);
        InetSocketAddress webAddress =
                options.webAddress.equals("off") ? null : Addresses.parse("--web-addr", options.webAddress);
        try (Unwind unwind = new Unwind()) {
            DataDirectory data = unwind.add(DataDirectory.open(options.dataDir));
            ServerMetrics metrics = unwind.add(new ServerMetrics());
            SinkStore store = SinkStore.open(options.sinks, data.path(), options.durability);
            Acceptance acceptance = unwind.add(new Acceptance(store, options.ackTimeout, metrics));
            WebServer web = webAddress == null ? null : unwind.add(openWeb(webAddress));
            RpcListener listener = unwind.add(listen(listen, acceptance, metrics));
            Server server = new Server(data, metrics, acceptance, listener, web, store.names());
            server.showOnWeb();
            unwind.keep();
            return server;
        }
    }

    private static RpcListener listen(InetSocketAddress address, Acceptance acceptance, ServerMetrics metrics)
            throws ConfigException {
        NetRpcLimits limits = NetRpcLimits.DEFAULT;
        NetRpcServer netRpc = ReceiverMethods.add(
                        NetRpcServer.builder().limits(limits).observer(metrics), acceptance, Server::epochNanos)
                .build();
        try {
            return RpcListener.builder()
                    .protocol(Protocol.HTTP_CONNECT, netRpc.overHttp())
                    .protocol(Protocol.GOB, netRpc.raw())
                    .observer(metrics)
                    .maxConnections(limits.connections())
                    .firstRequest(limits.firstRequest())
                    .bind(address);
        } catch (IOException e) {
            throw new ConfigException(
                    "--listen: " + e.getMessage(), "is another program using the port? Port 0 takes a free one", e);
        }
    }

    private static WebServer openWeb(InetSocketAddress address) throws ConfigException {
        try {
            return new WebServer(address);
        } catch (IOException e) {
            throw new ConfigException(
                    "--web-addr: cannot listen on " + Addresses.print(address) + ": " + e.getMessage(),
                    "is another program using the port? '--web-addr off' does without",
                    e);
        }
    }

    private static long epochNanos() {
        Instant now = Clock.systemUTC().instant();
        return now.getEpochSecond() * 1_000_000_000L + now.getNano();
    }

    private void showOnWeb() {
        metrics.gauge("pgwatch.rpc.waiting.bytes", acceptance, Acceptance::waitingBytes);
        WebServer pages = web;
        if (pages == null) {
            return;
        }
        pages.page("/", () -> WebServer.Page.text(200, "pgwatch-rpc: /liveness /readiness /metrics /api/status"));
        pages.page("/liveness", () -> WebServer.Page.text(200, "alive"));
        pages.page(
                "/readiness",
                () -> isReady()
                        ? WebServer.Page.text(200, "ready")
                        : WebServer.Page.text(503, stopping ? "stopping" : "cannot store: see the log"));
        pages.page(
                "/metrics",
                () -> new WebServer.Page(200, "text/plain; version=0.0.4; charset=utf-8", metrics.scrape()));
        pages.page("/api/status", () -> new WebServer.Page(200, "application/json", status() + "\n"));
        pages.start();
    }

    /** Ready means: a call would be stored and answered with success. */
    boolean isReady() {
        return !stopping && acceptance.isHealthy();
    }

    private String status() {
        ObjectNode status = new ObjectMapper().createObjectNode();
        status.put("version", String.valueOf(Server.class.getPackage().getImplementationVersion()));
        status.put("started", started.toString());
        status.put("ready", isReady());
        status.put("listen", Addresses.print(listener.address()));
        status.put("connections", metrics.openConnections());
        status.put("calls", metrics.calls());
        ObjectNode rows = status.putObject("rows");
        rows.put("received", metrics.receivedRows());
        rows.put("stored", metrics.storedRows());
        rows.put("refused", metrics.refusedRows());
        ObjectNode acknowledgement = status.putObject("acknowledgement_ms");
        acknowledgement.put("p50", metrics.acknowledgementMillis(0.5));
        acknowledgement.put("p99", metrics.acknowledgementMillis(0.99));
        sinks.forEach(status.putArray("sinks")::add);
        return status.toPrettyString();
    }

    InetSocketAddress address() {
        return listener.address();
    }

    @Nullable
    InetSocketAddress webAddress() {
        return web == null ? null : web.address();
    }

    DataDirectory data() {
        return data;
    }

    List<String> sinks() {
        return sinks;
    }

    ServerMetrics metrics() {
        return metrics;
    }

    /** Stops taking calls, answers those in flight, stores what was accepted. Safe to be called again. */
    @Override
    public synchronized void close() {
        if (stopping) {
            return;
        }
        stopping = true;
        listener.stop(STOP_PATIENCE);
        try {
            acceptance.close();
        } catch (IOException e) {
            LOG.error("the store did not close: {}", e.getMessage(), e);
        }
        if (web != null) {
            web.close();
        }
        metrics.close();
        data.close();
    }

    /** Closes what has been opened so far if a later step fails. */
    private static final class Unwind implements AutoCloseable {
        private final java.util.Deque<AutoCloseable> opened = new java.util.ArrayDeque<>();

        <T extends AutoCloseable> T add(T part) {
            opened.push(part);
            return part;
        }

        void keep() {
            opened.clear();
        }

        @Override
        public void close() {
            for (AutoCloseable each : opened) {
                try {
                    each.close();
                } catch (Exception e) {
                    LOG.warn("while giving up: {}", e.toString());
                }
            }
        }
    }
}
