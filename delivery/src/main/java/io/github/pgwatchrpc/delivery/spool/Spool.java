package io.github.pgwatchrpc.delivery.spool;

import io.github.pgwatchrpc.delivery.disk.Disk;
import io.github.pgwatchrpc.delivery.disk.DiskFile;
import io.github.pgwatchrpc.delivery.record.FileHeader;
import io.github.pgwatchrpc.delivery.record.RecordReader;
import io.github.pgwatchrpc.delivery.record.RecordWriter;
import io.github.pgwatchrpc.log.Repeated;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The log on disk with its cursors. One thread appends; anyone else may be reading, moving cursors and asking at the same
 * time.
 *
 * <p>Each run of the program, and each failure to write, begins a new segment, so nothing is ever written behind bytes of
 * which it is not known what they are. A record that an older segment has and the next one begins before is void: its
 * call was answered with an error.
 */
public final class Spool implements Closeable {

    private static final Logger LOG = LoggerFactory.getLogger(Spool.class);

    /** How often the free space of the disk is looked at while less than {@link #FREE_CHECK_BYTES} were written. */
    private static final long FREE_CHECK_NANOS = 1_000_000_000;

    private static final long FREE_CHECK_BYTES = 16 << 20;

    /**
     * So far ahead of the records a file is filled with zeros when each turn is synced: a sync that finds neither a new size
     * nor a new block of the file writes the records alone, and takes half as long.
     */
    static final int PREPARED_BYTES = 1 << 20;

    /** Larger turns are not prepared for: they would wait longer for the zeros than they gain. */
    private static final int PREPARED_TURN_BYTES = PREPARED_BYTES / 8;

    /** What a record takes of memory besides its envelope. */
    private static final int RECORD_MEMORY = 120;

    /** The end of what may be read. */
    private record Head(long number, long rows) {}

    private final SpoolSettings settings;
    private final Disk disk;
    private final LongSupplier nanos;
    private final Repeated repeated = new Repeated();
    private final DirectoryLock lock;
    private final DamagedPieces damaged;
    private final RecentRecords recent;
    private final StateFile stateFile;

    // ---- known from the start ----
    private final String id;
    private final int salt;
    private final long run;
    private final boolean cursorsLost;

    /** Guarded by itself. */
    private final Map<String, Cursor> cursors = new TreeMap<>();

    // ---- written by the appending thread, or when segments are deleted, both under this lock ----
    private volatile List<Segment> segments;

    private volatile Head head;

    // ---- of the appending thread ----
    private final RecordWriter writer = new RecordWriter();
    private volatile @Nullable DiskFile file;

    /** Where the zeros end that were written ahead into the current file; not behind its records: there are none. */
    private long preparedTo;

    private long nextIndex;
    private long freeSeenAt;
    private long freeWritten;

    private volatile long freeBytes = Long.MAX_VALUE;
    private volatile @Nullable String problem;

    /** Whether the problem passes when there is room. */
    private volatile boolean isFull;

    /** With {@link Durability#FLUSH}: files that are not known to be on disk. Guarded by itself. */
    private final List<DiskFile> unsynced = new ArrayList<>();

    /** Set when the current file could not be synced behind the appending thread's back. */
    private volatile boolean distrusted;

    private Spool(SpoolSettings settings, Disk disk, LongSupplier nanos, RandomGenerator random, DirectoryLock lock)
            throws IOException {
        this.settings = settings;
        this.disk = disk;
        this.nanos = nanos;
        this.lock = lock;
        this.damaged = new DamagedPieces(disk, settings.directory().resolve("damaged"));
        this.recent = new RecentRecords(settings.recentBytes());
        this.stateFile = new StateFile(disk, settings.directory().resolve("state"));
        State state = readState();
        List<Segment> found = findSegments(state);
        cursorsLost = state == null && !found.isEmpty();
        if (state == null) {
            int foundSalt =
                    found.isEmpty() ? random.nextInt() : found.get(0).header.salt();
            long foundRun =
                    found.isEmpty() ? 0 : found.get(found.size() - 1).header.run();
            state = new State(Long.toUnsignedString(random.nextLong(), 36), foundSalt, foundRun, Map.of());
        }
        this.id = state.id();
        this.salt = state.salt();
        this.cursors.putAll(state.cursors());
        long latestRun = state.run();
        for (Segment each : found) {
            latestRun = Math.max(latestRun, each.header.run());
        }
        this.run = latestRun + 1;
        this.head = recover(found);
        this.segments = List.copyOf(found);
        this.nextIndex = found.isEmpty() ? 1 : found.get(found.size() - 1).index + 1;
        this.freeSeenAt = nanos.getAsLong() - FREE_CHECK_NANOS;
        this.freeBytes = disk.freeBytes(settings.directory());
        if (freeBytes < settings.minFreeBytes()) {
            this.isFull = true;
            this.problem = "disk is full: bytes free: " + freeBytes + " (expected: >= " + settings.minFreeBytes() + ")";
        }
        // the number of this run must be safe before anything is given out that bears it
        stateFile.write(this::state, true);
    }

