package io.github.pgwatchrpc.delivery.deadletter;

import io.github.pgwatchrpc.delivery.disk.Disk;
import io.github.pgwatchrpc.delivery.disk.DiskFile;
import io.github.pgwatchrpc.delivery.record.FileHeader;
import io.github.pgwatchrpc.delivery.record.RecordReader;
import io.github.pgwatchrpc.delivery.record.RecordWriter;
import io.github.pgwatchrpc.log.Repeated;
import io.github.pgwatchrpc.measurement.BinaryReader;
import io.github.pgwatchrpc.measurement.BinaryWriter;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongPredicate;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The dead letters of one sink. Whatever changes them is on disk when the method returns, and has not happened if it
 * fails. In memory there are two bits a letter. Thread-safe.
 */
public final class DeadLetters implements Closeable {

    private static final Logger LOG = LoggerFactory.getLogger(DeadLetters.class);

    // kinds of records; the number of the first two is the letter's, that of the others the next letter's
    private static final int TOTALS = 1;
    private static final int LETTER = 2;
    private static final int QUEUED = 3;
    private static final int DELIVERED = 4;
    private static final int DROPPED = 5;
    private static final int AGAIN = 6;

    private static final int FILE_BYTES = 8 << 20;

    /** A file, and where it ends. */
    private static final class Part {
        final Path path;
        final FileHeader header;
        long end;

        Part(Path path, FileHeader header, long end) {
            this.path = path;
            this.header = header;
            this.end = end;
        }
    }

    /** What the last of several tries has said. */
    private record Again(int attempts, String reason) {}

    /** A place in the spool that a letter came from. */
    private record Origin(long run, long number) {}

    private final Disk disk;
    private final Path directory;
    private final String sink;
    private final long maxBytes;
    private final Clock clock;
    private final Repeated repeated = new Repeated();
    private final int salt;
    private final List<Part> parts = new ArrayList<>();
    private final RecordWriter writer = new RecordWriter();
    private @Nullable DiskFile file;
    private long nextIndex = 1;
    private boolean closed;

    /** Number of the letter for bit 0. */
    private long base;

    private final BitSet alive = new BitSet();
    private final BitSet queued = new BitSet();
    private final Map<Long, Again> again = new HashMap<>();
    private final Map<Origin, BitSet> unsettled = new HashMap<>();

    private long total;
    private long delivered;
    private long dropped;
    private long lost;

    /**
     * Opens the letters of a sink; none if there are none yet.
     *
     * @param disk where
     * @param directory the sink's own; made with the first letter
     * @param sink the sink's name
     * @param maxBytes what they may take on disk
     * @param settledBefore the sink's cursor: letters of records from there on are remembered for {@link #isDead}
     * @param clock tells the time of a refusal
     * @param random for the files' salt
     * @throws IOException if the directory or a file cannot be read; damage is no reason
     */
    public DeadLetters(
            Disk disk,
            Path directory,
            String sink,
            long maxBytes,
            long settledBefore,
            Clock clock,
            RandomGenerator random)
            throws IOException {
        this.disk = disk;
        this.directory = directory;
        this.sink = sink;
        this.maxBytes = maxBytes;
        this.clock = clock;
        this.salt = random.nextInt();
        find();
        for (int i = 0; i < parts.size(); i++) {
            recover(
                    parts.get(i),
                    i + 1 < parts.size() ? parts.get(i + 1).header.number() : Long.MAX_VALUE,
                    settledBefore);
        }
    }

    // ---- opening ----

    private void find() throws IOException {
        for (Path path : disk.list(directory)) {
            String name = String.valueOf(path.getFileName());
            if (!name.matches("letters-[0-9]{10}\\.log")) {
                continue;
            }
            long index = Long.parseLong(name, 8, 18, 10);
            nextIndex = index + 1;
            try (DiskFile opened = disk.open(path)) {
                FileHeader header = FileHeader.read(opened);
                if (header == null) {
                    LOG.error("{}: no header of a file of dead letters; it is left alone", path);
                } else {
                    parts.add(new Part(path, header, opened.size()));
                }
            }
        }
        base = parts.isEmpty() ? 0 : parts.get(0).header.number();
        total = base;
    }

