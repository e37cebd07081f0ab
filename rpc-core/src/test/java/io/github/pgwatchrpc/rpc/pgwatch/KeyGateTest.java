package io.github.pgwatchrpc.rpc.pgwatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.Authenticator;
import io.github.pgwatchrpc.rpc.Credentials;
import io.github.pgwatchrpc.rpc.DeniedException;
import io.github.pgwatchrpc.rpc.MemoryBudget;
import io.github.pgwatchrpc.rpc.MemoryBudgets;
import io.github.pgwatchrpc.rpc.Permit;
import io.github.pgwatchrpc.rpc.RpcException.Kind;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.gob.GobException;
import io.github.pgwatchrpc.rpc.gob.GobIncompleteException;
import io.github.pgwatchrpc.rpc.gob.GobLimits;
import io.github.pgwatchrpc.rpc.gob.GobReader;
import io.github.pgwatchrpc.rpc.gob.GobTypes;
import io.github.pgwatchrpc.rpc.gob.GobWriter;
import io.github.pgwatchrpc.rpc.netrpc.EmbeddedServer;
import io.github.pgwatchrpc.rpc.netrpc.NetRpcLimits;
import io.github.pgwatchrpc.rpc.netrpc.NetRpcServer;
import io.github.pgwatchrpc.rpc.netrpc.Requests;
import io.github.pgwatchrpc.rpc.netrpc.Streams;
import io.github.pgwatchrpc.rpc.netrpc.Vectors;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys in the arguments of calls: found where they lie, asked for before anything is decoded, never handed on. */
class KeyGateTest {

    private static final String UPDATE = "Receiver.UpdateMeasurements";
    private static final String SYNC = "Receiver.SyncMetric";

    private final List<Object> received = new ArrayList<>();
    private final List<Credentials> shown = new ArrayList<>();
    private String good = "good";
    private long delay;

    private final class OneKey implements Authenticator, Permit {
        @Override
        public Permit admit(Credentials credentials, RpcPeer peer, Permit before) throws DeniedException {
            shown.add(credentials);
            boolean proved = credentials.keys().isEmpty() && before != null;
            if (!proved && !credentials.keys().equals(List.of(good))) {
                throw new DeniedException(Kind.UNAUTHENTICATED, "denied", delay);
            }
            return this;
        }

        @Override
        public void requireDatabase(String database) throws DeniedException {
            if (database.equals("forbidden")) {
                throw new DeniedException(Kind.PERMISSION_DENIED, "not that database", 0);
            }
        }
    }

    private final class Recording implements Receiver {
        @Override
        public CompletionStage<String> updateMeasurements(MeasurementEnvelope envelope, RpcPeer peer) {
            received.add(envelope);
            return CompletableFuture.completedFuture("");
        }

        @Override
        public CompletionStage<String> syncMetric(SyncMetric sync, RpcPeer peer) {
            received.add(sync);
            return CompletableFuture.completedFuture("");
        }
    }

    private NetRpcServer server(NetRpcLimits limits) {
        OneKey authenticator = new OneKey();
        return ReceiverMethods.add(NetRpcServer.builder(), new Recording(), () -> 1)
                .gate(peer -> new KeyGate(authenticator, peer))
                .limits(limits)
                .build();
    }

    private final NetRpcServer server = server(NetRpcLimits.DEFAULT);

    /** One connection of a client, by its encoder. */
    private static final class Client {
        final GobWriter writer = new GobWriter();
        final EnvelopeEncoder encoder;
        final String key;

        Client(String apiKey) {
            key = apiKey;
            encoder = new EnvelopeEncoder(writer, apiKey);
        }

        byte[] update(MeasurementEnvelope envelope) {
            writer.truncate(0);
            encoder.encode(envelope);
            return Streams.join(Requests.header(UPDATE, 1), Arrays.copyOf(writer.array(), writer.size()));
        }
    }

