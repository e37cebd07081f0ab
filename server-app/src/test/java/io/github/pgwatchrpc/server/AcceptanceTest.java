package io.github.pgwatchrpc.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcPeer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AcceptanceTest {

    private static final Duration LONG = Duration.ofMinutes(5);
    private static final RpcPeer PEER = new RpcPeer() {
        @Override
        public SocketAddress address() {
            return new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
        }
    };

    /** Stores one turn for each permit, and says when it has begun one. */
    private static final class GatedStore implements Store {
        final Semaphore begun = new Semaphore(0);
        final Semaphore permits = new Semaphore(0);
        final List<List<MeasurementEnvelope>> turns = new CopyOnWriteArrayList<>();
        volatile @Nullable Exception failure;
        volatile boolean closed;

        @Override
        public void write(List<MeasurementEnvelope> envelopes) throws IOException {
            begun.release();
            permits.acquireUninterruptibly();
            Exception fails = failure;
            if (fails instanceof IOException io) {
                throw io;
            } else if (fails instanceof RuntimeException fault) {
                throw fault;
            }
            turns.add(List.copyOf(envelopes));
        }

        @Override
        public boolean isHealthy() {
            return failure == null;
        }

        @Override
        public void close() {
            closed = true;
        }

        void open() {
            permits.release(1_000_000);
        }
    }

    private final GatedStore store = new GatedStore();
    private final ServerMetrics metrics = new ServerMetrics();

    @AfterEach
    void open() {
        store.open();
        metrics.close();
    }

    private static CompletableFuture<String> send(Acceptance acceptance, MeasurementEnvelope envelope)
            throws RpcException {
        return acceptance.updateMeasurements(envelope, PEER).toCompletableFuture();
    }

    private static String error(CompletableFuture<String> answer) {
        Throwable cause = assertThrows(ExecutionException.class, answer::get).getCause();
        return String.valueOf(assertInstanceOf(RpcException.class, cause).getMessage());
    }

    private void assertAllAccountedFor(Acceptance acceptance) {
        assertEquals(0, acceptance.waitingBytes());
        assertEquals(metrics.receivedRows(), metrics.storedRows() + metrics.refusedRows());
    }

    @Test
    void answersNotBeforeTheRowsAreStored() throws Exception {
        try (Acceptance acceptance = new Acceptance(store, LONG, metrics)) {
            CompletableFuture<String> answer = send(acceptance, Envelopes.rows(3, 0));
            store.begun.acquire();
            assertFalse(answer.isDone());
            assertEquals(3, metrics.receivedRows());
            assertEquals(0, metrics.storedRows());
            assertTrue(acceptance.waitingBytes() > 0);
            store.permits.release();
            assertEquals("", answer.get());
            assertEquals(3, metrics.storedRows());
            assertTrue(acceptance.isHealthy());
        }
    }

    @Test
    void storesTogetherWhatCameMeanwhileInItsOrder() throws Exception {
        try (Acceptance acceptance = new Acceptance(store, LONG, metrics)) {
            CompletableFuture<String> first = send(acceptance, Envelopes.rows(1, 0));
            store.begun.acquire();
            List<CompletableFuture<String>> answers = new ArrayList<>();
            List<MeasurementEnvelope> sent = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                sent.add(Envelopes.rows(1, i + 1));
                answers.add(send(acceptance, sent.get(i)));
            }
            store.permits.release(2);
            first.get();
            for (CompletableFuture<String> answer : answers) {
                assertEquals("", answer.get());
            }
            assertEquals(2, store.turns.size());
            assertEquals(sent, store.turns.get(1));
        }
    }

    @Test
    void storesALotInSeveralTurns() throws Exception {
        try (Acceptance acceptance = new Acceptance(store, LONG, metrics)) {
            CompletableFuture<String> first = send(acceptance, Envelopes.rows(1, 0));
            store.begun.acquire();
            List<CompletableFuture<String>> answers = new ArrayList<>();
            MeasurementEnvelope big = Envelopes.ofBytes(3 << 20);
            for (int i = 0; i < 9; i++) {
                answers.add(send(acceptance, big));
            }
            store.open();
            first.get();
            for (CompletableFuture<String> answer : answers) {
                answer.get();
            }
            assertEquals(
                    List.of(1, 3, 3, 3), store.turns.stream().map(List::size).toList());
        }
    }

    @Test
    void tellsPgwatchWhyNothingWasStoredAndGoesOn() throws Exception {
        for (Exception failure : List.of(new IOException("disk full"), new IllegalStateException("disk full"))) {
            ServerMetrics counts = new ServerMetrics();
            GatedStore failing = new GatedStore();
            failing.open();
            try (Acceptance acceptance = new Acceptance(failing, LONG, counts)) {
                failing.failure = failure;
                assertEquals(
                        "receiver could not store the rows: disk full", error(send(acceptance, Envelopes.rows(2, 0))));
                assertFalse(acceptance.isHealthy());
                failing.failure = null;
                assertEquals("", send(acceptance, Envelopes.rows(3, 2)).get());
                assertTrue(acceptance.isHealthy());
                assertEquals(5, counts.receivedRows());
                assertEquals(3, counts.storedRows());
                assertEquals(2, counts.refusedRows());
            }
            counts.close();
        }
    }

    @Test
    void aCallThatIsNotStoredInTimeIsAnsweredWithAnError() throws Exception {
        Acceptance acceptance = new Acceptance(store, Duration.ofMillis(30), metrics);
        CompletableFuture<String> beingStored = send(acceptance, Envelopes.rows(2, 0));
        store.begun.acquire();
        CompletableFuture<String> waiting = send(acceptance, Envelopes.rows(3, 2));
        String late = "receiver could not store the rows within 30 ms (--ack-timeout)";
        assertEquals(late, error(beingStored));
        assertEquals(late, error(waiting));
        store.open();
        acceptance.close();
        // the first reached the disk after all; the second was dropped, since its sender has forgotten it
        assertEquals(2, metrics.storedRows());
        assertEquals(3, metrics.refusedRows());
        assertEquals(1, store.turns.size());
        assertTrue(metrics.scrape().contains("pgwatch_rpc_rows_timeout_total 5.0"), metrics::scrape);
        assertAllAccountedFor(acceptance);
    }

    @Test
    void aLateCallWhoseTurnFailsIsCountedOnce() throws Exception {
        Acceptance acceptance = new Acceptance(store, Duration.ofMillis(30), metrics);
        CompletableFuture<String> late = send(acceptance, Envelopes.rows(2, 0));
        error(late);
        store.failure = new IOException("disk full");
        store.open();
        acceptance.close();
        assertEquals(2, metrics.refusedRows());
        assertAllAccountedFor(acceptance);
    }

    @Test
    void refusesWhatMemoryCannotHold() throws Exception {
        Acceptance acceptance = new Acceptance(store, LONG, metrics);
        MeasurementEnvelope big = Envelopes.ofBytes(10 << 20);
        List<CompletableFuture<String>> answers = new ArrayList<>();
        for (long bytes = big.sizeInBytes(); bytes <= Acceptance.MAX_WAITING_BYTES; bytes += big.sizeInBytes()) {
            answers.add(send(acceptance, big));
        }
        long before = acceptance.waitingBytes();
        RpcException refused = assertThrows(RpcException.class, () -> send(acceptance, big));
        assertEquals(
                "receiver is overloaded: bytes waiting to be stored: " + (before + big.sizeInBytes())
                        + " (expected: <= " + Acceptance.MAX_WAITING_BYTES + "); the rows were not stored",
                refused.getMessage());
        // what is small enough still gets in
        assertEquals(before, acceptance.waitingBytes());
        answers.add(send(acceptance, Envelopes.rows(1, 0)));
        store.open();
        for (CompletableFuture<String> answer : answers) {
            assertEquals("", answer.get());
        }
        acceptance.close();
        assertEquals(answers.size(), metrics.storedRows());
        assertEquals(1, metrics.refusedRows());
        assertAllAccountedFor(acceptance);
    }

    @Test
    void closingStoresWhatWasAccepted() throws Exception {
        Acceptance acceptance = new Acceptance(store, LONG, metrics);
        List<CompletableFuture<String>> answers = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            answers.add(send(acceptance, Envelopes.rows(1, i)));
        }
        store.open();
        acceptance.close();
        for (CompletableFuture<String> answer : answers) {
            assertTrue(answer.isDone());
            assertEquals("", answer.get());
        }
        assertTrue(store.closed);
        assertFalse(acceptance.isHealthy());
        RpcException stopped = assertThrows(RpcException.class, () -> send(acceptance, Envelopes.rows(1, 0)));
        assertEquals("receiver is stopping: the rows were not stored", stopped.getMessage());
        assertAllAccountedFor(acceptance);
    }

    @Test
    void aStoreThatHangsDoesNotKeepTheProgramFromEnding() throws Exception {
        Acceptance acceptance = new Acceptance(store, LONG, metrics);
        CompletableFuture<String> answer = send(acceptance, Envelopes.rows(1, 0));
        IOException hung = assertThrows(IOException.class, acceptance::close);
        assertTrue(
                String.valueOf(hung.getMessage()).startsWith("bytes that the store has not taken within "),
                hung::getMessage);
        assertFalse(answer.isDone());
        assertFalse(store.closed);
    }
}
