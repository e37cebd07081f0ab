package io.github.pgwatchrpc.rpc.auth;

import io.github.pgwatchrpc.log.Repeated;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
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
        private final Map<String, KeyUsage> usages;
        private final KeyIndex index;
        private final boolean password;

        /** What has come in by a name goes on to be counted where it was. */
        Snapshot(List<NamedKey> keys, Map<String, KeyUsage> before, SecureRandom random) {
            this.keys = List.copyOf(keys);
            this.usages = new HashMap<>();
            List<KeyIndex.Entry> entries = new ArrayList<>();
            for (NamedKey each : keys) {
                KeyUsage usage = usages.computeIfAbsent(
                        each.label(), name -> before.containsKey(name) ? before.get(name) : new KeyUsage(name));
                if (each.former().isEmpty()) {
                    usage.allow(each.rates());
                }
                entries.add(new KeyIndex.Entry(each, usage));
            }
            this.index = new KeyIndex(entries, random);
            this.password = keys.stream().anyMatch(each -> each.users() == NamedKey.Users.NAME);
        }

        List<NamedKey> keys() {
            return keys;
        }

        /** See {@link KeyIndex#find}. */
        KeyIndex.@Nullable Entry find(KeyHash hash, String user) {
            return index.find(hash, user);
        }

        /** Whether something counts that a person has thought up. */
        boolean hasPassword() {
            return password;
        }

        Collection<KeyUsage> usages() {
            return usages.values();
        }
    }

    private final List<KeySource> sources;
    private final List<List<NamedKey>> loaded = new ArrayList<>();
    private final Repeated repeated = new Repeated();
    private final Object checking = new Object();
    private final Clock clock;
    private final SecureRandom random = new SecureRandom();
    private Instant checked;
    private volatile Snapshot current;
    private volatile Optional<String> problem = Optional.empty();

    /**
     * Reads all sources. Blocks on the disk.
     *
     * @param sources where keys come from
     * @throws KeyFileException if one cannot be read
     */
    public ReloadingKeys(List<? extends KeySource> sources) throws KeyFileException {
        this(sources, Clock.systemUTC());
    }

    /** With something else to tell when keys expire. */
    ReloadingKeys(List<? extends KeySource> sources, Clock clock) throws KeyFileException {
        this.clock = clock;
        this.checked = clock.instant();
        this.sources = List.copyOf(sources);
        for (KeySource source : this.sources) {
            loaded.add(source.load());
        }
        this.current = new Snapshot(all(), Map.of(), random);
    }

    private List<NamedKey> all() {
        return loaded.stream().flatMap(List::stream).toList();
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
        return (int)
                current.keys().stream().filter(each -> each.former().isEmpty()).count();
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
            Instant now = clock.instant();
            if (changed) {
                Snapshot before = current;
                current = new Snapshot(all(), before.usages, random);
                LOG.info("keys were read again: {}", size());
                KeyChanges.tell(before.keys(), current.keys());
            }
            KeyChanges.tellExpired(current.keys(), checked, now);
            checked = now;
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
