package io.github.pgwatchrpc.rpc.netrpc;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.pgwatch.Receiver;
import io.github.pgwatchrpc.rpc.pgwatch.ReceiverMethods;
import io.github.pgwatchrpc.rpc.pgwatch.SyncMetric;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Every hex sample of docs/protocol/net-rpc.md, in the page's own order. */
class NetRpcDocumentTest {

    private static final Path PAGE = Path.of("..", "docs", "protocol", "net-rpc.md");
    private static final Pattern SAMPLE = Pattern.compile("```hex (\\S+)\n(.*?)```", Pattern.DOTALL);

    /** Bytes, and behind at least two blanks what they mean. */
    private static final Pattern LINE = Pattern.compile("((?:[0-9a-f]{2} )*[0-9a-f]{2})(?:  .*)?");

    private final Map<String, byte[]> samples = samples();
    private final Set<String> used = new HashSet<>();

    private static Map<String, byte[]> samples() {
        String page;
        try {
            page = Files.readString(PAGE);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        Map<String, byte[]> samples = new LinkedHashMap<>();
        Matcher sample = SAMPLE.matcher(page);
        while (sample.find()) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            for (String line : sample.group(2).split("\n", -1)) {
                if (!line.isBlank()) {
                    Matcher hex = LINE.matcher(line);
                    assertTrue(hex.matches(), line);
                    bytes.writeBytes(HexFormat.ofDelimiter(" ").parseHex(hex.group(1)));
                }
            }
            assertNull(samples.put(sample.group(1), bytes.toByteArray()), sample.group(1));
        }
        return samples;
    }

    private byte[] sample(String name) {
        used.add(name);
        return Objects.requireNonNull(samples.get(name), name);
    }

    record Args(long A, long B) {}

    @Test
    void theSamplesAreWhatTheServerReadsAndWrites() {
        NetRpcServer server = NetRpcServer.builder()
                .method(
                        "Arith.Multiply",
                        Args.class,
                        (Args args, RpcPeer peer) -> CompletableFuture.completedFuture(args.A() * args.B()))
                .build();
        try (EmbeddedServer peer = EmbeddedServer.detecting(server)) {
            peer.send(sample("preamble"));
            assertArrayEquals(sample("preamble-answer"), peer.output());
            for (String call : List.of("", "second-", "error-", "orphan")) {
                peer.send(sample(call.equals("orphan") ? call : call + "call"));
                byte[] expected = sample(call.equals("orphan") ? "orphan-answer" : call + "answer");
                HexFormat hex = HexFormat.ofDelimiter(" ");
                assertEquals(hex.formatHex(expected), hex.formatHex(peer.output()), call);
            }
            assertNull(peer.end());
        }
        assertEquals("HTTP/1.0 200 Connected to Go RPC\n\n", new String(sample("preamble-answer"), ISO_8859_1));
        sample("columns"); // the other test's
        assertEquals(samples.keySet(), used, "samples that no test looks at");
    }

    /** The first call is also what Go writes. */
    @Test
    void theFirstCallIsGos() {
        byte[] golden = Streams.golden("rpc-calls");
        byte[] call = sample("call");
        assertArrayEquals(Arrays.copyOf(golden, call.length), call);
    }

    @Test
    void theColumnsAreThoseOfARow() {
        byte[] columns = sample("columns");
        List<byte[]> messages = new ArrayList<>(Streams.messages(Streams.golden("pgwatch-v3.7-orphan-first")));
        // the last argument: a row of epoch_ns and v, the latter as in the page; w is added to it
        byte[] argument = messages.remove(messages.size() - 1);
        int time = indexOf(argument, Requests.string("epoch_ns"));
        int last = indexOf(argument, Arrays.copyOf(columns, 11));
        assertEquals(2, argument[time - 1]);
        argument[time - 1] = 3;
        messages.add(Streams.join(Arrays.copyOf(argument, last), columns, Requests.bytes(0)));

        List<Measurement> rows = new ArrayList<>();
        NetRpcServer server = ReceiverMethods.add(NetRpcServer.builder(), new Keeping(rows), () -> 1)
                .build();
        try (EmbeddedServer peer = EmbeddedServer.detecting(server)) {
            peer.send(Streams.stream(messages));
        }
        assertEquals(1, rows.size());
        Measurement row = rows.get(0);
        assertEquals(3, row.size());
        assertEquals(true, row.value("v"));
        assertEquals(2, row.find("w"));
        assertNull(row.value("w"));
    }

    private static int indexOf(byte[] bytes, byte[] part) {
        for (int at = 0; at + part.length <= bytes.length; at++) {
            if (Arrays.equals(bytes, at, at + part.length, part, 0, part.length)) {
                return at;
            }
        }
        throw new AssertionError(HexFormat.of().formatHex(part) + " is not there");
    }

    private record Keeping(List<Measurement> rows) implements Receiver {
        @Override
        public CompletionStage<String> updateMeasurements(MeasurementEnvelope envelope, RpcPeer peer) {
            rows.addAll(envelope.rows());
            return CompletableFuture.completedFuture("");
        }

        @Override
        public CompletionStage<String> syncMetric(SyncMetric sync, RpcPeer peer) {
            return CompletableFuture.completedFuture("");
        }
    }
}
