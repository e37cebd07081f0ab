package io.github.pgwatchrpc.rpc.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class FailureGateTest {

    private static final long MILLI = 1_000_000;

    private long now = Long.MAX_VALUE - 5; // time that runs over must not matter
    private final FailureLimits limits = new FailureLimits(
            3,
            Duration.ofMillis(10),
            Duration.ofMillis(40),
            Duration.ZERO,
            Duration.ZERO,
            10,
            Duration.ofSeconds(30),
            Duration.ofSeconds(1),
            100);
    private final FailureGate gate = new FailureGate(limits, () -> now);

    private static InetSocketAddress address(String host) {
        return new InetSocketAddress(host, 1234);
    }

    @Test
    void slowsThenRefusesThenForgets() {
        InetSocketAddress peer = address("10.0.0.1");
        long[] expected = {0, 0, 0, 10, 20, 30, 40, 40, 40, 40};
        for (long each : expected) {
            assertEquals(0, gate.refusedFor(peer));
            assertEquals(each * MILLI, gate.failed(peer));
        }
        gate.failed(peer);
        assertEquals(Duration.ofSeconds(30).toNanos(), gate.refusedFor(peer));
        assertEquals(1, gate.refused());
        assertEquals(0, gate.refusedFor(address("10.0.0.2")), "others are others");
        now += Duration.ofSeconds(29).toNanos();
        assertTrue(gate.refusedFor(peer) > 0);
        now += Duration.ofSeconds(1).toNanos();
        assertEquals(0, gate.refusedFor(peer));
        assertEquals(0, gate.refused());
        assertEquals(0, gate.failed(peer), "30 s of silence are 30 failures forgotten");
    }

    @Test
    void whoGoesOnIsRefusedSooner() {
        InetSocketAddress peer = address("10.0.0.1");
        for (int i = 0; i < 11; i++) {
            gate.failed(peer);
        }
        // as if the refusal had ended and nothing been forgotten
        for (int i = 0; i < 5; i++) {
            assertTrue(gate.failed(peer) > 0);
        }
        assertEquals(0, gate.failed(peer));
        assertTrue(gate.refusedFor(peer) > 0);
    }

    @Test
    void aSlowTrickleIsNeverRefused() {
        InetSocketAddress peer = address("10.0.0.1");
        for (int i = 0; i < 1000; i++) {
            assertEquals(0, gate.failed(peer));
            now += Duration.ofSeconds(1).toNanos();
        }
    }

    @Test
    void remembersNoMoreThanItMayAndForgetsTheQuietest() {
        InetSocketAddress noisy = address("10.9.9.9");
        for (int i = 0; i < 11; i++) {
            gate.failed(noisy);
        }
        for (int i = 0; i < 10_000; i++) {
            gate.failed(address("10.1." + i / 256 + "." + i % 256));
            assertTrue(gate.refusedFor(noisy) > 0);
        }
        assertEquals(100, gate.size());
    }

    @Test
    void aNetworkOfIpv6IsOneAddress() {
        for (int i = 0; i < 11; i++) {
            gate.failed(address("2001:db8:1:2::" + i));
        }
        assertTrue(gate.refusedFor(address("2001:db8:1:2:ffff::1")) > 0);
        assertEquals(0, gate.refusedFor(address("2001:db8:1:3::1")));
    }
}