    private static MeasurementEnvelope envelope(String database, Map<String, String> tags, int rows) {
        EnvelopeBuilder builder =
                new EnvelopeBuilder().database(database).metric("m").receivedAt(1);
        tags.forEach(builder::customTag);
        for (int row = 0; row < rows; row++) {
            builder.beginRow();
            builder.putText(builder.column("text"), "x".repeat(row % 100));
            builder.endRow();
        }
        return builder.build();
    }

    private static byte[] sync() {
        return Streams.join(
                Requests.header(SYNC, 1),
                Streams.stream(Vectors.arguments("pgwatch-v3.7-sync").get(0)));
    }

    private static void answered(EmbeddedServer peer, String... expected) {
        assertEquals(
                List.of(expected),
                peer.answerTexts().stream()
                        .map(each -> each.replaceFirst("^\\S+ -?\\d+ ", ""))
                        .toList());
    }

    private static final String OK = "ok ";
    private static final String DENIED = "error denied";

    @Test
    void theFieldLetsInAndIsNotHandedOn() {
        try (EmbeddedServer peer = EmbeddedServer.raw(server)) {
            peer.send(Requests.definition());
            Client client = new Client("good");
            for (int i = 0; i < 3; i++) {
                peer.send(client.update(envelope("d", Map.of("env", "e"), 2)));
            }
            answered(peer, OK, OK, OK);
            assertEquals(envelope("d", Map.of("env", "e"), 2), received.get(2));
            assertEquals(Credentials.Source.FIELD, shown.get(0).source());
        }
    }

    @Test
    void theTagLetsInAnUnmodifiedClientAndIsTakenOut() {
        try (EmbeddedServer peer = EmbeddedServer.raw(server)) {
            peer.send(Requests.definition());
            Client client = new Client(null);
            peer.send(client.update(envelope("d", Map.of("env", "e", KeyGate.TAG, "good"), 1)));
            peer.send(client.update(envelope("d", Map.of(KeyGate.TAG, "good"), 1)));
            answered(peer, OK, OK);
            assertEquals(Map.of("env", "e"), ((MeasurementEnvelope) received.get(0)).customTags());
            assertEquals(Map.of(), ((MeasurementEnvelope) received.get(1)).customTags());
            assertEquals(Credentials.Source.TAG, shown.get(0).source());
        }
    }

    @Test
    void theTagIsTakenOutOnAServerThatWantsNoKeysToo() {
        NetRpcServer open = ReceiverMethods.add(NetRpcServer.builder(), new Recording(), () -> 1)
                .build();
        try (EmbeddedServer peer = EmbeddedServer.raw(open)) {
            peer.send(Requests.definition());
            peer.send(new Client(null).update(envelope("d", Map.of(KeyGate.TAG, "good"), 1)));
            answered(peer, OK);
            assertEquals(Map.of(), ((MeasurementEnvelope) received.get(0)).customTags());
        }
    }

    @Test
    void withoutAKeyNothingHappensAndTheConnectionLives() {
        try (EmbeddedServer peer = EmbeddedServer.raw(server)) {
            peer.send(Requests.definition());
            Client client = new Client(null);
            peer.send(sync());
            peer.send(client.update(envelope("d", Map.of(), 1)));
            peer.send(client.update(envelope("d", Map.of(KeyGate.TAG, ""), 1)));
            peer.send(client.update(envelope("d", Map.of(KeyGate.TAG, "wrong"), 1)));
            peer.send(Streams.join(Requests.header("Foo.Bar", 1), Requests.text("x")));
            answered(peer, DENIED, DENIED, DENIED, DENIED, DENIED);
            assertEquals(List.of(), received);
            assertEquals(0, peer.connection.calls(), "a stranger's calls keep no connection");
            peer.send(client.update(envelope("d", Map.of(KeyGate.TAG, "good"), 1)));
            peer.send(sync());
            peer.send(client.update(envelope("d", Map.of(), 1)));
            answered(peer, OK, OK, OK);
            assertEquals(3, received.size());
            assertEquals(3, peer.connection.calls());
            assertNull(peer.end());
        }
    }

