package io.github.pgwatchrpc.server;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.management.UnixOperatingSystemMXBean;
import io.github.pgwatchrpc.delivery.Delivery;
import io.github.pgwatchrpc.delivery.DeliveryConfig;
import io.github.pgwatchrpc.delivery.spool.SpoolInUseException;
import io.github.pgwatchrpc.delivery.spool.SpoolSettings;
import io.github.pgwatchrpc.delivery.worker.SinkTarget;
import io.github.pgwatchrpc.rpc.Authenticator;
import io.github.pgwatchrpc.rpc.Faults;
import io.github.pgwatchrpc.rpc.MemoryBudgets;
import io.github.pgwatchrpc.rpc.Permit;
import io.github.pgwatchrpc.rpc.auth.CurrentCertificates;
import io.github.pgwatchrpc.rpc.auth.ReloadingKeys;
import io.github.pgwatchrpc.rpc.listen.RpcListener;
import io.github.pgwatchrpc.rpc.tls.ClientCertificates;
import io.github.pgwatchrpc.rpc.tls.ClientTls;
import io.github.pgwatchrpc.rpc.tls.ServerTls;
import io.github.pgwatchrpc.rpc.tls.TlsException;
import io.github.pgwatchrpc.rpc.tls.TlsStatus;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The running receiver. Measurements flow one way: port, codec, acceptance, delivery. Started in the order in which a part
 * needs the next, stopped in the opposite one: first nobody may call any more, then what was accepted is delivered, as far
 * as there is time; the rest is on disk.
 */
