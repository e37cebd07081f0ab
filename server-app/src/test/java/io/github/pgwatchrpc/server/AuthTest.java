package io.github.pgwatchrpc.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.delivery.spool.Durability;
import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.auth.ApiKey;
import io.github.pgwatchrpc.rpc.gob.GobWriter;
import io.github.pgwatchrpc.rpc.pgwatch.EnvelopeEncoder;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Keys from the command line to the disk. */
class AuthTest {

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    private ServeOptions options() {
        ServeOptions options = new ServeOptions();
        options.listen = "127.0.0.1:0";
        options.webAddress = "off";
        options.dataDir = directory.resolve("data");
        return options;
    }

    private Path keyFile() {
        return directory.resolve("data").resolve("api-key");
    }

    private String key() throws IOException {
        return Files.readString(keyFile()).strip();
    }

    private static Target target(InetSocketAddress address, @Nullable String key) {
        return Target.of(Target.Protocol.NET_RPC, address, null).withKey(key == null ? "" : key);
    }

    private static NetRpcTraffic connect(Server server, @Nullable String key) throws IOException {
        return NetRpcTraffic.connect(target(server.address(), key), null);
    }

    private static void refused(NetRpcTraffic client, String message) {
        RpcException refused = assertThrows(RpcException.class, () -> client.send(Envelopes.rows(1, 0)));
        assertTrue(refused.getMessage().startsWith(message), refused::getMessage);
    }