    @Test
    void aWrongKeyIsRefusedOnAProvedConnectionToo() {
        try (EmbeddedServer peer = EmbeddedServer.raw(server)) {
            peer.send(Requests.definition());
            Client client = new Client(null);
            peer.send(client.update(envelope("d", Map.of(KeyGate.TAG, "good"), 1)));
            peer.send(client.update(envelope("d", Map.of(KeyGate.TAG, "wrong"), 1)));
            peer.send(client.update(envelope("d", Map.of(), 1)));
            answered(peer, OK, DENIED, OK);
        }
    }

    @Test
    void anEnvelopeWithoutRowsNeedsNoKeyButAWrongOneIsWrong() {
        try (EmbeddedServer peer = EmbeddedServer.raw(server)) {
            peer.send(Requests.definition());
            for (List<byte[]> argument : Vectors.arguments("pgwatch-v3.0-empty-envelope")) {
                peer.send(Streams.join(Requests.header(UPDATE, 1), Streams.stream(argument)));
            }
            peer.send(new Client(null).update(envelope("", Map.of(), 0)));
            List<String> answers = peer.answerTexts();
            assertTrue(answers.size() > 1);
            assertTrue(
                    answers.stream().allMatch(each -> each.endsWith(" ok " + ReceiverMethods.NO_ROWS)),
                    answers::toString);
            assertEquals(List.of(), shown);
            assertEquals(0, peer.connection.calls());
        }
        try (EmbeddedServer peer = EmbeddedServer.raw(server)) {
            peer.send(Requests.definition());
            peer.send(new Client("wrong").update(envelope("", Map.of(), 0)));
            answered(peer, DENIED);
        }
    }

    @Test
    void syncMetricCarriesTheFieldToo() {
        try (EmbeddedServer peer = EmbeddedServer.raw(server)) {
            peer.send(Requests.definition());
            GobWriter writer = new GobWriter();
            SyncMetricEncoder encoder = new SyncMetricEncoder(writer, "good");
            List<SyncMetric> sent = List.of(
                    new SyncMetric("d", "m", SyncMetric.Operation.ADD),
                    new SyncMetric("d", "", SyncMetric.Operation.DELETE),
                    new SyncMetric("", "m", SyncMetric.Operation.INVALID),
                    new SyncMetric("", "", SyncMetric.Operation.DELETE));
            for (SyncMetric each : sent) {
                writer.truncate(0);
                encoder.encode(each);
                peer.send(Streams.join(Requests.header(SYNC, 1), Arrays.copyOf(writer.array(), writer.size())));
            }
            answered(peer, OK, OK, OK, OK);
            assertEquals(sent, received);
        }
    }

    @Test
    void twoKeysAreHandedOnAsTwoAndTheSameTwiceAsOne() {
        try (EmbeddedServer peer = EmbeddedServer.raw(server)) {
            peer.send(Requests.definition());
            Client client = new Client("good");
            peer.send(client.update(envelope("d", Map.of(KeyGate.TAG, "other"), 1)));
            peer.send(client.update(envelope("d", Map.of(KeyGate.TAG, "good"), 1)));
            answered(peer, DENIED, OK);
            assertEquals(List.of("good", "other"), shown.get(0).keys());
        }
    }

    @Test
    void anOverlongKeyIsNotKept() {
        try (EmbeddedServer peer = EmbeddedServer.raw(server)) {
            peer.send(Requests.definition());
            peer.send(new Client("x".repeat(64 << 10)).update(envelope("d", Map.of(), 1)));
            answered(peer, DENIED);
            assertEquals(
                    Credentials.MAX_KEY_CHARS + 1, shown.get(0).keys().get(0).length());
        }
    }

    @Test
    void theDatabaseIsAskedForBeforeTheReceiver() {
        try (EmbeddedServer peer = EmbeddedServer.raw(server)) {
            peer.send(Requests.definition());
            Client client = new Client("good");
            peer.send(client.update(envelope("forbidden", Map.of(), 1)));
            peer.send(client.update(envelope("allowed", Map.of(), 1)));
            answered(peer, "error not that database", OK);
            assertEquals(1, received.size());
        }
    }