    private void recover(Part part, long end, long settledBefore) throws IOException {
        try (DiskFile opened = disk.open(part.path)) {
            RecordReader records = reader(part, opened, true);
            while (records.next(part.end)) {
                if (records.kind() == LETTER && records.number() < end) {
                    missing(records.number());
                    alive.set(bit(records.number()));
                    total = records.number() + 1;
                    DeadLetter letter = letter(records);
                    if (letter != null && letter.number() >= settledBefore) {
                        unsettled
                                .computeIfAbsent(new Origin(letter.run(), letter.number()), key -> new BitSet())
                                .set(letter.row());
                    }
                } else {
                    apply(records);
                }
            }
            part.end = records.nextAt();
        }
        if (end != Long.MAX_VALUE) {
            missing(end);
            total = Math.max(total, end);
        }
    }

    /** Letters that should stand before this one and do not. */
    private void missing(long next) {
        lost += Math.max(0, next - total);
    }

    private void apply(RecordReader record) {
        BinaryReader from = record.content();
        try {
            if (record.kind() == TOTALS) {
                from.text();
                if (record.number() == base && total == base) {
                    delivered = from.varint();
                    dropped = from.varint();
                    lost = from.varint();
                }
                return;
            }
            for (int i = from.count("letters"); i > 0; i--) {
                long id = from.varint();
                Again how = record.kind() == AGAIN ? new Again((int) from.varint(), from.text()) : null;
                if (id < base) {
                    // the letter's own file has been deleted, after this
                    delivered += record.kind() == DELIVERED ? 1 : 0;
                    dropped += record.kind() == DROPPED ? 1 : 0;
                } else if (alive.get(bit(id))) {
                    mark(record.kind(), id, how);
                }
            }
        } catch (IOException e) {
            long at = record.at();
            repeated.tell(
                    "mark",
                    "",
                    more -> LOG.error("dead letters of {}: mark at {}: {}{}", sink, at, e.getMessage(), more));
        }
    }

    private void mark(int kind, long id, @Nullable Again how) {
        int bit = bit(id);
        switch (kind) {
            case QUEUED -> queued.set(bit);
            case DELIVERED -> {
                delivered++;
                forget(id);
            }
            case DROPPED -> {
                dropped++;
                forget(id);
            }
            case AGAIN -> {
                queued.clear(bit);
                if (how != null) {
                    again.put(id, how);
                }
            }
            default ->
                repeated.tell(
                        "kind",
                        "",
                        more -> LOG.error(
                                "dead letters of {}: mark of kind {} (expected: 3 to 6){}", sink, kind, more));
        }
    }

    private void forget(long id) {
        alive.clear(bit(id));
        queued.clear(bit(id));
        again.remove(id);
    }

    private int bit(long id) {
        return Math.toIntExact(id - base);
    }

    private RecordReader reader(Part part, DiskFile opened, boolean report) {
        return new RecordReader(opened, part.header.salt(), FileHeader.BYTES, (from, to, torn) -> {
            if (report && !torn) {
                repeated.tell(
                        "damaged",
                        "",
                        more -> LOG.error("{}: {} bytes at {} are damaged{}", part.path, to - from, from, more));
            }
        });
    }

    private @Nullable DeadLetter letter(RecordReader record) {
        BinaryReader from = record.content();
        try {
            long id = record.number();
            long run = from.varint();
            long number = from.varint();
            int row = (int) from.varint();
            Instant time = Instant.ofEpochMilli(from.int64());
            int attempts = (int) from.varint();
            String reason = from.text();
            DeadLetter letter =
                    new DeadLetter(id, run, number, row, time, attempts, reason, isQueued(id), from.envelope());
            Again later = again.get(id);
            return later == null ? letter : letter.with(isQueued(id), later.attempts, later.reason);
        } catch (IOException e) {
            long number = record.number();
            repeated.tell(
                    "letter",
                    "",
                    more -> LOG.error("dead letters of {}: letter {}: {}{}", sink, number, e.getMessage(), more));
            return null;
        }
    }

    private boolean isQueued(long id) {
        return queued.get(bit(id));
    }

    // ---- changing ----

    /**
     * Whether {@link #isDead} is worth asking.
     *
     * @return false if there is no row that it is true of
     */
    public synchronized boolean hasUnsettled() {
        return !unsettled.isEmpty();
    }

