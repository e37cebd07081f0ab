package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.grpc.GrpcClient;
import io.github.pgwatchrpc.rpc.grpc.pgwatch.ReceiverClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntPredicate;

/**
 * Four clients that send numbered rows without end, two over net/rpc and two over gRPC, and a book of which rows were sent
 * and which of them acknowledged. No row is sent twice. It may be started again, with another receiver.
 */
final class NumberedLoad implements AutoCloseable {

    private static final int CLIENTS = 4;
    private static final int ROWS_A_CALL = 25;

    /** Between two calls of a client: about 2,000 rows a second, which any backend takes, also on a busy machine. */
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private final BitSet sent = new BitSet();
    private final BitSet acknowledged = new BitSet();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean ends;

    /** A connection. */
    private interface Client extends AutoCloseable {
        void send(MeasurementEnvelope envelope) throws IOException;

        @Override
        void close();
    }

    /** What was counted: rows acknowledged, different rows in the backend, and rows there once more. */
    record Counted(long acknowledged, long stored, long again) {}

    void start(ServerProcess server) throws IOException {
        ends = false;
        for (int i = 0; i < CLIENTS; i++) {
            Client client = i % 2 == 0 ? overNetRpc(server) : overGrpc(server);
            Thread thread = new Thread(() -> run(client), "load-" + i);
            thread.setDaemon(true);
            threads.add(thread);
            thread.start();
        }
    }

    private static Client overNetRpc(ServerProcess server) throws IOException {
        NumberedRows.Sender sender = new NumberedRows.Sender(server);
        return new Client() {
            @Override
            public void send(MeasurementEnvelope envelope) throws IOException {
                sender.send(envelope);
            }

            @Override
            public void close() {
                sender.close();
            }
        };
    }

    private static Client overGrpc(ServerProcess server) throws IOException {
        int colon = server.address().lastIndexOf(':');
        GrpcClient client = GrpcClient.builder(new InetSocketAddress(
                        InetAddress.getLoopbackAddress(),
                        Integer.parseInt(server.address().substring(colon + 1))))
                .connect();
        ReceiverClient receiver = new ReceiverClient(client, "", "");
        return new Client() {
            @Override
            public void send(MeasurementEnvelope envelope) throws IOException {
                receiver.update(envelope);
            }

            @Override
            public void close() {
                client.close();
            }
        };
    }

    private void run(Client client) {
        try (client) {
            while (!ends) {
                int from = next();
                client.send(NumberedRows.envelope(from, ROWS_A_CALL, "p"));
                synchronized (this) {
                    acknowledged.set(from, from + ROWS_A_CALL);
                }
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        } catch (IOException e) {
            // the receiver was killed: whether it has stored these is not known
        }
    }

    private synchronized int next() {
        int from = sent.length();
        sent.set(from, from + ROWS_A_CALL);
        return from;
    }

    /** The number of the next row: all that were sent have lower ones. */
    synchronized int sentBelow() {
        return sent.length();
    }

    private synchronized long acknowledged() {
        return acknowledged.cardinality();
    }

    /** Waits until so many rows more than now have been acknowledged. */
    void awaitMore(int rows) {
        long enough = acknowledged() + rows;
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
        while (acknowledged() < enough) {
            assertTrue(threads.stream().allMatch(Thread::isAlive), "a client's call has failed");
            assertTrue(
                    System.nanoTime() < end, () -> "acknowledged: " + acknowledged() + " (expected: " + enough + ")");
            LockSupport.parkNanos(1_000_000);
        }
    }

    /** Ends it; after the receiver has been killed, it has ended by itself. */
    void end() throws InterruptedException {
        ends = true;
        for (Thread thread : threads) {
            thread.join();
        }
        threads.clear();
    }

    /** Tells it to end; it does when its calls have come to an end. */
    @Override
    public void close() {
        ends = true;
    }

    /**
     * Each row that was acknowledged is in the backend, and nothing is there that was not sent.
     *
     * @param numbers what is there, each as often as it is there
     * @param mayComeTwice numbers of rows that may be there more than once
     */
    synchronized Counted assertArrived(List<Integer> numbers, IntPredicate mayComeTwice) {
        BitSet found = new BitSet();
        List<Integer> again = new ArrayList<>();
        for (int number : numbers) {
            assertTrue(sent.get(number), () -> "never sent: " + number);
            if (found.get(number)) {
                again.add(number);
            }
            found.set(number);
        }
        BitSet lost = (BitSet) acknowledged.clone();
        lost.andNot(found);
        assertEquals(
                0, lost.cardinality(), () -> "acknowledged rows that did not arrive, the first: " + lost.nextSetBit(0));
        assertEquals(
                List.of(),
                again.stream()
                        .filter(number -> !mayComeTwice.test(number))
                        .limit(10)
                        .toList(),
                "rows that came twice");
        return new Counted(acknowledged.cardinality(), found.cardinality(), again.size());
    }
}