    /** The types that a refused call has defined are known to the next, wherever in the argument the key lies. */
    @Test
    void theKeyMayStandBehindTheRows() {
        try (EmbeddedServer peer = EmbeddedServer.raw(server)) {
            peer.send(Requests.definition());
            peer.send(new Client(null).update(envelope("d", Map.of(), 1)));
            answered(peer, DENIED);
            int tags = EnvelopeEncoder.FIRST_ID + 1;
            GobWriter writer = new GobWriter();
            define(
                    writer,
                    2000,
                    Map.entry("Data", tags + 1),
                    Map.entry("DBName", 6),
                    Map.entry("CustomTags", tags),
                    Map.entry("MetricName", 6),
                    Map.entry("ApiKey", 6));
            for (String key : List.of("good", "wrong", "good")) {
                peer.send(Streams.join(Requests.header(UPDATE, 1), Arrays.copyOf(writer.array(), writer.size())));
                writer.truncate(0);
                int message = writer.beginMessage();
                writer.writeInt(2000);
                writer.writeUint(1); // Data: one row, one column
                writer.writeUint(1);
                writer.writeUint(1);
                writer.writeString("c");
                writer.writeString("int64");
                writer.writeInt(2);
                int value = writer.beginMessage();
                writer.writeUint(0);
                writer.writeInt(42);
                writer.endMessage(value);
                writer.writeUint(1);
                writer.writeString("d");
                writer.writeUint(2);
                writer.writeString("m");
                writer.writeUint(1);
                writer.writeString(key);
                writer.writeUint(0);
                writer.endMessage(message);
                peer.send(Arrays.copyOf(writer.array(), writer.size()));
                writer.truncate(0);
            }
            answered(peer, OK, DENIED, OK);
            assertEquals(2, received.size());
            assertEquals(
                    42L, ((MeasurementEnvelope) received.get(0)).rows().get(0).value("c"));
        }
    }

    @SafeVarargs
    private static void define(GobWriter writer, int id, Map.Entry<String, Integer>... fields) {
        List<Map.Entry<String, Integer>> all = new ArrayList<>();
        for (Map.Entry<String, Integer> each : fields) {
            all.add(each);
        }
        define(writer, id, all);
    }

    private static void define(GobWriter writer, int id, List<Map.Entry<String, Integer>> fields) {
        int message = writer.beginMessage();
        writer.writeInt(-id);
        writer.writeUint(3);
        writer.writeUint(1);
        writer.writeUint(1);
        writer.writeString("MeasurementEnvelope");
        writer.writeUint(1);
        writer.writeInt(id);
        writer.writeUint(0);
        writer.writeUint(1);
        writer.writeUint(fields.size());
        for (Map.Entry<String, Integer> field : fields) {
            writer.writeUint(1);
            writer.writeString(field.getKey());
            writer.writeUint(1);
            writer.writeInt(field.getValue());
            writer.writeUint(0);
        }
        writer.writeUint(0);
        writer.writeUint(0);
        writer.endMessage(message);
    }

    @Test
    void aSlowedAnswerHoldsItsConnectionBackAndNoOther() {
        delay = Duration.ofMillis(500).toNanos();
        try (EmbeddedServer slow = EmbeddedServer.raw(server);
                EmbeddedServer other = EmbeddedServer.raw(server)) {
            slow.send(Requests.definition());
            other.send(Requests.definition());
            Client client = new Client(null);
            slow.send(Streams.join(
                    client.update(envelope("d", Map.of(KeyGate.TAG, "wrong"), 1)),
                    client.update(envelope("d", Map.of(KeyGate.TAG, "good"), 1))));
            other.send(new Client("good").update(envelope("d", Map.of(), 1)));
            answered(other, OK);
            answered(slow);
            assertEquals(1, received.size());
            assertFalse(slow.channel.config().isAutoRead());
            slow.channel.advanceTimeBy(499, TimeUnit.MILLISECONDS);
            slow.channel.runScheduledPendingTasks();
            answered(slow);
            slow.channel.advanceTimeBy(1, TimeUnit.MILLISECONDS);
            slow.channel.runScheduledPendingTasks();
            answered(slow, DENIED, OK);
            assertTrue(slow.channel.config().isAutoRead());
        }
    }

