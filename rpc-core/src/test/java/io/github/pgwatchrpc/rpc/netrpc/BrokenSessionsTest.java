package io.github.pgwatchrpc.rpc.netrpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.MemoryAccount;
import io.github.pgwatchrpc.rpc.MemoryBudgets;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.gob.GobException;
import io.github.pgwatchrpc.rpc.pgwatch.Receiver;
import io.github.pgwatchrpc.rpc.pgwatch.ReceiverMethods;
import io.github.pgwatchrpc.rpc.pgwatch.SyncMetric;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The golden connections of pgwatch with every byte replaced by every value, and by numbers of every size. Whatever comes
 * out of that either breaks its stream with a {@link GobException}, or ends in the middle of a message, or is answered, and
 * then so is the next call.
 */
@Tag("exhaustive")
class BrokenSessionsTest {

    /** More than any of the streams needs, and nothing beside what is claimed in some of them. */
    private static final long MOST_ALLOCATED = 1 << 20;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final NetRpcServer server =
            ReceiverMethods.add(NetRpcServer.builder(), new Reading(), () -> 1).build();

    /** Looks at everything, so that nothing broken hides in a value. */
    private static final class Reading implements Receiver {
        @Override
        public CompletionStage<String> updateMeasurements(MeasurementEnvelope envelope, RpcPeer peer) {
            for (Measurement row : envelope.rows()) {
                row.columns();
                row.tags();
                row.timeNanos();
            }
            return CompletableFuture.completedFuture("");
        }

        @Override
        public CompletionStage<String> syncMetric(SyncMetric sync, RpcPeer peer) {
            return CompletableFuture.completedFuture("");
        }
    }

    /** Counts the answers that a connection would send. */
    private static final RpcPeer PEER = () -> new java.net.InetSocketAddress(0);

    private static final class Answering implements ServerSession.Calls {
        int answers;

        /** What calls hold until they are answered, which a connection gives back. */
        long held;

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void admitted() {}

        @Override
        public <A, R> void call(
                MethodTable.Entry<A, R> method, long seq, A argument, RpcPeer peer, int bytes, long held) {
            answers++;
            this.held += held;
            try {
                assertTrue(
                        method.method.call(argument, peer).toCompletableFuture().isDone());
            } catch (RpcException e) {
                // an answer too
            }
        }

        @Override
        public void refuse(byte[] method, long seq, ServerSession.Refused why) {
            answers++;
            assertTrue(why.reason().startsWith("gob: ") || why.reason().startsWith("rpc: "), why::reason);
        }

        @Override
        public String fault(String method, Throwable fault) {
            throw new AssertionError(fault);
        }

        @Override
        public void headerWithoutBody(String method) {}

        @Override
        public void badTypeDefinition(String reason) {
            assertTrue(reason.startsWith("gob: "), reason);
        }
    }

    private static List<byte[]> wholeCalls(String name) {
        return Streams.messages(Streams.golden(name));
    }

    /** A call of a method that does not exist, with a header of the stream's own type. */
    private static byte[] nextCall(byte[] stream) {
        long headerType = -Streams.integer(Streams.messages(stream).get(0));
        return Streams.join(
                Requests.message(Streams.join(
                        Requests.integer(headerType),
                        Requests.bytes(1),
                        Requests.string("No.Such"),
                        Requests.bytes(0))),
                Requests.text("x"));
    }

    private void run(byte[] stream, byte[] nextCall) {
        long allocated = allocated(stream, nextCall);
        if (allocated >= MOST_ALLOCATED) {
            allocated = allocated(stream, nextCall); // without what the first run has loaded and linked
        }
        assertTrue(allocated < MOST_ALLOCATED, "bytes of heap: " + allocated + " (expected: < " + MOST_ALLOCATED + ")");
    }

    private long allocated(byte[] stream, byte[] nextCall) {
        MemoryAccount budget = MemoryBudgets.ofHeap(1 << 30).open();
        Answering answering = new Answering();
        ServerSession session =
                new ServerSession(server.methods(), NetRpcLimits.DEFAULT, budget, ArgumentGate.open(PEER), answering);
        MessageFraming framing = new MessageFraming(NetRpcLimits.DEFAULT.gob().messageBytes(), budget, session);
        long before = THREADS.getCurrentThreadAllocatedBytes();
        try {
            assertEquals(stream.length, framing.feed(stream, 0, stream.length));
            if (!framing.isInMessage()) {
                int answers = answering.answers;
                framing.feed(nextCall, 0, nextCall.length);
                assertEquals(answers + 1, answering.answers, "the next call is not answered");
            }
        } catch (GobException e) {
            assertTrue(
                    e.getMessage() != null
                            && (e.getMessage().startsWith("gob: ")
                                    || e.getMessage().startsWith("rpc: ")),
                    e.getMessage());
        }
        long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
        framing.close();
        session.close();
        assertEquals(answering.held, budget.used());
        return allocated;
    }

    private void run(byte[] stream, byte[] nextCall, String what) {
        try {
            run(stream, nextCall);
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(what + ": " + HexFormat.of().formatHex(stream), e);
        }
    }

