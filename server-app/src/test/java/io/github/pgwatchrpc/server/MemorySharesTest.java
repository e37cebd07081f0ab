package io.github.pgwatchrpc.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.delivery.worker.SinkTarget;
import io.github.pgwatchrpc.sink.Limits;
import io.github.pgwatchrpc.sink.Outcome;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MemorySharesTest {

    private static final long MIB = 1 << 20;

    @Test
    void whateverTheHeapTheSumFits() {
        int fits = 0;
        for (long heap = 16 * MIB; heap <= 16_384 * MIB; heap += heap / 7) {
            for (int connections : new int[] {100, 924, 10_000}) {
                for (int sinks = 1; sinks <= 10; sinks += 3) {
                    List<Limits> limits = IntStream.range(0, sinks)
                            .mapToObj(i -> new Limits(1, 10 * MIB, 8))
                            .toList();
                    try {
                        MemoryShares shares = MemoryShares.of(heap, heap, connections, limits);
                        assertTrue(shares.sum() < heap, shares::toString);
                        assertTrue(shares.strangers() + shares.callers() <= heap, shares::toString);
                        fits++;
                    } catch (ConfigException e) {
                        assertTrue(heap < 256 * MIB, e + " with " + heap);
                    }
                }
            }
        }
        assertTrue(fits > 100);
    }

    /** What ./pgwatch-rpc gives the JVM. */
    @Test
    void theLaunchersHeapHasRoomForTheLongestMessage() throws ConfigException {
        MemoryShares shares = MemoryShares.of(768 * MIB, 768 * MIB, 10_000, List.of(Limits.DEFAULT));
        assertTrue(shares.callers() >= 256 * MIB, shares::toString);
        assertTrue(shares.strangers() >= 40 * MIB, shares::toString);
        assertTrue(shares.heap() - shares.sum() >= 100 * MIB, shares::toString);
        assertTrue(shares.waiting() >= 100 * MIB, shares::toString);
    }

    @Test
    void aHeapThatIsTooSmallIsNamed() {
        ConfigException refused = assertThrows(
                ConfigException.class, () -> MemoryShares.of(64 * MIB, 64 * MIB, 10_000, List.of(Limits.DEFAULT)));
        assertTrue(
                String.valueOf(refused.getMessage()).startsWith("heap: 67108864 bytes, of which callers would get 0 "));
    }

    @Test
    void aSmallHeapTakesFewerConnections() throws ConfigException {
        assertEquals(10_000, MemoryShares.connections(768 * MIB, 10_000));
        int fewer = MemoryShares.connections(64 * MIB, 10_000);
        assertTrue(fewer > 1_000 && fewer < 2_000, "connections: " + fewer);
        MemoryShares shares = MemoryShares.of(64 * MIB, 64 * MIB, fewer, List.of(Limits.DEFAULT));
        assertTrue(shares.sum() < 64 * MIB, shares::toString);
    }

    @Test
    void littleDirectMemoryBoundsWhatConnectionsHold() throws ConfigException {
        MemoryShares shares = MemoryShares.of(768 * MIB, 64 * MIB, 1_000, List.of(Limits.DEFAULT));
        assertTrue(shares.strangers() + shares.callers() <= 64 * MIB, shares::toString);
    }

    @Test
    void sinksThatDoNotFitWriteLessAtATime() throws ConfigException {
        Limits large = new Limits(50_000, 10 * MIB, 8);
        List<SinkTarget> targets = IntStream.range(0, 6)
                .mapToObj(
                        i -> new SinkTarget("s" + i, batch -> Outcome.written(), large, Set.of(), SinkTarget.Start.NOW))
                .toList();
        MemoryShares shares = MemoryShares.of(
                768 * MIB,
                768 * MIB,
                10_000,
                targets.stream().map(SinkTarget::limits).toList());
        List<SinkTarget> fitting = shares.fit(targets);
        assertTrue(fitting.get(0).limits().concurrency() < 8);
        long all = fitting.stream()
                .mapToLong(each -> 3 * each.limits().bytes() * each.limits().concurrency())
                .sum();
        assertTrue(all <= shares.sinks(), all + " of " + shares);
        assertEquals(
                targets.subList(0, 1),
                MemoryShares.of(2_048 * MIB, 2_048 * MIB, 1_000, List.of(large)).fit(targets.subList(0, 1)));
    }
}