    @Test
    void aConnectionThatEndsMeanwhileIsForgotten() {
        delay = Duration.ofMillis(500).toNanos();
        EmbeddedServer peer = EmbeddedServer.raw(server);
        peer.send(Requests.definition());
        peer.send(new Client("wrong").update(envelope("d", Map.of(), 1)));
        peer.close();
        peer.channel.advanceTimeBy(1, TimeUnit.SECONDS);
        peer.channel.runScheduledPendingTasks();
        assertEquals(List.of(), peer.channel.outboundMessages().stream().toList());
    }

    private static final int STRANGER = 10_000;

    private static MemoryBudgets budgets(long strangers, long callers) {
        return new MemoryBudgets(new MemoryBudget(strangers), new MemoryBudget(callers), STRANGER);
    }

    private static void sendSlowly(EmbeddedServer peer, byte[] bytes) {
        for (int at = 0; at < bytes.length; at += 100) {
            peer.send(bytes, at, Math.min(100, bytes.length - at));
        }
    }

    /** The key stands before the rows, so a first message of any length is no stranger's. */
    @Test
    void aLongFirstMessagePassesByTheKeyInFrontOfItsRows() {
        MeasurementEnvelope large = envelope("d", Map.of(), 2_000);
        MeasurementEnvelope tagged = envelope("d", Map.of("env", "e", KeyGate.TAG, "good"), 2_000);
        for (Client client : List.of(new Client("good"), new Client(null))) {
            try (EmbeddedServer peer = EmbeddedServer.raw(server, budgets(STRANGER, 10 << 20))) {
                peer.send(Requests.definition());
                shown.clear();
                sendSlowly(peer, client.update(client.key == null ? tagged : large));
                answered(peer, OK);
                assertEquals(1, shown.size(), "the gate's answer is asked for once");
                assertEquals(1, peer.connection.calls());
                assertNull(peer.end());
            }
        }
        assertEquals(2_000, ((MeasurementEnvelope) received.get(1)).size());
    }

    /** Of a valid v3, with what the launcher's heap gives strangers and callers. */
    @Test
    void aFirstMessageOfSixtyMebibytesPasses() {
        MemoryBudgets launcher = new MemoryBudgets(new MemoryBudget(48 << 20), new MemoryBudget(270 << 20), 128 << 10);
        EnvelopeBuilder builder = new EnvelopeBuilder()
                .database("d")
                .metric("m")
                .customTag(KeyGate.TAG, "good")
                .receivedAt(1);
        String text = "x".repeat(1 << 20);
        for (int row = 0; row < 60; row++) {
            builder.beginRow();
            builder.putText(builder.column("text"), text);
            builder.endRow();
        }
        byte[] call = new Client(null).update(builder.build());
        assertTrue(call.length > 60 << 20);
        try (EmbeddedServer peer = EmbeddedServer.raw(server, launcher)) {
            peer.send(Requests.definition());
            for (int at = 0; at < call.length; at += 64 << 10) {
                peer.send(call, at, Math.min(64 << 10, call.length - at));
            }
            answered(peer, OK);
            assertEquals(60, ((MeasurementEnvelope) received.get(0)).size());
        }
    }