final class Server implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Server.class);

    /** Calls in flight may take this long when the receiver stops; with the rest it stays below ten seconds. */
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(4);

    /** The sinks may take this long for what they have not got yet; what is left stays on disk. */
    private static final Duration DELIVERY_PATIENCE = Duration.ofSeconds(5);

    /** The same when the start has failed. */
    private static final Duration UNWIND_PATIENCE = Duration.ofSeconds(1);

    /** An event loop is given so long to answer: far longer than anything that it does, or a collection of garbage, takes. */
    private static final Duration LOOP_PATIENCE = Duration.ofSeconds(20);

    /**
     * Files that are not for connections: the spool, sinks, the receiver's own, more than it ever has open with ten sinks;
     * and those of the web address.
     */
    private static final long FILES_OF_OWN = 100L + WebServer.Limits.DEFAULT.connections();

    /** How often it is looked whether all is delivered, when somebody waits for that. */
    private static final long LOOK_MILLIS = 20;

    /** The delivery's files in the data directory. */
    static final String SPOOL = "spool";

    private final DataDirectory data;
    private final ServerMetrics metrics;
    private final Delivery delivery;
    private final Acceptance acceptance;
    private final RpcListener listener;
    private final ServerTls tls;
    private final Access access;
    private final Plaintext plaintext;
    private final Watch watch;
    private final @Nullable WebServer web;
    private final List<Destination> sinks;
    private final List<String> removed;
    private final SinkMetrics sinkMetrics;
    private final KeyMetrics keyMetrics;
    private final Instant started = Instant.now();
    private volatile boolean stopping;

    private Server(
            DataDirectory data,
            ServerMetrics metrics,
            Delivery delivery,
            Acceptance acceptance,
            RpcListener listener,
            ServerTls tls,
            Access access,
            Plaintext plaintext,
            Watch watch,
            @Nullable WebServer web,
            List<Destination> sinks,
            List<String> removed) {
        this.data = data;
        this.metrics = metrics;
        this.delivery = delivery;
        this.acceptance = acceptance;
        this.listener = listener;
        this.tls = tls;
        this.access = access;
        this.plaintext = plaintext;
        this.watch = watch;
        this.web = web;
        this.sinks = List.copyOf(sinks);
        this.removed = List.copyOf(removed);
        this.sinkMetrics = new SinkMetrics(delivery, this.sinks, metrics);
        this.keyMetrics = new KeyMetrics(metrics, access::usages);
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
            // Java takes a quarter of a second to load what TLS needs, and the rest does not have to wait for it
            Meanwhile<ServerTls> openingTls = unwind.add(new Meanwhile<>(() -> openTls(options, data.path())));
            ServerMetrics metrics = unwind.add(new ServerMetrics());
            Access access = Access.open(options, data.path(), metrics::decided);
            Plugins plugins = unwind.add(Plugins.load(options.pluginDir));
            plugins.problems().forEach(LOG::warn);
            List<Destination> sinks =
                    Destination.all(plugins.sinks(), options.sinks, data.path(), options.durability, options.newSink);
            int connections = maxConnections();
            MemoryShares memory = shares(connections, sinks);
            Delivery delivery = openDelivery(options, data.path(), sinks, memory);
            unwind.add(() -> delivery.close(UNWIND_PATIENCE));
            warnOfFullDisk(data.path(), options.spoolMinFree);
            Acceptance acceptance = unwind.add(new Acceptance(delivery, metrics));
            ServerTls tls = openingTls.result();
            Watch watch = unwind.add(new Watch(tls, access));
            WebServer web =
                    webAddress == null ? null : unwind.add(openWeb(webAddress, hosts(options, webAddress, tls)));
            RpcListener listener = unwind.add(listen(
                    listen,
                    acceptance,
                    metrics,
                    tls,
                    authenticator(options, access, tls, metrics),
                    options.plaintext,
                    connections,
                    memory.budgets()));
            Server server = new Server(
                    data,
                    metrics,
                    delivery,
                    acceptance,
                    listener,
                    tls,
                    access,
                    options.plaintext,
                    watch,
                    web,
                    sinks,
                    removed(delivery, sinks));
            server.showOnWeb();
            new LastStart(server.address(), options.plaintext, server.authorityFile()).write(data.path());
            // after the port is open: pgwatch is not to wait while sinks load what they need
            delivery.begin();
            unwind.keep();
            return server;
        }
    }

    private static MemoryShares shares(int connections, List<Destination> sinks) throws ConfigException {
        try {
            MemoryShares memory = MemoryShares.of(
                    connections, sinks.stream().map(Destination::target).toList());
            LOG.debug("memory: {}", memory);
            return memory;
        } catch (ConfigException e) {
            Destination.close(sinks);
            throw e;
        }
    }

    private static Delivery openDelivery(ServeOptions options, Path data, List<Destination> sinks, MemoryShares memory)
            throws ConfigException {
        Path directory = data.resolve(SPOOL);
        try {
            examineSpool(options);
        } catch (ConfigException e) {
            Destination.close(sinks);
            throw e;
        }
        DeliveryConfig config = DeliveryConfig.builder(directory)
                .durability(options.durability)
                .ackTimeout(options.ackTimeout)
                .maxBytes(options.spoolMaxBytes)
                .minFreeBytes(options.spoolMinFree)
                .waitingBytes(memory.waiting())
                .recentBytes(memory.recent())
                .build();
        List<SinkTarget> targets = sinks.stream().map(Destination::target).toList();
        List<SinkTarget> fitting = memory.fit(targets);
        if (!fitting.equals(targets)) {
            LOG.info(
                    "sinks: they write fewer or smaller batches at a time than they could, since all of them share {} MiB "
                            + "of the heap (PGWATCH_RPC_JAVA_OPTS=-Xmx... gives more)",
                    memory.sinks() >> 20);
        }
        try {
            return Delivery.openHeld(config, fitting);
        } catch (IOException e) {
            Destination.close(sinks);
            throw e instanceof SpoolInUseException
                    ? new ConfigException(String.valueOf(e.getMessage()), "one process at a time can use it", e)
                    : new ConfigException(
                            directory + ": the spool cannot be opened: " + e,
                            "check the free space, and that this user can write there",
                            e);
        }
    }

    /**
     * Looks at what the options say of the spool.
     *
     * @throws ConfigException if it cannot work
     */
    static void examineSpool(ServeOptions options) throws ConfigException {
        if (options.spoolMaxBytes < SpoolSettings.MIN_BYTES) {
            throw new ConfigException(
                    "--spool-max-bytes: " + options.spoolMaxBytes + " (expected: >= " + SpoolSettings.MIN_BYTES + ")",
                    "for example --spool-max-bytes 10GB");
        }
    }

    /** Not an end: room may come back. But who has just started it is looking now, and the first call would be lost. */
    private static void warnOfFullDisk(Path data, long minFree) {
        try {
            long free = Files.getFileStore(data).getUsableSpace();
            if (free < minFree) {
                LOG.warn(
                        "{}: bytes free on its disk: {} (expected: >= {}, --spool-min-free): calls get an error until"
                                + " there is room",
                        data,
                        free,
                        minFree);
            }
        } catch (IOException e) {
            LOG.warn("{}: what is free on its disk cannot be told: {}", data, e.toString());
        }
    }

    /** Sinks that are not there any more and whose backlog is kept. */
    private static List<String> removed(Delivery delivery, List<Destination> sinks) {
        List<String> removed = new ArrayList<>();
        try {
            delivery.accounts().forEach((name, account) -> {
                if (sinks.stream().noneMatch(each -> each.target().name().equals(name))) {
                    removed.add(name);
                    LOG.warn(
                            "sink {} is not there any more; {} rows are kept for it until 'pgwatch-rpc spool forget'"
                                    + " drops them",
                            name,
                            account.waiting() + account.dead());
                }
            });
        } catch (IOException e) {
            LOG.warn("dead letters of a sink that is not there any more: {}", e.toString());
        }
        return removed;
    }

    /** Where clients show certificates, those whose authority was taken away are refused first, key or not. */
    private static Optional<Authenticator> authenticator(
            ServeOptions options, Access access, ServerTls tls, ServerMetrics metrics) {
        return options.tlsClientCa == null
                ? access.authenticator()
                : Optional.of(new CurrentCertificates(
                        tls::wouldTrust,
                        metrics::decided,
                        access.authenticator().orElse((shown, peer, before) -> Permit.EVERYTHING)));
    }

    private static RpcListener listen(
            InetSocketAddress address,
            Acceptance acceptance,
            ServerMetrics metrics,
            ServerTls tls,
            Optional<Authenticator> authenticator,
            Plaintext plaintext,
            int connections,
            MemoryBudgets memory)
            throws ConfigException {
        RpcListener.Builder builder = RpcListener.builder()
                .observer(metrics)
                .maxConnections(connections)
                .memory(memory)
                .firstRequest(Protocols.LIMITS.firstRequest());
        Protocols.all(acceptance, metrics, tls.context(), plaintext, authenticator)
                .forEach(builder::protocol);
        try {
            return builder.bind(address);
        } catch (IOException e) {
            throw new ConfigException(
                    "--listen: " + e.getMessage(), "is another program using the port? Port 0 takes a free one", e);
        }
    }

    /** Each connection is an open file, and without one left for the spool nothing could be stored for anybody. */
    private static int maxConnections() {
        int wanted = MemoryShares.connections(Runtime.getRuntime().maxMemory(), Protocols.LIMITS.connections());
        if (!(ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system)) {
            return wanted;
        }
        long files = system.getMaxFileDescriptorCount();
        // a system without a limit says -1
        if (files < 0 || files - FILES_OF_OWN >= wanted) {
            return wanted;
        }
        int possible = (int) Math.max(files - FILES_OF_OWN, files / 2);
        LOG.warn(
                "connections: at most {} (expected: {}), since this process may have only {} files open (ulimit -n)",
                possible,
                wanted,
                files);
        return possible;
    }

    private static ServerTls openTls(ServeOptions options, Path data) throws ConfigException {
        Path certificate = options.tlsCert;
        Path key = options.tlsKey;
        requireTogether(options);
        try {
            ServerTls.Builder builder = certificate != null && key != null
                    ? ServerTls.withFiles(certificate, key)
                    : ServerTls.withAuthority(data.resolve("tls"), options.tlsHosts);
            if (options.tlsClientCa != null) {
                builder.clientCertificates(
                        options.tlsClientCa,
                        Objects.requireNonNullElse(options.tlsClientAuth, ClientCertificates.REQUIRED));
            }
            return builder.open();
        } catch (TlsException e) {
            throw tls(e);
        } catch (IllegalArgumentException e) {
            throw host(e);
        }
    }

    private static ConfigException tls(TlsException e) {
        return new ConfigException("TLS: " + e.getMessage(), e.hint(), e);
    }

    private static ConfigException host(IllegalArgumentException e) {
        return new ConfigException("--tls-host: " + e.getMessage(), "give a host name or an address", e);
    }

    /** What would change nothing is refused: whoever set it takes the port for better guarded than it is. */
    private static void requireTogether(ServeOptions options) throws ConfigException {
        if ((options.tlsCert == null) != (options.tlsKey == null)) {
            throw new ConfigException(
                    options.tlsCert == null ? "--tls-key without --tls-cert" : "--tls-cert without --tls-key",
                    "give both, or neither for a certificate of the receiver's own");
        }
        if (options.tlsCert != null && !options.tlsHosts.isEmpty()) {
            throw new ConfigException(
                    "--tls-host " + options.tlsHosts.get(0) + " with --tls-cert",
                    "a certificate of your own has its own names: leave --tls-host away, and have them put in there");
        }
        if (options.tlsClientAuth != null && options.tlsClientCa == null) {
            throw new ConfigException(
                    "--tls-client-auth without --tls-client-ca",
                    "name the file of the authorities that issue clients' certificates; without it none is asked for");
        }
    }

    /**
     * Looks at what the options say of TLS and at the files that they name, and makes nothing.
     *
     * @throws ConfigException if an option or a file cannot be used
     */
    static void examineTls(ServeOptions options) throws ConfigException {
        requireTogether(options);
        if (options.tlsCert != null) {
            openTls(options, options.dataDir);
            return;
        }
        try {
            // not opened, since that would make an authority
            ServerTls.withAuthority(options.dataDir.resolve("tls"), options.tlsHosts);
            if (options.tlsClientCa != null) {
                ClientTls.trusting(options.tlsClientCa).context();
            }
        } catch (TlsException e) {
            throw tls(e);
        } catch (IllegalArgumentException e) {
            throw host(e);
        }
    }

    /** Looks at the files of certificates and keys from time to time; ends with the server. */
    private static final class Watch implements AutoCloseable {
        private static final String THREAD = "secrets";

        /** A task that has failed once is never run again: revoked keys would stay in use. */
        private volatile boolean failed;

        private final ScheduledExecutorService scheduler =
                new ScheduledThreadPoolExecutor(1, task -> {
                    Thread thread = new Thread(task, THREAD);
                    thread.setDaemon(true);
                    return thread;
                }) {
                    @Override
                    protected void afterExecute(Runnable task, @Nullable Throwable thrown) {
                        if (task instanceof Future<?> future && future.isDone() && !future.isCancelled()) {
                            failed = true;
                            report(future);
                        }
                    }
                };

        private static void report(Future<?> ended) {
            try {
                ended.get();
            } catch (ExecutionException e) {
                Faults.reportIfFatal(e);
                LOG.error("files of keys and certificates are not looked at any more", e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        List<String> deadThreads() {
            return failed ? List.of(THREAD) : List.of();
        }

        @SuppressWarnings("FutureReturnValueIgnored") // ends with the scheduler; reading again does not throw
        Watch(ServerTls tls, Access access) {
            tls.watch(scheduler, ServerTls.CHECK_INTERVAL);
            long interval = ReloadingKeys.CHECK_INTERVAL.toMillis();
            scheduler.scheduleWithFixedDelay(access::reload, interval, interval, TimeUnit.MILLISECONDS);
        }

        @Override
        public void close() {
            scheduler.shutdownNow();
        }
    }

    /** By what names browsers may ask for the status pages: those for which this machine shows a certificate, and more. */
    private static WebHosts hosts(ServeOptions options, InetSocketAddress web, ServerTls tls) throws ConfigException {
        String name = web.getHostString();
        return new WebHosts(
                () -> Stream.concat(Stream.of(name), tls.status().names().stream())
                        .toList(),
                options.webHosts);
    }

    private static WebServer openWeb(InetSocketAddress address, WebHosts hosts) throws ConfigException {
        try {
            return new WebServer(address, hosts, WebServer.Limits.DEFAULT);
        } catch (IOException e) {
            throw new ConfigException(
                    "--web-addr: cannot listen on " + Addresses.print(address) + ": " + e.getMessage(),
                    "is another program using the port? '--web-addr off' does without",
                    e);
        }
    }

    private void showOnWeb() {
        metrics.gauge("pgwatch.rpc.tls.certificate.expiry.seconds", tls, each ->
                (double) each.status().notAfter().getEpochSecond());
        metrics.gauge(
                "pgwatch.rpc.tls.problem",
                tls,
                each -> each.status().problem().map(problem -> 1).orElse(0));
        metrics.gauge("pgwatch.rpc.tls.checks.failed", tls, each ->
                (double) each.status().failedChecks());
        metrics.gauge("pgwatch.rpc.definitions.bytes", delivery, each -> (double) each.definitionBytes());
        metrics.gauge("pgwatch.rpc.auth.required", access, each -> each.mode() == Auth.NONE ? 0 : 1);
        metrics.gauge("pgwatch.rpc.auth.keys", access, Access::keys);
        metrics.gauge(
                "pgwatch.rpc.auth.trusted.networks",
                access,
                each -> each.trusted().size());
        metrics.gauge("pgwatch.rpc.auth.blocked.addresses", access, Access::blockedAddresses);
        metrics.gauge(
                "pgwatch.rpc.auth.files.failing", access, each -> each.problem().isPresent() ? 1 : 0);
        WebServer pages = web;
        if (pages == null) {
            return;
        }
        pages.page("/", () -> WebServer.Page.text(200, "pgwatch-rpc: /liveness /readiness /metrics /api/status"));
        pages.quickPage("/liveness", this::liveness);
        pages.page(
                "/readiness",
                () -> isReady()
                        ? WebServer.Page.text(200, "ready")
                        : WebServer.Page.text(
                                503,
                                stopping
                                        ? "stopping"
                                        : "cannot store: " + delivery.spool().problem()));
        pages.page("/metrics", () -> {
            sinkMetrics.refresh();
            keyMetrics.refresh();
            return new WebServer.Page(200, "text/plain; version=0.0.4; charset=utf-8", metrics.scrape());
        });
        pages.page("/api/status", () -> new WebServer.Page(200, "application/json", status() + "\n"));
        pages.start();
    }

    /** Alive means: every thread is there that is needed to keep what was promised. Made without waiting for any of them. */
    private WebServer.Page liveness() {
        List<String> dead = new ArrayList<>();
        if (!stopping) {
            dead.addAll(listener.unresponsive(LOOP_PATIENCE));
            Stream.concat(delivery.deadThreads().stream(), watch.deadThreads().stream())
                    .forEach(each -> dead.add(each + " has ended"));
        }
        return dead.isEmpty()
                ? WebServer.Page.text(200, "alive")
                : WebServer.Page.text(503, "threads: " + String.join(", ", dead) + " (only a restart mends that)");
    }

    /** Ready means: a call would be stored and answered with success. */
    boolean isReady() {
        return !stopping && delivery.isHealthy();
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
        rows.put("timeout", metrics.lateRows());
        ObjectNode acknowledgement = status.putObject("acknowledgement_ms");
        acknowledgement.put("p50", metrics.acknowledgementMillis(0.5));
        acknowledgement.put("p99", metrics.acknowledgementMillis(0.99));
        TlsStatus certificate = tls.status();
        ObjectNode shown = status.putObject("tls");
        shown.put("subject", certificate.subject());
        shown.put("sha256", certificate.sha256());
        shown.put("not_after", certificate.notAfter().toString());
        certificate.warnings().forEach(shown.putArray("warnings")::add);
        certificate.problem().ifPresent(problem -> shown.put("problem", problem));
        ObjectNode auth = status.putObject("auth");
        auth.put("mode", access.mode().name().toLowerCase(Locale.ROOT));
        auth.put("keys", access.keys());
        access.trusted().forEach(each -> auth.withArray("trusted").add(each.toString()));
        access.problem().ifPresent(problem -> auth.put("problem", problem));
        sinkMetrics.show(status.putObject("spool"), status.putArray("sinks"));
        removed.forEach(status.putArray("removed_sinks")::add);
        return status.toPrettyString();
    }

    InetSocketAddress address() {
        return listener.address();
    }

    @Nullable
    InetSocketAddress webAddress() {
        return web == null ? null : web.address();
    }

    Plaintext plaintext() {
        return plaintext;
    }

    TlsStatus tls() {
        return tls.status();
    }

    /** The file of the authority that clients are to trust; with a certificate of somebody else's, what stands for it. */
    String authorityFile() {
        return tls.status().authority().map(each -> each.file().toString()).orElse("CA-FILE");
    }

    Access access() {
        return access;
    }

    /** Reads the files of certificates again, as is done every half a minute; not for event loops. */
    void reloadTls() {
        tls.check();
    }

    DataDirectory data() {
        return data;
    }

    /** Where measurements go, for people. */
    List<String> places() {
        return sinks.stream().map(Destination::place).toList();
    }

    /** Rows that some sink has not got yet, the most of all sinks. */
    long waitingRows() {
        return delivery.sinks().values().stream()
                .mapToLong(each -> each.account().waiting())
                .max()
                .orElse(0);
    }

    /**
     * Waits until all sinks have everything that was accepted.
     *
     * @return whether they have; if not, it took too long
     */
    boolean awaitDelivered(Duration patience) throws InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        while (waitingRows() > 0) {
            if (System.nanoTime() >= end) {
                return false;
            }
            Thread.sleep(LOOK_MILLIS);
        }
        return true;
    }

    ServerMetrics metrics() {
        return metrics;
    }

    /** Stops taking calls, answers those in flight, delivers what there is time for. Safe to be called again. */
    @Override
    public synchronized void close() {
        if (stopping) {
            return;
        }
        stopping = true;
        listener.stop(STOP_PATIENCE);
        acceptance.close();
        try {
            if (!delivery.close(DELIVERY_PATIENCE)) {
                LOG.warn("a sink or the disk hangs and is left behind; what it has not got is on disk");
            }
        } catch (IOException e) {
            LOG.error("the spool did not close: {}", e.getMessage(), e);
        }
        if (web != null) {
            web.close();
        }
        watch.close();
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