    /**
     * Whether a row was refused in an earlier run, in which its cursor had not been moved any more.
     *
     * @param run run of the program in which the row was accepted
     * @param number number of the row's record in the spool
     * @param row number of the row in that record
     * @return whether there is a letter for it
     */
    public synchronized boolean isDead(long run, long number, int row) {
        BitSet rows = unsettled.get(new Origin(run, number));
        return rows != null && rows.get(row);
    }

    /**
     * Adds letters.
     *
     * @param refusals rows that were refused
     * @throws IOException if they could not be written, or would take too much room
     */
    public synchronized void add(List<Refusal> refusals) throws IOException {
        long time = clock.millis();
        long id = total;
        requireRoom(refusals);
        writer.clear();
        for (Refusal each : refusals) {
            BinaryWriter to = writer.begin();
            to.varint(each.run()).varint(each.number()).varint(each.row()).int64(time);
            to.varint(each.attempts()).text(each.reason());
            to.envelope(each.envelope(), each.index(), each.index() + 1);
            writer.end(currentSalt(), LETTER, id++, 0, 1);
        }
        write();
        alive.set(bit(total), bit(id));
        total = id;
    }

    private void requireRoom(List<Refusal> refusals) throws IOException {
        long bytes = bytes();
        if (bytes > maxBytes) {
            throw new IOException("dead letters of " + sink + ": " + bytes + " bytes before " + refusals.size()
                    + " more (expected: <= " + maxBytes + "); replay or drop some");
        }
    }

    /**
     * Queues letters for another try.
     *
     * @param which chooses among those that lie there
     * @return how many
     * @throws IOException if that could not be written
     */
    public synchronized long replay(Predicate<DeadLetter> which) throws IOException {
        List<Long> ids = ids(letter -> !letter.queued() && which.test(letter));
        mark(QUEUED, ids);
        return ids.size();
    }

    /**
     * Drops letters for good.
     *
     * @param which chooses among those that lie there
     * @return how many
     * @throws IOException if that could not be written
     */
    public synchronized long drop(Predicate<DeadLetter> which) throws IOException {
        List<Long> ids = ids(letter -> !letter.queued() && which.test(letter));
        mark(DROPPED, ids);
        return ids.size();
    }

    /**
     * Another try has delivered letters.
     *
     * @param ids which; they were queued
     * @throws IOException if that could not be written
     */
    public synchronized void delivered(List<Long> ids) throws IOException {
        mark(DELIVERED, ids);
    }

    /**
     * Another try has refused a letter again.
     *
     * @param id which; it was queued
     * @param attempts how many writes it has been in
     * @param reason what the target said
     * @throws IOException if that could not be written
     */
    public synchronized void again(long id, int attempts, String reason) throws IOException {
        writer.clear();
        writer.begin().varint(1).varint(id).varint(attempts).text(reason);
        writer.end(currentSalt(), AGAIN, total, 0, 0);
        write();
        mark(AGAIN, id, new Again(attempts, reason));
    }

    private List<Long> ids(Predicate<DeadLetter> which) throws IOException {
        return list(which, Integer.MAX_VALUE).stream().map(DeadLetter::id).toList();
    }

    private void mark(int kind, List<Long> ids) throws IOException {
        if (ids.isEmpty()) {
            return;
        }
        writer.clear();
        BinaryWriter to = writer.begin().varint(ids.size());
        ids.forEach(to::varint);
        writer.end(currentSalt(), kind, total, 0, 0);
        write();
        for (long id : ids) {
            mark(kind, id, null);
        }
        reclaim();
    }

    private int currentSalt() throws IOException {
        if (closed) {
            throw new IOException("dead letters of " + sink + ": closed");
        }
        if (file == null || parts.get(parts.size() - 1).end > FILE_BYTES) {
            begin();
        }
        return salt;
    }

    /** Begins a file. What has been put into the writer stays for it. */
    private void begin() throws IOException {
        closeFile();
        disk.createDirectories(directory);
        Path path = directory.resolve(String.format("letters-%010d.log", nextIndex));
        FileHeader header = new FileHeader(salt, 0, total, 0);
        RecordWriter totals = new RecordWriter();
        totals.begin().text(sink).varint(delivered).varint(dropped).varint(lost);
        totals.end(salt, TOTALS, total, 0, 0);
        DiskFile made = disk.create(path);
        nextIndex++;
        try {
            made.writeFully(header.toBytes(), 0);
            made.writeFully(totals.bytes(), FileHeader.BYTES);
            made.sync();
            disk.syncDirectory(directory);
        } catch (IOException e) {
            made.close();
            disk.delete(path);
            throw e;
        }
        file = made;
        parts.add(new Part(path, header, FileHeader.BYTES + (long) totals.length()));
        if (parts.size() == 1) {
            base = total;
        }
    }