    @Test
    void aLongMessageWithoutAKeyIsRefusedForThatAndTakesNoMoreThanAStrangers() {
        MeasurementEnvelope large = envelope("d", Map.of(), 2_000);
        MemoryBudgets memory = budgets(1 << 20, 10 << 20);
        for (Client client : List.of(new Client("wrong"), new Client(null))) {
            try (EmbeddedServer peer = EmbeddedServer.raw(server, memory)) {
                peer.send(Requests.definition());
                shown.clear();
                byte[] call = client.update(large);
                for (int at = 0; at < call.length; at += 100) {
                    peer.send(call, at, Math.min(100, call.length - at));
                    assertTrue(
                            memory.strangers().used() <= STRANGER,
                            "held " + memory.strangers().used());
                }
                peer.send(client.update(envelope("d", Map.of(), 1)));
                answered(peer, DENIED, DENIED);
                assertEquals(2, shown.size(), "once a call");
                assertEquals(0, memory.callers().used());
                assertNull(peer.end());
            }
        }
        assertEquals(List.of(), received);
    }

    /** Where the key comes behind what a stranger may keep, the answer says for how long that bound holds. */
    @Test
    void aKeyBehindTooManyRowsIsNotFoundAndTheAnswerSaysWhy() {
        GobWriter writer = new GobWriter();
        define(writer, 2000, Map.entry("MetricName", 6), Map.entry("CustomTags", 2001), Map.entry("Data", 2003));
        try (EmbeddedServer peer = EmbeddedServer.raw(server, budgets(1 << 20, 1 << 20))) {
            peer.send(Requests.definition());
            peer.send(Arrays.copyOf(writer.array(), writer.size()));
            peer.send(Requests.header(UPDATE, 1));
            writer.truncate(0);
            int message = writer.beginMessage();
            writer.writeInt(2000);
            writer.writeUint(1);
            writer.writeString("m".repeat(20_000));
            writer.writeUint(0);
            writer.endMessage(message);
            sendSlowly(peer, Arrays.copyOf(writer.array(), writer.size()));
            List<String> answers = peer.answerTexts();
            assertTrue(answers.get(0).contains(" error gob: bytes held for this connection: "), answers::toString);
            assertTrue(answers.get(0).contains(" until a call of it has been let in; "), answers::toString);
            peer.send(new Client("good").update(envelope("d", Map.of(), 1)));
            answered(peer, OK);
        }
    }

    @Test
    void strangersDoNotUseUpTheRoomOfOthers() {
        MemoryBudgets tight = budgets(STRANGER, 400_000);
        MeasurementEnvelope large = envelope("d", Map.of(), 200);
        try (EmbeddedServer known = EmbeddedServer.raw(server, tight);
                EmbeddedServer stranger = EmbeddedServer.raw(server, tight);
                EmbeddedServer another = EmbeddedServer.raw(server, tight)) {
            Client client = new Client("good");
            known.send(Requests.definition());
            known.send(client.update(envelope("d", Map.of(), 1)));
            answered(known, OK);
            stranger.send(Requests.definition());
            byte[] unfinished = new Client(null).update(large);
            stranger.send(unfinished, 0, STRANGER / 2);
            another.send(Requests.definition());
            another.send(unfinished, 0, STRANGER / 2);
            byte[] call = client.update(large);
            for (byte each : call) {
                known.send(new byte[] {each});
            }
            answered(known, OK);
            assertTrue(tight.strangers().used() <= STRANGER);
        }
    }

