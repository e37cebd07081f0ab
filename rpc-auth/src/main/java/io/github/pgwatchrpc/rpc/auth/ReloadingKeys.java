package io.github.pgwatchrpc.rpc.auth;

import io.github.pgwatchrpc.log.Repeated;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys that count now: those of all sources, read again at each {@link #check()}. A source that cannot be read keeps
 * what it had, so that a mistake in a file locks nobody out, and lets nobody in. Thread-safe.
 */
public final class ReloadingKeys {

    /** How often {@link #check} is meant to be called: so long a revoked key may still count. */
    public static final Duration CHECK_INTERVAL = Duration.ofSeconds(1);

    private static final Logger LOG = LoggerFactory.getLogger(ReloadingKeys.class);

    /** One state of affairs, told from others by its identity. */
    static final class Snapshot {
        private final List<NamedKey> keys;

        Snapshot(List<NamedKey> keys) {
            this.keys = List.copyOf(keys);
        }

        List<NamedKey> keys() {
            return keys;
        }
    }

    private final List<KeySource> sources;
    private final List<List<NamedKey>> loaded = new ArrayList<>();
    private final Repeated repeated = new Repeated();
    private final Object checking = new Object();
    private volatile Snapshot current;
    private volatile Optional<String> problem = Optional.empty();

    /**
     * Reads all sources. Blocks on the disk.
     *
     * @param sources where keys come from
     * @throws KeyFileException if one cannot be read
     */
    public ReloadingKeys(List<? extends KeySource> sources) throws KeyFileException {
        this.sources = List.copyOf(sources);
        for (KeySource source : this.sources) {
            loaded.add(source.load());
        }
        this.current = snapshot();
    }

    private Snapshot snapshot() {
        return new Snapshot(loaded.stream().flatMap(List::stream).toList());
    }

    Snapshot current() {
        return current;
    }

    /**
     * How many keys there are, with those that have expired or were revoked.
     *
     * @return number of keys
     */
    public int size() {
        return current.keys().size();
    }

    /**
     * What was wrong with a source at the latest check.
     *
     * @return one line that names the file, or nothing
     */
    public Optional<String> problem() {
        return problem;
    }

    /**
     * Reads all sources once. Blocks on the disk, so it is not for event loops. Never throws because of a file; what is
     * wrong is in {@link #problem} and, once, in the log.
     *
     * @return whether other keys count from now on
     */
    public boolean check() {
        synchronized (checking) {
            boolean changed = false;
            Optional<String> wrong = Optional.empty();
            for (int i = 0; i < sources.size(); i++) {
                try {
                    List<NamedKey> keys = sources.get(i).load();
                    changed |= !keys.equals(loaded.get(i));
                    loaded.set(i, keys);
                } catch (KeyFileException e) {
                    wrong = Optional.of(e.getMessage() + "; " + e.hint());
                } catch (RuntimeException e) {
                    repeated.tell("keys", "", more -> LOG.warn("unexpected while reading keys{}", more, e));
                    wrong = Optional.of("unexpected: " + e);
                }
            }
            if (changed) {
                current = snapshot();
                LOG.info("keys were read again: {}", size());
            }
            if (wrong.isPresent() && !wrong.equals(problem)) {
                LOG.warn("the keys in use stay: {}", wrong.get());
            } else if (wrong.isEmpty() && problem.isPresent()) {
                LOG.info("files of keys are fine again");
            }
            problem = wrong;
            return changed;
        }
    }
}
