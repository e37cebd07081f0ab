package io.github.pgwatchrpc.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.gob.GobWriter;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** What strangers and full disks make of the log. */
class QuietLogTest {

    private static final int PING = 6;
    private static final int ACK = 1;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Queue<ILoggingEvent> events = new ConcurrentLinkedQueue<>();

    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            events.add(event);
        }
    };

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    private ServeOptions options() {
        ServeOptions options = new ServeOptions();
        options.listen = "127.0.0.1:0";
        options.webAddress = "off";
        options.dataDir = directory.resolve("data");
        options.auth = Auth.NONE;
        return options;
    }

    private static Logger root() {
        return ((LoggerContext) LoggerFactory.getILoggerFactory()).getLogger(Logger.ROOT_LOGGER_NAME);
    }

    @BeforeEach
    void listen() {
        appender.start();
        root().addAppender(appender);
    }

    @AfterEach
    void listenNoMore() {
        root().detachAppender(appender);
    }

    private List<String> messages() {
        return events.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }

    private void awaitMessage(String part) throws InterruptedException {
        await(() -> messages().stream().anyMatch(each -> each.contains(part)), part);
    }

    private void await(java.util.function.BooleanSupplier condition, String what) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, () -> what + " in " + messages());
            Thread.sleep(20);
        }
    }

    private static double count(Server server, String name) {
        return server.metrics()
                .scrape()
                .lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .sum();
    }

    @Test
    void resetsBeforeAProtocolIsKnownAreALineAndACount() throws Exception {
        try (Server server = Server.start(options())) {
            for (int i = 0; i < 500; i++) {
                try (Socket socket = new Socket(
                        server.address().getAddress(), server.address().getPort())) {
                    socket.getOutputStream().write("CON".getBytes(US_ASCII));
                    socket.setSoLinger(true, 0);
                }
            }
            await(
                    () -> count(server, "pgwatch_rpc_connections_closed_total{reason=\"cut\"}")
                                    + count(server, "pgwatch_rpc_connections_closed_total{reason=\"peer\"}")
                            >= 500,
                    "500 ends");
            assertTrue(
                    count(server, "pgwatch_rpc_connections_closed_total{reason=\"cut\"}") > 0,
                    "some were read before they were reset");
        }
        long characters = events.stream()
                .mapToLong(each -> each.getFormattedMessage().length()
                        + (each.getThrowableProxy() == null
                                ? 0
                                : ThrowableProxyUtil.asString(each.getThrowableProxy())
                                        .length()))
                .sum();
        assertTrue(characters < 5_000, () -> characters + " characters in " + messages());
    }

    @Test
    void aTypesNameWritesNoLineOfItsOwn() throws Exception {
        String name = "x\n2026-11-22T22:00:00.000Z ERROR \u001b[31mall is lost";
        GobWriter writer = new GobWriter();
        int message = writer.beginMessage();
        writer.writeInt(-65);
        writer.writeUint(3);
        writer.writeUint(1);
        writer.writeUint(1);
        writer.writeString(name);
        writer.writeUint(1);
        writer.writeInt(65);
        writer.writeUint(0);
        writer.writeUint(1);
        writer.writeUint(1);
        writer.writeUint(1);
        writer.writeString("Field");
        writer.writeUint(1);
        writer.writeInt(6);
        writer.writeUint(0);
        writer.writeUint(0);
        writer.writeUint(0);
        writer.endMessage(message);
        message = writer.beginMessage();
        writer.writeInt(65);
        writer.writeUint(0);
        writer.endMessage(message);
        try (Server server = Server.start(options());
                Socket socket = new Socket(
                        server.address().getAddress(), server.address().getPort())) {
            socket.getOutputStream().write(writer.array(), 0, writer.size());
            awaitMessage("all is lost");
        }
        for (String each : messages()) {
            assertTrue(each.chars().noneMatch(Character::isISOControl), each);
        }
    }

    @Test
    void aFullSpoolIsALineAndACount() throws Exception {
        ServeOptions options = options();
        options.sinks = List.of("outcome:retry");
        options.spoolMaxBytes = 64 << 10;
        try (Server server = Server.start(options);
                NetRpcTraffic client =
                        NetRpcTraffic.connect(Target.of(Target.Protocol.NET_RPC, server.address(), null), null)) {
            for (int i = 0; i < 300; i++) {
                int bytes = (65 << 10) + i;
                assertThrows(RpcException.class, () -> client.send(Envelopes.ofBytes(bytes)));
            }
        }
        List<String> told = messages().stream()
                .filter(each -> each.contains("spool is full"))
                .toList();
        assertTrue(!told.isEmpty() && told.size() <= 10, told::toString);
    }

    @Test
    void aGrpcClientIsNotToBeRestarted() throws Exception {
        try (Server server = Server.start(options())) {
            try (Socket socket =
                    new Socket(server.address().getAddress(), server.address().getPort())) {
                socket.getOutputStream().write(halfACall());
                awaitPong(new DataInputStream(socket.getInputStream()));
            }
            awaitMessage("after 1 calls");
        }
        for (String each : messages()) {
            assertFalse(each.contains("restart"), each);
        }
        assertEquals(
                1,
                messages().stream()
                        .filter(each -> each.contains("connects again by itself"))
                        .count());
    }

    /** Frames are answered in their order, so the call has been read too. */
    private static void awaitPong(DataInputStream in) throws IOException {
        byte[] head = new byte[9];
        do {
            in.readFully(head);
            in.skipNBytes((head[0] & 0xff) << 16 | (head[1] & 0xff) << 8 | (head[2] & 0xff));
        } while (head[3] != PING || head[4] != ACK);
    }

    /** HTTP/2's preface, SETTINGS, a HEADERS frame of a call, the beginning of its message, and a PING. */
    private static byte[] halfACall() throws IOException {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        block.write(0x83); // :method POST
        block.write(0x86); // :scheme http
        literal(block, 4, "/Receiver/UpdateMeasurements"); // :path
        literal(block, 1, "localhost"); // :authority
        block.write(0x0f);
        block.write(16); // content-type, 31 in a prefix of 4 bits
        text(block, "application/grpc");
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII));
        frame(all, 4, 0, 0, new byte[0]);
        frame(all, 1, 4, 1, block.toByteArray());
        frame(all, 0, 0, 1, new byte[] {0, 0, 0, 1, 0, 1});
        frame(all, PING, 0, 0, new byte[8]);
        return all.toByteArray();
    }

    private static void literal(ByteArrayOutputStream block, int name, String value) throws IOException {
        block.write(name);
        text(block, value);
    }

    private static void text(ByteArrayOutputStream block, String value) throws IOException {
        block.write(value.length());
        block.write(value.getBytes(US_ASCII));
    }

    private static void frame(ByteArrayOutputStream out, int type, int flags, int stream, byte[] payload)
            throws IOException {
        out.write(new byte[] {
            0, (byte) (payload.length >> 8), (byte) payload.length, (byte) type, (byte) flags, 0, 0, 0, (byte) stream
        });
        out.write(payload);
    }
}