    /** Before a key, definitions of a few KiB; a refused one costs the calls that need it, and nothing else. */
    @Test
    void aStrangersDefinitionsTakeLittleMemory() {
        MemoryBudgets memory = MemoryBudgets.ofHeap(1L << 30);
        GobWriter writer = new GobWriter();
        for (int type = 0; type < 16; type++) {
            List<Map.Entry<String, Integer>> fields = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                fields.add(Map.entry(Integer.toString(i, 36), 6));
            }
            define(writer, 3000 + type, fields);
        }
        byte[] definitions = Arrays.copyOf(writer.array(), writer.size());
        try (EmbeddedServer peer = EmbeddedServer.raw(server, memory)) {
            peer.send(Requests.definition());
            peer.send(definitions);
            assertTrue(
                    memory.strangers().used() <= NetRpcLimits.DEFAULT.strangerTypeBytes(),
                    "held " + memory.strangers().used());
            peer.send(new Client("good").update(envelope("d", Map.of(), 1)));
            answered(peer, OK);
            peer.send(definitions);
            long held = memory.callers().used();
            assertTrue(held > 16 * 500 * 50 && held < 2 << 20, "held " + held);
            assertNull(peer.end());
        }
        assertEquals(0, memory.callers().used());
    }

    /** Go has no struct with two fields of a name; one was looked at and the other decoded. */
    @ParameterizedTest
    @ValueSource(strings = {"Data", "CustomTags", "ApiKey", "DBName", "MetricName"})
    void twoFieldsOfOneNameAreNoType(String twice) {
        for (boolean behind : new boolean[] {false, true}) {
            try (EmbeddedServer peer = EmbeddedServer.raw(server)) {
                peer.send(Requests.definition());
                // so that the types of tags and rows are known
                peer.send(new Client(null).update(envelope("d", Map.of(), 1)));
                answered(peer, DENIED);
                int tags = EnvelopeEncoder.FIRST_ID + 1;
                List<Map.Entry<String, Integer>> fields = new ArrayList<>(List.of(
                        Map.entry("DBName", 6),
                        Map.entry("MetricName", 6),
                        Map.entry("CustomTags", tags),
                        Map.entry("Data", tags + 1),
                        Map.entry("ApiKey", 6)));
                Map.Entry<String, Integer> again = fields.stream()
                        .filter(each -> each.getKey().equals(twice))
                        .findFirst()
                        .orElseThrow();
                int rows = 4;
                if (behind) {
                    fields.add(again);
                    rows = twice.equals("Data") ? fields.size() : rows;
                } else {
                    fields.add(0, again);
                    rows = 5;
                }
                GobWriter writer = new GobWriter();
                define(writer, 2000, fields);
                peer.send(Streams.join(Requests.header(UPDATE, 1), Arrays.copyOf(writer.array(), writer.size())));
                writer.truncate(0);
                int message = writer.beginMessage();
                writer.writeInt(2000);
                writer.writeUint(rows); // straight to the rows
                writer.writeUint(1);
                writer.writeUint(1);
                writer.writeString("c");
                writer.writeUint(0);
                writer.writeUint(0);
                writer.endMessage(message);
                peer.send(Arrays.copyOf(writer.array(), writer.size()));
                answered(peer, DENIED);
                assertEquals(List.of(), received);
                assertNull(peer.end());
            }
        }
    }

    /** Whatever the gate has overlooked: without a key no rows are decoded. */
    @Test
    void rowsOfAnEnvelopeThatWasLetInForHavingNoneAreNotDecoded() throws GobException {
        Client client = new Client(null);
        client.update(envelope("d", Map.of(), 3));
        GobTypes types = new GobTypes(GobLimits.DEFAULT);
        GobReader reader = new GobReader(GobLimits.DEFAULT);
        List<byte[]> messages = Streams.messages(Arrays.copyOf(client.writer.array(), client.writer.size()));
        int type = 0;
        for (byte[] each : messages) {
            reader.reset(each, 0, each.length);
            try {
                type = types.readTypeSequence(reader, false);
            } catch (GobIncompleteException definition) {
                continue;
            }
        }
        int envelope = type;
        EnvelopeDecoder decoder = new EnvelopeDecoder(() -> 1);
        RpcPeer stranger = () -> new InetSocketAddress(1);
        assertThrows(GobException.class, () -> decoder.decode(reader, types, envelope, stranger.with(KeyGate.NO_ROWS)));
        byte[] last = messages.get(messages.size() - 1);
        reader.reset(last, 0, last.length);
        types.readTypeSequence(reader, false);
        assertEquals(3, decoder.decode(reader, types, envelope, stranger).size());
    }

    /** What is in flight is charged at what it takes when it is decoded, until it is answered. */
    @Test
    void callsInFlightAreChargedAtWhatTheyTake() {
        MemoryBudgets memory = budgets(1 << 20, 1 << 20);
        CompletableFuture<String> answer = new CompletableFuture<>();
        NetRpcServer later = ReceiverMethods.add(
                        NetRpcServer.builder(),
                        new Receiver() {
                            @Override
                            public CompletionStage<String> updateMeasurements(
                                    MeasurementEnvelope envelope, RpcPeer peer) {
                                return answer;
                            }

                            @Override
                            public CompletionStage<String> syncMetric(SyncMetric sync, RpcPeer peer) {
                                return answer;
                            }
                        },
                        () -> 1)
                .build();
        MeasurementEnvelope cells = cells(10_000);
        try (EmbeddedServer peer = EmbeddedServer.raw(later, memory);
                EmbeddedServer other = EmbeddedServer.raw(later, memory)) {
            peer.send(Requests.definition());
            Client client = new Client(null);
            peer.send(client.update(envelope("d", Map.of(), 1)));
            long before = memory.callers().used();
            peer.send(client.update(cells));
            long one = memory.callers().used() - before;
            assertTrue(one >= 10_000 * 48L, "held for one call: " + one);
            peer.send(client.update(cells));
            peer.send(client.update(cells));
            List<String> answers = peer.answerTexts();
            assertTrue(answers.get(0).contains("error gob: bytes held for connections: "), answers::toString);
            other.send(Requests.definition());
            other.send(new Client(null).update(envelope("d", Map.of(), 1)));
            answer.complete("");
            assertEquals(3, peer.answers().size(), "the others are answered");
            assertTrue(
                    memory.callers().used() < 50_000, "held " + memory.callers().used());
            assertNull(peer.end());
        }
    }

    private static MeasurementEnvelope cells(int count) {
        EnvelopeBuilder builder =
                new EnvelopeBuilder().database("d").metric("m").receivedAt(1);
        for (int row = 0; row < count; row++) {
            builder.beginRow();
            builder.putBoolean(builder.column("c"), true);
            builder.endRow();
        }
        return builder.build();
    }

    /** A peer that has to come in another way is a stranger to the end, which is behind its answer. */
    @Test
    void whoIsRefusedAltogetherIsAStrangerAndClosedBehindTheAnswer() {
        NetRpcServer refusing =
                NetRpcServer.builder().refuseAll("this receiver wants TLS").build();
        MemoryBudgets memory = MemoryBudgets.ofHeap(1L << 30);
        try (EmbeddedServer peer = EmbeddedServer.raw(refusing, memory)) {
            peer.send(Requests.definition());
            byte[] call = new Client("good").update(envelope("d", Map.of(), 50_000));
            for (int at = 0; at < call.length && peer.end() == null; at += 1_000) {
                peer.send(call, at, Math.min(1_000, call.length - at));
                assertTrue(memory.strangers().used() <= memory.strangerBytes());
            }
            answered(peer, "error this receiver wants TLS");
            assertFalse(peer.connection.isAdmitted());
            assertEquals(0, peer.connection.calls());
            assertFalse(peer.channel.isOpen());
        }
    }

    /** Whatever becomes of the bytes of a connection without a key, nothing of them reaches the receiver. */
    @ParameterizedTest
    @ValueSource(strings = {"pgwatch-v3.0-connection", "pgwatch-v3.7-connection"})
    void noChangedByteLetsAnythingIn(String vector) {
        byte[] stream = Streams.golden(vector);
        for (int at = 0; at < stream.length; at++) {
            byte before = stream[at];
            for (int value : new int[] {0, 1, 0x7f, 0xff, before + 1, before ^ 0x20}) {
                stream[at] = (byte) value;
                try (EmbeddedServer peer = EmbeddedServer.raw(server)) {
                    peer.send(stream);
                }
                assertEquals(List.of(), received, "byte " + at + " is " + value);
            }
            stream[at] = before;
        }
    }
}
