package io.github.pgwatchrpc.log;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Sums up what repeats, be it a stranger who connects a thousand times a second or a disk that stays full: the first of a
 * kind is told at once, then every {@linkplain #INTERVAL ten seconds} while it lasts the latest one, with how many more
 * there were. What is remembered is bounded, whoever repeats what. Thread-safe; needs no thread of its own.
 */
public final class Repeated {

    /** How long is summed up. */
    public static final Duration INTERVAL = Duration.ofSeconds(10);

    /** How many kinds and addresses are told apart; the others are told by their kind alone. */
    static final int KEYS = 200;

    private record Key(String kind, String who) {}

    private static final class Entry {
        Consumer<String> latest;
        long more;
        boolean quiet;

        Entry(Consumer<String> first) {
            latest = first;
        }
    }

    private final Executor later;
    private final Map<Key, Entry> entries = new HashMap<>();
    private boolean waiting;

    /** Nothing has been told yet. */
    public Repeated() {
        this(CompletableFuture.delayedExecutor(INTERVAL.toSeconds(), TimeUnit.SECONDS));
    }

    /**
     * With a time of its own.
     *
     * @param later runs what it is given once, after {@link #INTERVAL}
     */
    Repeated(Executor later) {
        this.later = later;
    }

    /**
     * Tells something, now or within {@link #INTERVAL}.
     *
     * @param kind what has happened: one of a few constants, never a text of a peer
     * @param who tells apart what shall not hide the other's, such as the address without its port; may be empty
     * @param line writes the line to a log; it is given what the line is to end with: nothing, or how many more there were.
     *     Called once at most, on any thread; it must be quick and must not throw
     */
    public void tell(String kind, String who, Consumer<String> line) {
        synchronized (this) {
            Key key = new Key(kind, who);
            if (entries.size() >= KEYS && !entries.containsKey(key)) {
                key = new Key(kind, "");
            }
            Entry entry = entries.get(key);
            if (entry != null) {
                entry.latest = line;
                entry.more++;
                return;
            }
            entries.put(key, new Entry(line));
            sumUpLater();
        }
        line.accept("");
    }

    private void sumUpLater() {
        if (!waiting) {
            waiting = true;
            later.execute(this::sumUp);
        }
    }

    private void sumUp() {
        flush();
        synchronized (this) {
            waiting = false;
            if (!entries.isEmpty()) {
                sumUpLater();
            }
        }
    }

    /** Tells now what has not been told, for example at a stop. */
    public void flush() {
        List<Runnable> lines = new ArrayList<>();
        synchronized (this) {
            for (Iterator<Entry> all = entries.values().iterator(); all.hasNext(); ) {
                Entry each = all.next();
                if (each.more > 0) {
                    Consumer<String> line = each.latest;
                    String more = " (" + each.more + " more within " + INTERVAL.toSeconds() + " s)";
                    lines.add(() -> line.accept(more));
                    each.more = 0;
                    each.quiet = false;
                } else if (each.quiet) {
                    all.remove();
                } else {
                    each.quiet = true;
                }
            }
        }
        lines.forEach(Runnable::run);
    }
}