    /**
     * Does something for each number, on all processors. Nearly every case ends in exceptions, and the trace of a deep stack
     * costs more than the case itself; these threads' stacks are short.
     */
    private static void forEach(int count, IntConsumer action) throws Exception {
        ExecutorService threads =
                Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
        try {
            List<Future<?>> cases = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                int number = i;
                cases.add(threads.submit(() -> action.accept(number)));
            }
            for (Future<?> each : cases) {
                each.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    /**
     * What can tell anything of one message: the definitions before it, and of the calls its own, the one before and the one
     * behind. All that a call leaves to those that follow are the types and which of them is the headers', so what is
     * further away would only be read once more for each of a million cases.
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Window(List<byte[]> before, byte[] message, List<byte[]> behind) {

        static Window around(List<byte[]> messages, int index) {
            long headerType = -Streams.integer(messages.get(0));
            int[] calls = new int[messages.size()];
            for (int i = 1; i < calls.length; i++) {
                calls[i] = calls[i - 1] + (Streams.integer(messages.get(i)) == headerType ? 1 : 0);
            }
            List<byte[]> before = new ArrayList<>();
            for (int i = 0; i < index; i++) {
                if (Streams.integer(messages.get(i)) < 0 || calls[i] >= calls[index] - 1) {
                    before.add(messages.get(i));
                }
            }
            List<byte[]> behind = new ArrayList<>();
            for (int i = index + 1; i < calls.length && calls[i] <= calls[index] + 1; i++) {
                behind.add(messages.get(i));
            }
            return new Window(before, messages.get(index), behind);
        }

        byte[] with(byte[] changed) {
            return Streams.join(Streams.stream(before), changed, Streams.stream(behind));
        }
    }

    /** Those of the messages and those of their lengths. */
    @ParameterizedTest
    @ValueSource(strings = {"pgwatch-v3.0-connection", "pgwatch-v3.7-connection", "pgwatch-v3.7-orphan-middle"})
    void everyByteMayHaveEveryValue(String name) throws Exception {
        List<byte[]> messages = wholeCalls(name);
        byte[] nextCall = nextCall(Streams.golden(name));
        run(Streams.golden(name), nextCall);
        for (int i = 0; i < messages.size(); i++) {
            String which = "message " + i + ", byte ";
            Window window = Window.around(messages, i);
            int begin = Streams.stream(window.before()).length;
            int end = begin + Requests.message(window.message()).length;
            forEach(end - begin, at -> {
                byte[] bad = window.with(Requests.message(window.message()));
                for (int value = 0; value < 256; value++) {
                    bad[begin + at] = (byte) value;
                    run(bad, nextCall, which + at + " is " + value);
                }
            });
        }
    }

    /** In place of each byte in turn, among them all counts and lengths; the messages' own lengths are put right. */
    @ParameterizedTest
    @ValueSource(strings = {"pgwatch-v3.0-connection", "pgwatch-v3.7-connection", "pgwatch-v3.7-orphan-middle"})
    void everyByteMayBeAHugeNumber(String name) throws Exception {
        List<byte[]> messages = wholeCalls(name);
        byte[] nextCall = nextCall(Streams.golden(name));
        run(Streams.golden(name), nextCall);
        List<byte[]> numbers = new ArrayList<>();
        for (int bits : new int[] {7, 8, 15, 16, 20, 24, 30, 31, 32, 62, 63}) {
            numbers.add(Streams.uint((1L << bits) - 1));
            numbers.add(Streams.uint(1L << bits));
        }
        numbers.add(Streams.uint(-1));
        forEach(messages.size(), i -> {
            Window window = Window.around(messages, i);
            byte[] good = window.message();
            for (int at = 0; at < good.length; at++) {
                for (byte[] number : numbers) {
                    byte[] bad = Streams.join(
                            Arrays.copyOf(good, at), number, Arrays.copyOfRange(good, at + 1, good.length));
                    run(window.with(Requests.message(bad)), nextCall, "message " + i + ", byte " + at);
                }
            }
        });
    }

    /** A message's own length is any number. */
    @ParameterizedTest
    @ValueSource(strings = {"pgwatch-v3.0-connection", "pgwatch-v3.7-connection", "pgwatch-v3.7-orphan-middle"})
    void everyLengthMayBeAnyNumber(String name) {
        List<byte[]> messages = wholeCalls(name);
        byte[] nextCall = nextCall(Streams.golden(name));
        run(Streams.golden(name), nextCall);
        for (int i = 0; i < messages.size(); i++) {
            byte[] before = Streams.stream(messages.subList(0, i));
            byte[] behind = Streams.join(messages.get(i), Streams.stream(messages.subList(i + 1, messages.size())));
            for (int bits = 0; bits <= 64; bits++) {
                for (int step = -1; step <= 1; step++) {
                    long length = (bits == 64 ? 0 : 1L << bits) + step;
                    run(Streams.join(before, Streams.uint(length), behind), nextCall, "length " + i + " is " + length);
                }
            }
        }
    }

    /** Whole messages lost, doubled and swapped. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "pgwatch-v3.0-connection",
                "pgwatch-v3.5-connection",
                "pgwatch-v3.7-connection",
                "pgwatch-v3.7-orphan-first",
                "pgwatch-v3.7-orphan-middle",
                "rpc-calls"
            })
    void messagesMayBeMissingOrOutOfPlace(String name) {
        List<byte[]> messages = wholeCalls(name);
        byte[] nextCall = nextCall(Streams.golden(name));
        run(Streams.golden(name), nextCall);
        for (int i = 1; i < messages.size(); i++) {
            List<byte[]> bad = new ArrayList<>(messages);
            byte[] taken = bad.remove(i);
            run(Streams.stream(bad), nextCall, "without message " + i);
            for (int to = 0; to <= bad.size(); to++) {
                bad.add(to, taken);
                run(Streams.stream(bad), nextCall, "message " + i + " at " + to);
                bad.remove(to);
                List<byte[]> doubled = new ArrayList<>(messages);
                doubled.add(Math.min(to, doubled.size()), taken);
                run(Streams.stream(doubled), nextCall, "message " + i + " again at " + to);
            }
        }
    }
}