    private void write() throws IOException {
        DiskFile open = Objects.requireNonNull(file);
        Part part = parts.get(parts.size() - 1);
        try {
            open.writeFully(writer.bytes(), part.end);
            open.sync();
            part.end += writer.length();
        } catch (IOException e) {
            // what of it is on disk is not known: the next ones go into a new file, and void what this one has behind
            try {
                open.truncate(part.end);
            } catch (IOException again) {
                e.addSuppressed(again);
            }
            closeFile();
            throw new IOException("dead letters of " + sink + ": " + e.getMessage(), e);
        } finally {
            writer.clear();
        }
    }

    /** Deletes the oldest files, as long as no letter of theirs is there any more. */
    private void reclaim() {
        while (parts.size() > 1) {
            long next = parts.get(1).header.number();
            int first = alive.nextSetBit(0);
            if (first >= 0 && base + first < next) {
                return;
            }
            try {
                disk.delete(parts.get(0).path);
            } catch (IOException e) {
                repeated.tell("delete", "", more -> LOG.warn("dead letters of {}: {}{}", sink, e.toString(), more));
                return;
            }
            parts.remove(0);
            shift(Math.toIntExact(next - base));
        }
    }

    private void shift(int bits) {
        shift(alive, bits);
        shift(queued, bits);
        base += bits;
    }

    private static void shift(BitSet bits, int count) {
        BitSet rest = bits.get(count, Math.max(count, bits.length()));
        bits.clear();
        bits.or(rest);
    }

    // ---- looking ----

    /**
     * Looks through the letters, queued ones as well.
     *
     * @param which chooses among them
     * @param most at most so many
     * @return letters, the oldest first
     * @throws IOException if the files cannot be read
     */
    public synchronized List<DeadLetter> list(Predicate<DeadLetter> which, int most) throws IOException {
        return scan(id -> true, which, most);
    }

    /**
     * Letters that are queued for another try.
     *
     * @param most at most so many
     * @return letters, the oldest first
     * @throws IOException if the files cannot be read
     */
    public synchronized List<DeadLetter> queued(int most) throws IOException {
        return queued.isEmpty() ? List.of() : scan(this::isQueued, letter -> true, most);
    }

    private List<DeadLetter> scan(LongPredicate ids, Predicate<DeadLetter> which, int most) throws IOException {
        List<DeadLetter> found = new ArrayList<>();
        for (int i = 0; i < parts.size() && found.size() < most; i++) {
            Part part = parts.get(i);
            long end = i + 1 < parts.size() ? parts.get(i + 1).header.number() : Long.MAX_VALUE;
            int first = alive.nextSetBit(bit(part.header.number()));
            if (first < 0 || base + first >= end) {
                continue;
            }
            try (DiskFile opened = disk.open(part.path)) {
                RecordReader records = reader(part, opened, false);
                while (found.size() < most && records.next(part.end)) {
                    if (records.kind() == LETTER
                            && records.number() < end
                            && alive.get(bit(records.number()))
                            && ids.test(records.number())) {
                        DeadLetter letter = letter(records);
                        if (letter != null && which.test(letter)) {
                            found.add(letter);
                        }
                    }
                }
            }
        }
        return found;
    }

    /**
     * What has become of all letters.
     *
     * @return figures of this moment
     */
    public synchronized DeadLetterCounts counts() {
        return new DeadLetterCounts(total, queued.cardinality(), delivered, dropped, lost, bytes());
    }

    private long bytes() {
        return parts.stream().mapToLong(part -> part.end).sum();
    }

    private void closeFile() {
        DiskFile open = file;
        file = null;
        if (open != null) {
            try {
                open.close();
            } catch (IOException e) {
                repeated.tell("close", "", more -> LOG.warn("dead letters of {}: {}{}", sink, e.toString(), more));
            }
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        closeFile();
    }
}