    @Test
    void aKeyIsNeededAndARestartMakesAnother() throws Exception {
        String first;
        try (Server server = Server.start(options())) {
            first = key();
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(keyFile())));
            try (NetRpcTraffic good = connect(server, first);
                    NetRpcTraffic none = connect(server, null);
                    NetRpcTraffic wrong = connect(server, "hunter2")) {
                good.send(Envelopes.rows(3, 0));
                refused(none, "authentication required: no key was shown");
                refused(wrong, "authentication failed: what was shown is not a key");
                good.send(Envelopes.rows(3, 0));
            }
            assertEquals(6, server.metrics().storedRows());
            assertEquals(6, server.metrics().receivedRows());
            assertTrue(server.metrics().scrape().contains("pgwatch_rpc_auth_decisions_total{outcome=\"missing\"} 1.0"));
        }
        try (Server server = Server.start(options());
                NetRpcTraffic old = connect(server, first);
                NetRpcTraffic fresh = connect(server, key())) {
            assertNotEquals(first, key());
            refused(old, "authentication failed: this is the key of the receiver's last start");
            fresh.send(Envelopes.rows(1, 0));
            assertTrue(
                    printed(server).contains("the key of the last start stopped working now; --api-key keep keeps it"),
                    printed(server));
        }
        ServeOptions keep = options();
        keep.apiKey = ApiKeyMode.KEEP;
        String kept = key();
        try (Server server = Server.start(keep);
                NetRpcTraffic client = connect(server, kept)) {
            client.send(Envelopes.rows(1, 0));
            assertFalse(printed(server).contains("last start"), printed(server));
        }
    }

    private static String printed(Server server) {
        StringWriter out = new StringWriter();
        ServeCommand.print(new picocli.CommandLine(new ServeCommand()).setOut(new PrintWriter(out)), server);
        return out.toString();
    }

    /** What a logger was told meanwhile. */
    private static List<String> logged(String name, Callable<?> action) throws Exception {
        ch.qos.logback.classic.Logger logger = (ch.qos.logback.classic.Logger) org.slf4j.LoggerFactory.getLogger(name);
        ch.qos.logback.core.read.ListAppender<ch.qos.logback.classic.spi.ILoggingEvent> lines =
                new ch.qos.logback.core.read.ListAppender<>();
        lines.start();
        logger.addAppender(lines);
        try {
            action.call();
        } finally {
            logger.detachAppender(lines);
        }
        return lines.list.stream().map(each -> each.getFormattedMessage()).toList();
    }

    @ParameterizedTest
    @CsvSource({"NONE, , start auth=none", "KEY, 10.0.0.0/8, start auth=key trust=[10.0.0.0/8]"})
    void aStartThatNeedsNoKeysIsNoted(Auth auth, @Nullable String trusted, String line) throws Exception {
        ServeOptions options = options();
        options.auth = auth;
        options.trust = trusted == null ? List.of() : List.of(trusted);
        assertEquals(List.of(line), logged("io.github.pgwatchrpc.audit", () -> {
            Server.start(options).close();
            return "";
        }));
    }

    @ParameterizedTest
    @CsvSource({
        "hunter2, PGWATCH_RPC_SERVER_PASSWORD IS EASILY GUESSED: it has fewer than 16 characters",
        "passwordpassword, PGWATCH_RPC_SERVER_PASSWORD IS EASILY GUESSED: it has too few different",
        "4c0b7d1e9f2a8365 4c1d, PGWATCH_RPC_SERVER_PASSWORD is not a key",
        "KEY, ''",
    })
    void aPasswordOfAPersonsMakingIsWarnedAbout(String password, String warning) throws Exception {
        ServeOptions options = options();
        options.serverUsername = "joe";
        options.serverPassword =
                password.equals("KEY") ? ApiKey.generate(new SecureRandom()).text() : password;
        List<String> lines = logged(Access.class.getName(), () -> {
            Server.start(options).close();
            return "";
        });
        assertEquals(warning.isEmpty() ? 0 : 1, lines.size(), lines::toString);
        assertTrue(warning.isEmpty() || lines.get(0).startsWith(warning), lines::toString);
        assertFalse(lines.toString().contains(password), "the password is in the log");
    }

    @Test
    void scopesAndLimitsOfAKeyHoldAndItsTrafficIsCounted() throws Exception {
        Path ring = directory.resolve("keys");
        String[] bounds = {"--scope=write", "--rows=1/s"};
        Ran added = Ran.command("keys", "add", "berlin", "--keys=" + ring, bounds[0], bounds[1]);
        String berlin = added.out().strip();
        Ran list = Ran.command("keys", "list", "--keys=" + ring);
        assertTrue(
                list.out().lines().anyMatch(line -> line.matches("berlin +good .* write +\\* +rows=1/s")), list::out);
        ServeOptions options = options();
        options.keys = ring;
        try (Server server = Server.start(options)) {
            KeyMetrics shown = new KeyMetrics(server.metrics(), server.access()::usages);
            for (Target.Protocol protocol : Target.Protocol.values()) {
                Target target = Target.of(protocol, server.address(), null).withKey(berlin);
                try (Traffic.Client client = target.connect(null)) {
                    if (protocol == Target.Protocol.GRPC) {
                        // more than the rate in one piece, and then it is worked off for hours
                        client.send(Envelopes.rows(10_000, 0));
                    }
                    RpcException refused = assertThrows(RpcException.class, () -> client.send(Envelopes.rows(1, 0)));
                    assertTrue(
                            refused.getMessage()
                                    .matches("receiver limits the key berlin: rows beyond its rate: \\d+ "
                                            + "\\(expected: < 10, 10 s of rows=1/s\\)"),
                            refused::getMessage);
                    shown.refresh();
                    assertTrue(server.metrics().scrape().contains("pgwatch_rpc_key_connections{key=\"berlin\"} 1.0"));
                }
            }
            shown.refresh();
            String metrics = server.metrics().scrape();
            for (String each : List.of(
                    "calls_total{key=\"berlin\"} 4.0", // with the ping
                    "rows_total{key=\"berlin\"} 10000.0",
                    "calls_limited_total{key=\"berlin\"} 2.0")) {
                assertTrue(metrics.contains("pgwatch_rpc_key_" + each), metrics);
            }
            assertTrue(metrics.contains("pgwatch_rpc_auth_decisions_total{outcome=\"limit\"} 2.0"), metrics);
            assertEquals(10_000, server.metrics().storedRows());
            // a name that is gone leaves nothing behind
            Files.writeString(ring, "# nobody\n");
            server.access().reload();
            shown.refresh();
            assertFalse(server.metrics().scrape().contains("berlin"), server.metrics()::scrape);
        }
    }

    @Test
    void namedKeysComeAndGoWhileItRuns() throws Exception {
        Path ring = directory.resolve("keys");
        Ran added = Ran.command("keys", "add", "berlin", "--keys=" + ring, "--databases=shop", "--expires=1d");
        assertEquals(ExitCode.FINE, added.code(), added::err);
        String berlin = added.out().strip();
        assertTrue(berlin.startsWith(ApiKey.PREFIX), added::out);
        ServeOptions options = options();
        options.keys = ring;
        try (Server server = Server.start(options);
                NetRpcTraffic client = connect(server, berlin)) {
            RpcException other = assertThrows(RpcException.class, () -> client.send(Envelopes.rows(1, 0)));
            assertEquals("the key berlin is not good for this database", other.getMessage());
            assertEquals(
                    ExitCode.FINE,
                    Ran.command("keys", "revoke", "berlin", "--keys", ring.toString())
                            .code());
            String paris =
                    Ran.command("keys", "add", "paris", "--keys=" + ring).out().strip();
            server.access().reload();
            refused(client, "authentication failed: the key berlin was revoked at ");
            try (NetRpcTraffic second = connect(server, paris)) {
                second.send(Envelopes.rows(1, 0));
            }
        }
        Ran list = Ran.command("keys", "list", "--keys=" + ring);
        assertTrue(list.out().lines().anyMatch(line -> line.matches("berlin +revoked .*")), list::out);
        assertTrue(list.out().lines().anyMatch(line -> line.matches("paris +good .*")), list::out);
        assertFalse(list.out().contains(ApiKey.PREFIX), list::out);
    }

    @Test
    void aGivenKeyIsReadAgainWhenItChanges() throws Exception {
        Path given = directory.resolve("secret");
        String first = Ran.command("key", "--generate").out().strip();
        Files.writeString(given, first);
        Files.setPosixFilePermissions(given, PosixFilePermissions.fromString("r--r-----"));
        ServeOptions options = options();
        options.apiKeyFile = given;
        try (Server server = Server.start(options);
                NetRpcTraffic client = connect(server, first)) {
            client.send(Envelopes.rows(1, 0));
            assertFalse(Files.exists(keyFile()));
            String second = ApiKey.generate(new SecureRandom()).text();
            Files.writeString(directory.resolve("next"), second);
            Files.setPosixFilePermissions(directory.resolve("next"), PosixFilePermissions.fromString("r--r-----"));
            Files.move(directory.resolve("next"), given, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
            server.access().reload();
            refused(client, "authentication failed: ");
            try (NetRpcTraffic fresh = connect(server, second)) {
                fresh.send(Envelopes.rows(1, 0));
            }
        }
    }

    @Test
    void trustedNetworksNeedNone() throws Exception {
        ServeOptions options = options();
        options.trust = List.of("10.0.0.0/8", "127.0.0.0/8");
        try (Server server = Server.start(options);
                NetRpcTraffic client = connect(server, null)) {
            client.send(Envelopes.rows(1, 0));
            assertTrue(server.metrics().scrape().contains("pgwatch_rpc_auth_trusted_networks 2.0"));
            assertTrue(server.metrics().scrape().contains("pgwatch_rpc_auth_decisions_total{outcome=\"trusted\"} 1.0"));
        }
    }

    /** Whoever mixes up two options must not find the key in a terminal's history or in the journal. */
    @Test
    void noErrorShowsAKey() throws Exception {
        String key = ApiKey.generate(new SecureRandom()).text();
        String data = "--data-dir=" + directory.resolve("data");
        Path config = Files.writeString(directory.resolve("c.yaml"), "trust: " + key + "\n");
        for (Ran ran : List.of(
                Ran.command("serve", data, "--trust=" + key),
                Ran.command("serve", data, "--listen=" + key),
                Ran.command("serve", data, "--sink=" + key),
                Ran.command("serve", data, "--sink=jsonfile:x?" + key + "=" + key),
                Ran.command("serve", data, "--ack-timeout=" + key),
                Ran.command("serve", data, "--api-key=" + key),
                Ran.command("serve", data, "--keyss=" + key),
                Ran.command("serve", data, "--config=" + config),
                Ran.command("check", data, "--sink=rpc://h:1?key=" + key),
                Ran.command("load", "--to=grpc://x:" + key + "@127.0.0.1:1", "--seconds=1"),
                Ran.command("inspect", key),
                Ran.command(key))) {
            assertNotEquals(ExitCode.FINE, ran.code());
            assertFalse((ran.out() + ran.err()).contains(key), () -> ran.out() + ran.err());
        }
    }

    @Test
    void keyAndCertTellWhereThingsAreAndTheKeyOnlyWhenAsked() throws Exception {
        String data = directory.resolve("data").toString();
        assertEquals(ExitCode.CONFIG, Ran.command("key", "--data-dir=" + data).code());
        assertEquals(ExitCode.CONFIG, Ran.command("cert", "--data-dir=" + data).code());
        try (Server server = Server.start(options())) {
            String key = key();
            Ran told = Ran.command("key", "--data-dir=" + data, "--listen=10.0.0.1:5000");
            assertEquals(ExitCode.FINE, told.code(), told::err);
            assertFalse((told.out() + told.err()).contains(key.substring(7)), "the key was not asked for");
            assertTrue(
                    told.out()
                            .contains("PW_SINK=\"grpc://pgwatch:$(cat '" + keyFile() + "')@10.0.0.1:5000/?sslrootca="),
                    told::out);
            assertEquals(
                    key,
                    Ran.command("key", "--show", "--data-dir=" + data).out().strip());
            Ran cert = Ran.command("cert", "--data-dir=" + data);
            assertTrue(cert.out().contains(server.tls().sha256()) || cert.out().contains("SHA-256"), cert::out);
            assertEquals(
                    ExitCode.FINE,
                    Ran.command("key", "--renew", "--data-dir=" + data).code());
            assertNotEquals(key, key());
            server.access().reload();
            try (NetRpcTraffic old = connect(server, key);
                    NetRpcTraffic fresh = connect(server, key())) {
                refused(old, "authentication failed: ");
                fresh.send(Envelopes.rows(1, 0));
            }
        }
    }

    @Test
    void loadShowsTheKeyOfAFileOrOfItsUri() throws Exception {
        try (Server server = Server.start(options())) {
            String to = "rpc://" + Addresses.print(server.address());
            Ran file = Ran.command("load", "--to=" + to, "--key-file=" + keyFile(), "--seconds=1");
            assertEquals(ExitCode.FINE, file.code(), file::out);
            Ran token = Ran.command("load", "--to=" + to + "?token=" + key(), "--seconds=1");
            assertEquals(ExitCode.FINE, token.code(), token::out);
            Ran none = Ran.command("load", "--to=" + to, "--seconds=1", "--connections=1");
            assertEquals(ExitCode.FAILED, none.code());
            assertTrue(none.out().contains("authentication required"), none::out);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "--trust x, --trust: network: x",
        "--trust 10.0.0.1/8, --trust: network: 10.0.0.1/8 has bits set",
        "--auth certificate, --auth certificate without --tls-client-ca",
        "--api-key-file /no/such, --api-key-file: /no/such: there is no such file",
        "--keys /no/such, --keys: /no/such: there is no such file",
        "--server-username joe, PGWATCH_RPC_SERVER_USERNAME without",
    })
    void wrongSettingsAreToldAtTheStart(String option, String message) {
        List<String> args = new ArrayList<>(
                List.of("serve", "--listen=127.0.0.1:0", "--web-addr=off", "--data-dir=" + directory.resolve("data")));
        args.addAll(List.of(option.split(" ", -1)));
        Ran ran = Ran.command(args.toArray(String[]::new));
        assertEquals(ExitCode.CONFIG, ran.code(), ran::err);
        assertTrue(ran.errLines().get(0).contains(message), ran::err);
    }

    @Test
    void aKeyFileThatOthersCanReadStopsTheStart() throws Exception {
        Server.start(options()).close();
        Files.setPosixFilePermissions(keyFile(), PosixFilePermissions.fromString("rw-r-----"));
        ConfigException refused = assertThrows(ConfigException.class, () -> Server.start(options()));
        assertTrue(refused.getMessage().contains("api-key: mode rw-r-----"), refused::getMessage);
    }

    /** Each has an error in its protocol, a line of the audit log and nothing else. */
    @ParameterizedTest
    @CsvSource({
        "NET_RPC, long, too_long, what was shown is not a key: ",
        "NET_RPC, control, malformed, what was shown is not a key: ",
        "NET_RPC, newline, malformed, what was shown is not a key: ",
        "NET_RPC, two, ambiguous, more than one key or user name was shown",
        "GRPC, 2k, too_long, what was shown is not a key: ",
        "GRPC, truncated, malformed, what was shown is not a key: ",
    })
    void oddKeysAreRefusedAndNoted(Target.Protocol protocol, String what, String outcome, String message)
            throws Exception {
        ch.qos.logback.classic.Logger audit =
                (ch.qos.logback.classic.Logger) org.slf4j.LoggerFactory.getLogger("io.github.pgwatchrpc.audit");
        ch.qos.logback.core.read.ListAppender<ch.qos.logback.classic.spi.ILoggingEvent> lines =
                new ch.qos.logback.core.read.ListAppender<>();
        lines.start();
        audit.addAppender(lines);
        try (Server server = Server.start(options())) {
            String odd = switch (what) {
                case "long" -> "x".repeat(64 << 10);
                case "2k" -> "x".repeat(2 << 10);
                case "control" -> key() + '\u0007';
                case "newline" -> key() + '\n';
                case "truncated" -> key().substring(0, 50);
                default -> key();
            };
            MeasurementEnvelope envelope = what.equals("two")
                    ? new EnvelopeBuilder()
                            .database("db")
                            .metric("m")
                            .customTag(
                                    "pgwatch_rpc_key",
                                    ApiKey.generate(new SecureRandom()).text())
                            .row(Map.of("v", 1L))
                            .build()
                    : Envelopes.rows(1, 0);
            Target target = Target.of(protocol, server.address(), null).withKey(odd);
            RpcException refused = assertThrows(RpcException.class, () -> {
                try (Traffic.Client client = target.connect(null)) {
                    client.send(envelope);
                }
            });
            assertTrue(refused.getMessage().startsWith("authentication failed: " + message), refused::getMessage);
            assertEquals(0, server.metrics().receivedRows());
            assertTrue(
                    server.metrics()
                            .scrape()
                            .contains("pgwatch_rpc_auth_decisions_total{outcome=\"" + outcome + "\"} 1.0"),
                    outcome);
        } finally {
            audit.detachAppender(lines);
        }
        assertEquals(1, lines.list.size(), lines.list::toString);
        String line = lines.list.get(0).getFormattedMessage();
        assertTrue(line.startsWith("refused outcome=" + outcome + " peer=/127.0.0.1:"), line);
        assertFalse(line.contains("xxxx") || line.contains(ApiKey.PREFIX), line);
    }

    /** The Go receiver's variables are options of this one. */
    @Test
    void theGoReceiversVariablesCount() {
        ServeOptions options = new ServeOptions();
        picocli.CommandLine line = Main.withTypes(new picocli.CommandLine(options));
        line.setDefaultValueProvider(new Settings(
                Map.of(
                        "PGWATCH_RPC_SERVER_USERNAME", "joe",
                        "PGWATCH_RPC_SERVER_PASSWORD", "secret",
                        "PGWATCH_RPC_SERVER_CERT", "c.pem",
                        "PGWATCH_RPC_SERVER_KEY", "k.pem"),
                Map.of()));
        line.parseArgs();
        assertEquals("joe", options.serverUsername);
        assertEquals("secret", options.serverPassword);
        assertEquals(Path.of("c.pem"), options.tlsCert);
        assertEquals(Path.of("k.pem"), options.tlsKey);
    }

    // ---- brute force ----

    private static final int GUESSES = 100_000;
    private static final int ATTACKERS = 40;

    /** How long answers take is printed and not judged: that is the machine's business. */
    @Test
    void manyWrongKeysFromOneAddressLetNobodyInAndLeaveOthersAlone() throws Exception {
        ServeOptions options = options();
        options.listen = "0.0.0.0:0";
        options.durability = Durability.FLUSH;
        try (Server server = Server.start(options)) {
            InetSocketAddress address = Addresses.local(server.address());
            try (NetRpcTraffic client = NetRpcTraffic.connect(target(address, key()), null)) {
                measure(client, new CompletableFuture<>().orTimeout(1, TimeUnit.SECONDS));
                Histogram quiet = measure(client, new CompletableFuture<>().orTimeout(2, TimeUnit.SECONDS));
                List<CompletableFuture<Void>> attacks = new ArrayList<>();
                for (int i = 0; i < ATTACKERS; i++) {
                    attacks.add(CompletableFuture.runAsync(() -> attack(address, GUESSES / ATTACKERS), run -> {
                        Thread thread = new Thread(run, "attacker");
                        thread.setDaemon(true);
                        thread.start();
                    }));
                }
                CompletableFuture<Void> attack = CompletableFuture.allOf(attacks.toArray(CompletableFuture[]::new));
                Histogram attacked = measure(client, attack);
                attack.join();
                System.out.printf(
                        "valid calls, p99: %.2f ms of %d without, %.2f ms of %d with %d wrong keys from another"
                                + " address%n",
                        quiet.getValueAtPercentile(99) / 1e6,
                        quiet.getTotalCount(),
                        attacked.getValueAtPercentile(99) / 1e6,
                        attacked.getTotalCount(),
                        GUESSES);
            }
            String metrics = server.metrics().scrape();
            assertEquals(GUESSES, count(metrics, "unknown"));
            assertEquals(server.metrics().receivedRows(), server.metrics().storedRows());
            assertEquals(
                    server.metrics().storedRows(), count(metrics, "key"), "one row a valid call, and nobody else's");
            // others come in as before
            try (NetRpcTraffic late = NetRpcTraffic.connect(target(address, key()), null)) {
                late.send(Envelopes.rows(1, 0));
            }
        }
    }

    private static double count(String metrics, String outcome) {
        String name = "pgwatch_rpc_auth_decisions_total{outcome=\"" + outcome + "\"} ";
        return metrics.lines()
                .filter(line -> line.startsWith(name))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length())))
                .sum();
    }

    /** Calls until the end of something else, all of which must succeed. */
    private static Histogram measure(NetRpcTraffic client, CompletableFuture<?> end) throws IOException {
        Histogram histogram = new Histogram(3);
        do {
            long begin = System.nanoTime();
            client.send(Envelopes.rows(1, 0));
            histogram.recordValue(System.nanoTime() - begin);
        } while (!end.isDone());
        return histogram;
    }

    /** Sends calls with wrong keys as fast as they are taken, from another address of this machine, and reads the answers. */
    private static void attack(InetSocketAddress address, int guesses) {
        SecureRandom random = new SecureRandom();
        try (Socket socket =
                new Socket(address.getAddress(), address.getPort(), InetAddress.getByName("127.0.0.2"), 0)) {
            Thread reader = new Thread(() -> drain(socket), "attacker-reads");
            reader.setDaemon(true);
            reader.start();
            GobWriter writer = new GobWriter();
            defineRequest(writer);
            for (int i = 0; i < guesses; i++) {
                int header = writer.beginMessage();
                writer.writeInt(REQUEST);
                writer.writeUint(1);
                writer.writeString("Receiver.UpdateMeasurements");
                writer.writeUint(1);
                writer.writeUint(i + 1L);
                writer.writeUint(0);
                writer.endMessage(header);
                // an encoder each, since each key is another one; only the first describes the types
                GobWriter argument = new GobWriter();
                EnvelopeEncoder encoder =
                        new EnvelopeEncoder(argument, ApiKey.generate(random).text());
                encoder.encode(Envelopes.rows(1, 0));
                int definitions = argument.size();
                if (i > 0) {
                    encoder.encode(Envelopes.rows(1, 0));
                    socket.getOutputStream().write(writer.array(), 0, writer.size());
                    socket.getOutputStream().write(argument.array(), definitions, argument.size() - definitions);
                } else {
                    socket.getOutputStream().write(writer.array(), 0, writer.size());
                    socket.getOutputStream().write(argument.array(), 0, argument.size());
                }
                writer.truncate(0);
            }
            socket.shutdownOutput();
            reader.join();
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    static final int REQUEST = 500;

    static void defineRequest(GobWriter writer) {
        int message = writer.beginMessage();
        writer.writeInt(-REQUEST);
        writer.writeUint(3);
        writer.writeUint(1);
        writer.writeUint(1);
        writer.writeString("Request");
        writer.writeUint(1);
        writer.writeInt(REQUEST);
        writer.writeUint(0);
        writer.writeUint(1);
        writer.writeUint(2);
        writer.writeUint(1);
        writer.writeString("ServiceMethod");
        writer.writeUint(1);
        writer.writeInt(6);
        writer.writeUint(0);
        writer.writeUint(1);
        writer.writeString("Seq");
        writer.writeUint(1);
        writer.writeInt(3);
        writer.writeUint(0);
        writer.writeUint(0);
        writer.writeUint(0);
        writer.endMessage(message);
    }

    private static void drain(Socket socket) {
        byte[] buffer = new byte[64 << 10];
        try (InputStream in = socket.getInputStream()) {
            while (in.read(buffer) >= 0) {
                // the answers do not matter here, the counters tell
            }
        } catch (IOException e) {
            // the connection was closed
        }
    }
}
