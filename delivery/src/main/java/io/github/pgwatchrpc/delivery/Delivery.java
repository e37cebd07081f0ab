package io.github.pgwatchrpc.delivery;

import io.github.pgwatchrpc.delivery.deadletter.DeadLetter;
import io.github.pgwatchrpc.delivery.deadletter.DeadLetters;
import io.github.pgwatchrpc.delivery.disk.Disk;
import io.github.pgwatchrpc.delivery.spool.Cursor;
import io.github.pgwatchrpc.delivery.spool.Intake;
import io.github.pgwatchrpc.delivery.spool.Spool;
import io.github.pgwatchrpc.delivery.spool.SpoolStatus;
import io.github.pgwatchrpc.delivery.worker.Account;
import io.github.pgwatchrpc.delivery.worker.SinkStatus;
import io.github.pgwatchrpc.delivery.worker.SinkTarget;
import io.github.pgwatchrpc.delivery.worker.SinkWorker;
import io.github.pgwatchrpc.log.Repeated;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.SyncEvent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Accepts rows, keeps them, and brings them to all sinks. Thread-safe. */
public final class Delivery implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Delivery.class);

    /** How often cursors are synced and space is given back; with {@code FLUSH} also how much a power cut may cost. */
    private static final Duration CHECKPOINT = Duration.ofSeconds(1);

    /** What {@link #close()} gives itself. */
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(10);

    private static final int READABLE_NAME = 40;

    /** Definitions of one source are at most so large: 4 MiB, twenty times what pgwatch has. */
    public static final int MAX_DEFINITION_BYTES = Definitions.MAX_SOURCE_BYTES;

    private record Member(SinkWorker worker, DeadLetters letters) {}

    private final DeliveryConfig config;
    private final Spool spool;
    private final Definitions definitions;
    private final Intake intake;
    private final Repeated repeated = new Repeated();
    private final Map<String, Member> members = new LinkedHashMap<>();
    private final Thread housekeeping;
    private volatile boolean closed;

    private Delivery(DeliveryConfig config, Spool spool, List<SinkTarget> sinks) throws IOException {
        this.config = config;
        this.spool = spool;
        Path directory = config.spool.directory();
        definitions = new Definitions(config.disk, directory.resolve("definitions"), config.clock);
        List<Definitions.Named> known = definitions.all();
        for (SinkTarget each : sinks) {
            Cursor cursor = spool.cursors().get(each.name());
            if (cursor == null) {
                cursor = each.start() == SinkTarget.Start.BEGINNING || spool.cursorsLost()
                        ? spool.beginning()
                        : spool.end();
                spool.move(each.name(), cursor);
            }
            DeadLetters letters = letters(each.name(), cursor.number());
            SinkWorker worker =
                    new SinkWorker(each, spool, cursor, letters, config.worker, RandomGenerator.getDefault());
            known.forEach(set -> worker.define(set.name(), set.values()));
            members.put(each.name(), new Member(worker, letters));
        }
        spool.checkpoint();
        members.values().forEach(member -> member.worker.start());
        intake = new Intake(spool, config.spool, this::appended);
        housekeeping = new Thread(this::keepHouse, "delivery-housekeeping");
        housekeeping.setDaemon(true);
        housekeeping.start();
    }

    /**
     * Opens the delivery, or makes one, and begins to deliver. Does not wait for any sink.
     *
     * @param config how it is set up
     * @param sinks where to; each name once
     * @return the delivery
     * @throws IllegalArgumentException if two sinks have the same name
     * @throws io.github.pgwatchrpc.delivery.spool.SpoolInUseException if another has the directory
     * @throws IOException if the directory cannot be used; damage is no reason
     */
    public static Delivery open(DeliveryConfig config, List<SinkTarget> sinks) throws IOException {
        Delivery delivery = openHeld(config, sinks);
        delivery.begin();
        return delivery;
    }

    /**
     * As {@link #open}, but stores only, until {@link #begin()}: sinks load a lot when they open, which would hold up the
     * start of whatever accepts for them.
     *
     * @param config how it is set up
     * @param sinks where to; each name once
     * @return the delivery
     * @throws IllegalArgumentException if two sinks have the same name
     * @throws io.github.pgwatchrpc.delivery.spool.SpoolInUseException if another has the directory
     * @throws IOException if the directory cannot be used; damage is no reason
     */
    public static Delivery openHeld(DeliveryConfig config, List<SinkTarget> sinks) throws IOException {
        for (SinkTarget each : sinks) {
            if (sinks.stream().filter(other -> other.name().equals(each.name())).count() > 1) {
                throw new IllegalArgumentException("sinks named " + each.name() + ": 2 (expected: 1)");
            }
        }
        RandomGenerator random = new SecureRandom();
        Spool spool = Spool.open(config.spool, config.disk, System::nanoTime, random);
        try {
            return new Delivery(config, spool, sinks);
        } catch (IOException | RuntimeException e) {
            spool.close();
            throw e;
        }
    }

    /** Begins to deliver, if it has not begun. */
    public void begin() {
        members.values().forEach(member -> member.worker.begin());
    }

    private DeadLetters letters(String sink, long settledBefore) throws IOException {
        return new DeadLetters(
                config.disk,
                lettersOf(sink),
                sink,
                config.maxDeadLetterBytes,
                settledBefore,
                config.clock,
                new SecureRandom());
    }

    /** A name that every file system takes: what can be read of the sink's, and a digest. */
    private Path lettersOf(String sink) {
        String readable = sink.replaceAll("[^A-Za-z0-9]+", "-");
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(sink.getBytes(StandardCharsets.UTF_8));
            return config.spool
                    .directory()
                    .resolve("deadletters")
                    .resolve(readable.substring(0, Math.min(READABLE_NAME, readable.length())) + "-"
                            + HexFormat.of().formatHex(digest, 0, 8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    // ---- accepting ----

    /**
     * Stores rows. Does not block; the stage is completed on the storing thread, where nothing may block either.
     *
     * @param envelope the rows
     * @return done when they are as safe as was promised; failed with an {@link IOException} whose message is for pgwatch's
     *     log if they were not stored, with an {@link io.github.pgwatchrpc.delivery.spool.AckTimeoutException} if that is
     *     not known in time
     */
    public CompletionStage<Void> append(MeasurementEnvelope envelope) {
        return intake.append(envelope);
    }

    /**
     * Stores the news about a metric; every sink that can take it gets it after all rows accepted before it and before all
     * rows accepted after it.
     *
     * @param event what began or ceased
     * @return as with {@link #append(MeasurementEnvelope)}
     */
    public CompletionStage<Void> append(SyncEvent event) {
        return intake.append(event);
    }

    /**
     * Stores metric definitions and hands them to the sinks that can take them, if they are new; the sinks get them again at
     * each start. They are all that a pgwatch has, and several may be one source: the last four that differ are kept, {@value
     * #MAX_DEFINITION_BYTES} bytes of one source at most, until they have not come for seven days. Blocks for a sync of the
     * disk.
     *
     * @param source whose definitions they are
     * @param all as in {@link io.github.pgwatchrpc.sink.Sink#define}
     * @throws DefinitionsTooLargeException if they are too many, or there is no room for them
     * @throws IOException if they could not be stored
     */
    public void define(String source, Map<String, @Nullable Object> all) throws IOException {
        Definitions.Named set = definitions.put(source, all);
        if (set != null) {
            members.values().forEach(member -> member.worker.define(set.name(), set.values()));
        }
    }

    /**
     * How large the file of definitions is, which does not count as spool.
     *
     * @return bytes, 32 MiB at most
     */
    public long definitionBytes() {
        return definitions.bytes();
    }

    private void appended() {
        for (Member each : members.values()) {
            each.worker.appended();
        }
    }

    // ---- looking ----

    /**
     * Whether rows are being stored: open, and the last attempt has succeeded.
     *
     * @return whether it is ready
     */
    public boolean isHealthy() {
        return intake.isOpen() && spool.status(0).problem() == null;
    }

    /**
     * Which threads have ended though this is open: what was promised to those who call is not kept any more, until the
     * program starts anew. Does not wait, whatever hangs.
     *
     * @return their names; empty: all is well
     */
    public List<String> deadThreads() {
        if (closed) {
            return List.of();
        }
        List<String> dead = new ArrayList<>(intake.deadThreads());
        if (!housekeeping.isAlive()) {
            dead.add(housekeeping.getName());
        }
        members.values().forEach(member -> dead.addAll(member.worker.deadThreads()));
        return dead;
    }

    /**
     * How the spool is.
     *
     * @return figures of this moment
     */
    public SpoolStatus spool() {
        return spool.status(intake.waitingBytes());
    }

    /**
     * How the sinks fare.
     *
     * @return by name, in the order in which they were given
     */
    public Map<String, SinkStatus> sinks() {
        Map<String, SinkStatus> all = new LinkedHashMap<>();
        members.forEach((name, member) -> all.put(name, member.worker.status()));
        return all;
    }

    /**
     * Where all rows are, by sink; also of sinks that are not there any more and whose backlog is kept.
     *
     * @return by name
     * @throws IOException if the dead letters of a sink that is not there cannot be read
     */
    public Map<String, Account> accounts() throws IOException {
        Map<String, Account> all = new TreeMap<>();
        for (Map.Entry<String, Cursor> each : spool.cursors().entrySet()) {
            Member member = members.get(each.getKey());
            if (member != null) {
                all.put(each.getKey(), member.worker.status().account());
            } else {
                try (DeadLetters letters = letters(each.getKey(), Long.MAX_VALUE)) {
                    all.put(each.getKey(), SinkWorker.account(spool, each.getValue(), letters.counts()));
                }
            }
        }
        return all;
    }

    // ---- dead letters ----

    /**
     * Looks through the dead letters of a sink.
     *
     * @param sink its name
     * @param which chooses among them, for instance a {@link
     *     io.github.pgwatchrpc.delivery.deadletter.DeadLetterFilter}
     * @param most at most so many
     * @return letters, the oldest first
     * @throws IOException if they cannot be read
     */
    public List<DeadLetter> deadLetters(String sink, Predicate<DeadLetter> which, int most) throws IOException {
        Member member = members.get(sink);
        if (member != null) {
            return member.letters.list(which, most);
        }
        try (DeadLetters letters = letters(sink, Long.MAX_VALUE)) {
            return letters.list(which, most);
        }
    }

    /**
     * Queues dead letters of a sink for another try.
     *
     * @param sink its name
     * @param which chooses among them
     * @return how many
     * @throws IOException if that could not be written
     */
    public long replay(String sink, Predicate<DeadLetter> which) throws IOException {
        Member member = members.get(sink);
        if (member != null) {
            long count = member.letters.replay(which);
            member.worker.replay();
            return count;
        }
        try (DeadLetters letters = letters(sink, Long.MAX_VALUE)) {
            return letters.replay(which);
        }
    }

    /**
     * Drops dead letters of a sink for good.
     *
     * @param sink its name
     * @param which chooses among them
     * @return how many
     * @throws IOException if that could not be written
     */
    public long drop(String sink, Predicate<DeadLetter> which) throws IOException {
        Member member = members.get(sink);
        if (member != null) {
            return member.letters.drop(which);
        }
        try (DeadLetters letters = letters(sink, Long.MAX_VALUE)) {
            return letters.drop(which);
        }
    }

    /**
     * Drops everything that is kept for a sink which is not there any more: its backlog and its dead letters.
     *
     * @param sink its name
     * @return whether there was anything
     * @throws IllegalArgumentException if the sink is there
     * @throws IOException if it could not be dropped
     */
    public boolean forget(String sink) throws IOException {
        if (members.containsKey(sink)) {
            throw new IllegalArgumentException("sink " + sink + ": in use (expected: one that was removed)");
        }
        boolean known = spool.cursors().containsKey(sink);
        spool.remove(sink);
        Disk disk = config.disk;
        for (Path each : disk.list(lettersOf(sink))) {
            disk.delete(each);
        }
        spool.checkpoint();
        return known;
    }

    // ---- housekeeping ----

    private void keepHouse() {
        Map<String, Cursor> seen = Map.of();
        long seenHead = -1;
        while (!closed) {
            LockSupport.parkNanos(CHECKPOINT.toNanos());
            if (!closed && spool.isFailing()) {
                intake.probe();
            }
            Map<String, Cursor> cursors = spool.cursors();
            long head = spool.headNumber();
            if (closed
                    || (cursors.equals(seen)
                            && head == seenHead
                            && spool.status(0).problem() == null)) {
                continue;
            }
            try {
                spool.checkpoint();
                seen = cursors;
                seenHead = head;
            } catch (IOException | RuntimeException e) {
                repeated.tell("checkpoint", "", more -> LOG.error("spool: checkpoint: {}{}", e.toString(), more));
            }
        }
    }

    /** Closes within ten seconds; see {@link #close(Duration)}. */
    @Override
    public void close() throws IOException {
        close(CLOSE_PATIENCE);
    }

    /**
     * Stores what was taken, gives the sinks half of the time to take what waits, then ends all of them: what is under way
     * is interrupted when it takes too long. Whatever was accepted and not delivered stays on disk.
     *
     * @param patience how long it may take
     * @return whether all sinks and the disk have come to an end; if not, threads are left behind that hang in them
     * @throws IOException if the cursors could not be written
     */
    public boolean close(Duration patience) throws IOException {
        if (closed) {
            return true;
        }
        closed = true;
        long begin = System.nanoTime();
        boolean ended = true;
        boolean interrupted = false;
        try {
            LockSupport.unpark(housekeeping);
            ended = intake.close(patience.dividedBy(4));
            members.values().forEach(member -> member.worker.hurry());
            for (Member each : members.values()) {
                each.worker.drain(patience.dividedBy(2).minusNanos(System.nanoTime() - begin));
            }
            members.values().forEach(member -> member.worker.stop());
            for (Member each : members.values()) {
                ended &= each.worker.await(patience.minusNanos(System.nanoTime() - begin));
            }
            housekeeping.join(
                    Math.max(1, patience.minusNanos(System.nanoTime() - begin).toMillis()));
        } catch (InterruptedException e) {
            interrupted = true;
            ended = false;
        }
        try {
            members.values().forEach(member -> member.letters.close());
            spool.close();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        return ended;
    }
}