    /**
     * Opens a spool, or makes one.
     *
     * @param settings how it is kept
     * @param disk where
     * @param nanos a clock that only ever goes forward, in nanoseconds
     * @param random for the spool's name and salt
     * @return the spool
     * @throws SpoolInUseException if another has it
     * @throws IOException if the directory or the file of cursors cannot be made or read; damage is no reason
     */
    public static Spool open(SpoolSettings settings, Disk disk, LongSupplier nanos, RandomGenerator random)
            throws IOException {
        disk.createDirectories(settings.directory());
        DirectoryLock lock = new DirectoryLock(settings.directory());
        try {
            return new Spool(settings, disk, nanos, random, lock);
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    // ---- opening ----

    private @Nullable State readState() throws IOException {
        State state = stateFile.read();
        if (state == null && Files.exists(settings.directory().resolve("state"))) {
            stateFile.letGo();
            damaged.moveAside(
                    settings.directory().resolve("state"),
                    "cursors unreadable: every sink gets again what the log still has");
        }
        return state;
    }

    private List<Segment> findSegments(@Nullable State state) throws IOException {
        Map<Path, @Nullable FileHeader> headers = new TreeMap<>();
        FileHeader known = state == null ? null : new FileHeader(state.salt(), state.run(), 0, 0);
        for (Path path : disk.list(settings.directory())) {
            if (Segment.index(path) >= 0) {
                try (DiskFile opened = disk.open(path)) {
                    FileHeader header = FileHeader.read(opened);
                    headers.put(path, header);
                    known = known == null ? header : known;
                }
            }
        }
        List<Segment> found = new ArrayList<>();
        for (Path path : headers.keySet()) {
            try (DiskFile opened = disk.open(path)) {
                FileHeader header = headers.get(path);
                if (header == null && known != null) {
                    header = rebuild(path, opened, found.isEmpty() ? known : found.get(found.size() - 1).header);
                }
                if (header == null) {
                    damaged.moveAside(path, "no header of a segment, and no record");
                } else {
                    found.add(new Segment(Segment.index(path), path, header, opened.size()));
                }
            }
        }
        return found;
    }

    /** A header that is damaged is told by the first record; only the run is a guess. Null if there is no record. */
    private @Nullable FileHeader rebuild(Path path, DiskFile opened, FileHeader before) throws IOException {
        RecordReader records = new RecordReader(opened, before.salt(), FileHeader.BYTES, (from, to, torn) -> {});
        if (!records.next(opened.size())) {
            return null;
        }
        damaged.found(path, opened, 0, FileHeader.BYTES);
        return new FileHeader(before.salt(), before.run(), records.number(), records.rowsBefore());
    }

    /** Looks where the log ends and cuts off what was not written to its end. */
    private Head recover(List<Segment> found) throws IOException {
        Head end = new Head(0, 0);
        while (!found.isEmpty()) {
            Segment last = found.get(found.size() - 1);
            end = later(end, last.header.number(), last.header.rowsBefore());
            Head records = recover(last);
            if (records != null) {
                end = later(end, records.number, records.rows);
                break;
            }
            disk.delete(last.path);
            found.remove(found.size() - 1);
        }
        for (Cursor cursor : cursors.values()) {
            // with FLUSH a power cut may have taken records that sinks have already
            end = later(end, cursor.number(), cursor.rows());
        }
        return end;
    }

    private static Head later(Head head, long number, long rows) {
        return number > head.number ? new Head(number, rows) : head;
    }

    private @Nullable Head recover(Segment segment) throws IOException {
        try (DiskFile opened = disk.open(segment.path)) {
            long[] tail = {-1};
            RecordReader records =
                    new RecordReader(opened, segment.header.salt(), FileHeader.BYTES, (from, to, torn) -> {
                        tail[0] = torn ? from : -1;
                        if (!torn) {
                            damaged.found(segment.path, opened, from, to);
                        }
                    });
            Head end = null;
            long wholeTo = FileHeader.BYTES;
            while (records.next(segment.end())) {
                end = new Head(records.number() + 1, records.rowsBefore() + records.rows());
                wholeTo = records.nextAt();
            }
            if (wholeTo < segment.end()) {
                LOG.info("{}: {} bytes at its end cut off", segment.path, segment.end() - wholeTo);
                opened.truncate(wholeTo);
                opened.sync();
                segment.end(wholeTo);
            }
            return end;
        }
    }

    // ---- appending ----

    /** Bytes that one turn should not exceed by much. */
    static final int TURN_BYTES = 8 << 20;

    /**
     * Appends to the log. When it returns the records are as safe as was promised, and readers see them.
     *
     * @param contents rows and events
     * @throws IOException if none of them was stored; the message is for those who sent them
     */
    void append(List<? extends SpoolRecord.Content> contents) throws IOException {
        try {
            write(contents);
            isFull = false;
            problem = null;
        } catch (IOException e) {
            isFull = e instanceof SpoolFullException;
            problem = e.getMessage();
            throw e;
        } finally {
            writer.clear();
        }
    }

    private void write(List<? extends SpoolRecord.Content> contents) throws IOException {
        List<SpoolRecord> records = new ArrayList<>(contents.size());
        int[] lengths = new int[contents.size()];
        long number = head.number;
        long rows = head.rows;
        for (SpoolRecord.Content content : contents) {
            SpoolRecord record = new SpoolRecord(number, rows, run, content);
            int kind = Content.write(content, writer.begin());
            lengths[records.size()] = writer.end(salt, kind, number, rows, (int) record.rows());
            records.add(record);
            number++;
            rows += record.rows();
        }
        int length = writer.length();
        requireRoom(length);
        Segment segment = segment(length);
        DiskFile open = Objects.requireNonNull(file);
        long at = segment.end();
        try {
            open.writeFully(writer.bytes(), at);
            if (settings.durability() == Durability.FSYNC) {
                prepare(open, at, length);
                open.sync();
            }
            freeWritten += length;
            long next = at;
            for (int i = 0; i < lengths.length; i++) {
                next += lengths[i];
                SpoolRecord record = records.get(i);
                recent.add(new RecentRecords.Held(record, memory(record), segment.index, next));
            }
            // the order matters to readers: who sees the new head finds its records before the end
            segment.end(next);
            head = new Head(number, rows);
        } catch (IOException e) {
            abandon(segment, e);
            throw new IOException("spool could not be written: " + reason(e), e);
        } catch (RuntimeException | Error e) {
            // no memory, for instance: what has been written is of no turn that was answered
            abandon(segment, e);
            throw e;
        }
    }

    /** Makes room behind a turn for the next ones. It is nobody's loss when that fails. */
    private void prepare(DiskFile open, long at, int length) {
        long from = at + length;
        long to = Math.min(from + PREPARED_BYTES, settings.segmentBytes());
        if (from <= preparedTo || length > PREPARED_TURN_BYTES || to <= from) {
            return;
        }
        try {
            open.writeFully(ByteBuffer.allocate((int) (to - from)), from);
        } catch (IOException e) {
            LOG.debug("no room ahead: {}", e.toString());
        }
        // some of it may be there
        preparedTo = to;
    }

    private static long memory(SpoolRecord record) {
        return RECORD_MEMORY
                + (record.content() instanceof SpoolRecord.Rows rows
                        ? rows.envelope().sizeInBytes()
                        : 0);
    }

    private void requireRoom(int length) throws IOException {
        long bytes = bytes() + length;
        if (bytes > settings.maxBytes() && isConsumed()) {
            // all of it is done, only its last file is still in use
            closeCurrent();
            checkpoint();
            bytes = bytes() + length;
        }
        if (bytes > settings.maxBytes()) {
            throw new SpoolFullException("spool is full: bytes of the log: " + bytes + " (expected: <= "
                    + settings.maxBytes() + "); it shrinks when the sinks catch up");
        }
        long now = nanos.getAsLong();
        if (freeBytes - freeWritten - length < settings.minFreeBytes()
                || now - freeSeenAt >= FREE_CHECK_NANOS
                || freeWritten >= FREE_CHECK_BYTES) {
            freeBytes = disk.freeBytes(settings.directory());
            freeSeenAt = now;
            freeWritten = 0;
        }
        if (freeBytes - freeWritten - length < settings.minFreeBytes()) {
            throw new SpoolFullException("disk is full: bytes free after these rows: " + (freeBytes - length)
                    + " (expected: >= " + settings.minFreeBytes() + ")");
        }
    }

    private boolean isConsumed() {
        synchronized (cursors) {
            return !cursors.isEmpty() && cursors.values().stream().allMatch(cursor -> cursor.number() >= head.number);
        }
    }

    /** The segment to write to: the current one if there is room in it, else a new one. */
    private Segment segment(int length) throws IOException {
        List<Segment> all = segments;
        if (file != null && !distrusted) {
            Segment current = all.get(all.size() - 1);
            if (current.end() == FileHeader.BYTES || current.end() + length <= settings.segmentBytes()) {
                return current;
            }
        }
        closeCurrent();
        distrusted = false;
        FileHeader header = new FileHeader(salt, run, head.number, head.rows);
        Path path = settings.directory().resolve(Segment.name(nextIndex));
        // whatever comes of it, the name is used up
        nextIndex++;
        try {
            DiskFile made = disk.create(path);
            try {
                made.writeFully(header.toBytes(), 0);
                if (settings.durability() == Durability.FSYNC) {
                    made.sync();
                    disk.syncDirectory(settings.directory());
                } else {
                    synchronized (unsynced) {
                        unsynced.add(made);
                    }
                }
            } catch (IOException e) {
                made.close();
                disk.delete(path);
                throw e;
            }
            Segment segment = new Segment(nextIndex - 1, path, header, FileHeader.BYTES);
            file = made;
            preparedTo = 0;
            synchronized (this) {
                List<Segment> more = new ArrayList<>(segments);
                more.add(segment);
                segments = List.copyOf(more);
            }
            return segment;
        } catch (IOException e) {
            throw new IOException("spool could not be written: " + reason(e), e);
        }
    }

    /** No more is written to the current segment. */
    private void closeCurrent() {
        DiskFile open = file;
        file = null;
        if (open == null) {
            return;
        }
        synchronized (unsynced) {
            if (unsynced.contains(open)) {
                // it is closed when it has been synced
                return;
            }
        }
        Segment last = segments.get(segments.size() - 1);
        if (preparedTo > last.end()) {
            try {
                open.truncate(last.end());
                open.sync();
            } catch (IOException e) {
                repeated.tell("truncate", "", more -> LOG.warn("{}: {}{}", last.path, e.toString(), more));
            }
        }
        close(open);
    }

    /** What is behind the end was not acknowledged, and of the file nothing is known any more. */
    private void abandon(Segment segment, Throwable why) {
        repeated.tell(
                "abandon",
                "",
                more -> LOG.error("{}: not trusted any more after: {}{}", segment.path, why.toString(), more));
        DiskFile open = file;
        file = null;
        if (open == null) {
            return;
        }
        try {
            open.truncate(segment.end());
        } catch (IOException e) {
            repeated.tell("truncate", "", more -> LOG.warn("{}: {}{}", segment.path, e.toString(), more));
        }
        synchronized (unsynced) {
            unsynced.remove(open);
        }
        close(open);
    }

    private void close(DiskFile file) {
        try {
            file.close();
        } catch (IOException e) {
            repeated.tell("close", "", more -> LOG.warn("closing a segment: {}{}", e.toString(), more));
        }
    }

    private static String reason(IOException e) {
        String message = e.getMessage();
        return message == null ? e.getClass().getSimpleName() : message;
    }

    // ---- reading ----

    /**
     * Reads the log from a cursor on.
     *
     * @param from where to begin
     * @return a reader
     */
    public SpoolReader reader(Cursor from) {
        return new SpoolReader(this, from.number(), from.rows());
    }

    RecentRecords recent() {
        return recent;
    }

    List<Segment> segments() {
        return segments;
    }

    DiskFile openSegment(Segment segment) throws IOException {
        return disk.open(segment.path);
    }

    void damaged(Segment segment, DiskFile content, long from, long to) {
        damaged.found(segment.path, content, from, to);
    }

    /**
     * Where the next record will stand, as a cursor of a sink that begins there.
     *
     * @return the end of the log
     */
    public Cursor end() {
        Head now = head;
        return Cursor.at(now.number, now.rows);
    }

    /**
     * Number of the record that will be appended next.
     *
     * @return number of records that the spool has had
     */
    public long headNumber() {
        return head.number;
    }

    /**
     * Rows in all records that the spool has had.
     *
     * @return number of rows
     */
    public long headRows() {
        return head.rows;
    }

    /**
     * The oldest record that there still is, as a cursor of a sink that begins there.
     *
     * @return the beginning of the log
     */
    public Cursor beginning() {
        List<Segment> all = segments;
        if (all.isEmpty()) {
            return end();
        }
        FileHeader first = all.get(0).header;
        return Cursor.at(first.number(), first.rowsBefore());
    }

    /**
     * What ids of rows begin with.
     *
     * @param ofRun the run in which a record was appended
     * @return unlike that of any other spool and run: after a power cut, numbers of records may be used again
     */
    public String origin(long ofRun) {
        return id + '-' + ofRun;
    }

    // ---- cursors ----

    /**
     * Whether there were records and no cursors that could be read: then every sink begins at the beginning.
     *
     * @return whether they are lost
     */
    public boolean cursorsLost() {
        return cursorsLost;
    }

    /**
     * All cursors, also of sinks that are not there any more.
     *
     * @return a copy, by the sinks' names
     */
    public Map<String, Cursor> cursors() {
        synchronized (cursors) {
            return new HashMap<>(cursors);
        }
    }

    /**
     * Moves a cursor; it stays there when the process dies, though perhaps not after a power cut.
     *
     * @param name the sink
     * @param cursor where to
     * @throws IOException if it could not be written
     */
    public void move(String name, Cursor cursor) throws IOException {
        synchronized (cursors) {
            cursors.put(name, cursor);
        }
        stateFile.write(this::state, false);
    }

    /**
     * Forgets a cursor; what only it has kept is given back at the next {@link #checkpoint}.
     *
     * @param name the sink
     */
    public void remove(String name) {
        synchronized (cursors) {
            cursors.remove(name);
        }
    }

    /**
     * Makes the cursors survive a power cut, and gives back the space of what all of them have passed.
     *
     * @throws IOException if the disk does not take them
     */
    public void checkpoint() throws IOException {
        // first the log: what is said of a record must not outlive it
        sync();
        State state = stateFile.write(this::state, true);
        long done = state.cursors().values().stream()
                .mapToLong(Cursor::number)
                .min()
                .orElse(0);
        synchronized (this) {
            List<Segment> left = new ArrayList<>(segments);
            // a segment that is followed by another is not written to
            while (left.size() > 1 && left.get(1).header.number() <= done) {
                disk.delete(left.remove(0).path);
            }
            if (left.size() == 1 && file == null && head.number <= done) {
                disk.delete(left.remove(0).path);
            }
            segments = List.copyOf(left);
        }
        if (isFull && bytes() + settings.segmentBytes() < settings.maxBytes() && hasFreeDisk()) {
            isFull = false;
            problem = null;
        }
    }

    /**
     * Whether the last attempt to store has failed for a reason that only another attempt can show to have passed.
     *
     * @return false also when it is full: that is seen without an attempt
     */
    public boolean isFailing() {
        return problem != null && !isFull;
    }

    private boolean hasFreeDisk() throws IOException {
        return disk.freeBytes(settings.directory()) - settings.segmentBytes() >= settings.minFreeBytes();
    }

    /**
     * Makes what was accepted survive a power cut; with {@link Durability#FSYNC} it does anyway.
     *
     * @throws IOException if the disk does not take it
     */
    public void sync() throws IOException {
        if (settings.durability() == Durability.FSYNC) {
            return;
        }
        List<DiskFile> files;
        synchronized (unsynced) {
            files = List.copyOf(unsynced);
        }
        // outside of the lock, for the appending thread must not wait for the disk
        for (int i = 0; i < files.size(); i++) {
            DiskFile each = files.get(i);
            try {
                each.sync();
            } catch (IOException e) {
                synchronized (unsynced) {
                    if (unsynced.remove(each)) {
                        distrusted = true;
                        throw e;
                    }
                }
            }
            if (i < files.size() - 1) {
                synchronized (unsynced) {
                    unsynced.remove(each);
                }
                close(each);
            }
        }
        if (!files.isEmpty()) {
            disk.syncDirectory(settings.directory());
        }
    }

    private State state() {
        synchronized (cursors) {
            return new State(id, salt, run, new TreeMap<>(cursors));
        }
    }

    private long bytes() {
        long sum = 0;
        for (Segment each : segments) {
            sum += each.end();
        }
        return sum;
    }

    /**
     * How it is.
     *
     * @param waitingBytes what waits to be appended
     * @return figures of this moment
     */
    public SpoolStatus status(long waitingBytes) {
        Head now = head;
        return new SpoolStatus(
                bytes(),
                settings.maxBytes(),
                freeBytes,
                settings.minFreeBytes(),
                segments.size(),
                waitingBytes,
                now.number,
                now.rows,
                damaged.count(),
                damaged.bytes(),
                problem);
    }

    /** Makes the cursors safe and lets go of the directory. Nobody appends any more. */
    @Override
    public void close() throws IOException {
        try {
            closeCurrent();
            checkpoint();
        } finally {
            synchronized (unsynced) {
                unsynced.forEach(this::close);
                unsynced.clear();
            }
            stateFile.close();
            lock.close();
        }
    }
}
