package io.github.pgwatchrpc.rpc.auth;

import java.net.SocketAddress;
import java.time.Duration;
import java.util.Locale;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes who was refused, under a logger of its own, so that it can be sent somewhere of its own. A line an address and a
 * while, and so many lines a second in all; what was left out is counted in the next line. Thread-safe.
 */
final class AuditLog {

    /** The logger's name, part of the contract. */
    static final String NAME = "io.github.pgwatchrpc.audit";

    private static final Logger LOG = LoggerFactory.getLogger(NAME);

    private static final long INTERVAL_NANOS = Duration.ofSeconds(10).toNanos();
    private static final int LINES_A_SECOND = 20;
    private static final int ADDRESSES = 10_000;

    private static final class Lines {
        boolean any;
        long last;
        long leftOut;
    }

    private final LongSupplier nanoTime;
    private final AddressTable<Lines> addresses = new AddressTable<>(ADDRESSES);
    private final Object lock = new Object();
    private long second;
    private int linesOfSecond;

    AuditLog(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.second = nanoTime.getAsLong();
    }

    /**
     * Notes a refusal.
     *
     * @param key the key's name, empty if it is not known; never the key
     */
    void refused(Outcome outcome, SocketAddress peer, String protocol, String way, String key) {
        long leftOut;
        synchronized (lock) {
            Lines lines = addresses.findOrAdd(peer, Lines::new);
            if (!mayLog(lines, nanoTime.getAsLong())) {
                lines.leftOut++;
                return;
            }
            leftOut = lines.leftOut;
            lines.leftOut = 0;
        }
        LOG.warn(
                "refused outcome={} peer={} protocol={} by={} key={}{}",
                outcome.name().toLowerCase(Locale.ROOT),
                peer,
                protocol,
                way,
                key.isEmpty() ? "?" : key,
                leftOut == 0 ? "" : " more=" + leftOut);
    }

    private boolean mayLog(Lines lines, long now) {
        if (lines.any && now - lines.last < INTERVAL_NANOS) {
            return false;
        }
        if (now - second >= Duration.ofSeconds(1).toNanos()) {
            second = now;
            linesOfSecond = 0;
        }
        if (linesOfSecond == LINES_A_SECOND) {
            return false;
        }
        linesOfSecond++;
        lines.any = true;
        lines.last = now;
        return true;
    }
}
