package io.github.pgwatchrpc.rpc.auth;

import java.net.SocketAddress;
import java.time.Duration;
import java.util.Locale;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes who was refused and who came in, under a logger of its own, so that it can be sent somewhere of its own. Of refusals,
 * a line an address and a while; of both, so many lines a second, each for itself so that refusals hide nobody who came in.
 * What was left out is counted in the next line. Thread-safe.
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

    /** So many lines a second. */
    private static final class Budget {
        private long second;
        private int lines;

        Budget(long now) {
            this.second = now;
        }

        boolean take(long now) {
            if (now - second >= Duration.ofSeconds(1).toNanos()) {
                second = now;
                lines = 0;
            }
            if (lines == LINES_A_SECOND) {
                return false;
            }
            lines++;
            return true;
        }
    }

    private final LongSupplier nanoTime;
    private final AddressTable<Lines> addresses = new AddressTable<>(ADDRESSES);
    private final Object lock = new Object();
    private final Budget refusals;
    private final Budget uses;
    private long usesLeftOut;

    AuditLog(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.refusals = new Budget(nanoTime.getAsLong());
        this.uses = new Budget(nanoTime.getAsLong());
    }

    /**
     * Notes that a key, or what counts instead of one, is used on a connection for the first time.
     *
     * @param key its name; never the key
     */
    void used(String key, SocketAddress peer, String protocol, String way) {
        long leftOut;
        synchronized (lock) {
            if (!uses.take(nanoTime.getAsLong())) {
                usesLeftOut++;
                return;
            }
            leftOut = usesLeftOut;
            usesLeftOut = 0;
        }
        LOG.info("used key={} peer={} protocol={} by={}{}", key, peer, protocol, way, more(leftOut));
    }

    private static String more(long leftOut) {
        return leftOut == 0 ? "" : " more=" + leftOut;
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
                more(leftOut));
    }

    private boolean mayLog(Lines lines, long now) {
        if (lines.any && now - lines.last < INTERVAL_NANOS) {
            return false;
        }
        if (!refusals.take(now)) {
            return false;
        }
        lines.any = true;
        lines.last = now;
        return true;
    }
}
