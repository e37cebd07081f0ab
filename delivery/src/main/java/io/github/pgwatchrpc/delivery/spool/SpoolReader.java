package io.github.pgwatchrpc.delivery.spool;

import io.github.pgwatchrpc.delivery.disk.DiskFile;
import io.github.pgwatchrpc.delivery.record.FileHeader;
import io.github.pgwatchrpc.delivery.record.RecordReader;
import io.github.pgwatchrpc.log.Repeated;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the log from one place on: from memory what is new enough, else from the files. Keeps one file open and one buffer.
 * Not thread-safe.
 */
public final class SpoolReader implements Closeable {

    private static final Logger LOG = LoggerFactory.getLogger(SpoolReader.class);

    private static final long UNKNOWN = -1;

    private final Spool spool;
    private final RecentRecords.Follower follower;
    private final Repeated repeated = new Repeated();

    /** The record that comes next. */
    private long number;

    private long rows;

    /** Where it stands, as far as known: index of the segment, and place in it. */
    private long segmentIndex = UNKNOWN;

    private long place = UNKNOWN;

    private @Nullable Segment segment;
    private @Nullable Segment successor;
    private @Nullable DiskFile file;
    private @Nullable RecordReader records;

    /** Whether {@link #records} stands on a record that has not been given out. */
    private boolean pending;

    SpoolReader(Spool spool, long number, long rows) {
        this.spool = spool;
        this.follower = spool.recent().follow(number);
        this.number = number;
        this.rows = rows;
    }

    /**
     * Number of the record that comes next.
     *
     * @return its number
     */
    public long number() {
        return number;
    }

    /**
     * Rows in all records before the one that comes next.
     *
     * @return number of rows
     */
    public long rows() {
        return rows;
    }

    /**
     * Goes on to the next record.
     *
     * @return the record; null if there is none yet
     * @throws IOException if the log cannot be read; a further call tries again
     */
    public @Nullable SpoolRecord next() throws IOException {
        long headNumber = spool.headNumber();
        if (number >= headNumber) {
            return null;
        }
        RecentRecords.Held held = spool.recent().get(follower, number);
        if (held != null) {
            letGo();
            segmentIndex = held.segment();
            place = held.nextAt();
            return advance(held.record());
        }
        try {
            SpoolRecord record = fromDisk(headNumber, spool.headRows());
            spool.recent().passed(follower, record.nextNumber());
            return advance(record);
        } catch (IOException e) {
            letGo();
            segmentIndex = UNKNOWN;
            throw e;
        }
    }

    private SpoolRecord advance(SpoolRecord record) {
        number = record.nextNumber();
        rows = record.rowsBefore() + record.rows();
        return record;
    }

    private SpoolRecord fromDisk(long headNumber, long headRows) throws IOException {
        while (true) {
            if (records == null && !begin()) {
                return lost(headNumber, headRows);
            }
            Segment current = segment();
            RecordReader reader = Objects.requireNonNull(records);
            Segment next = after(current);
            boolean found = pending || reader.next(current.end());
            pending = false;
            if (found && (next == null || reader.number() < next.header.number())) {
                if (reader.number() == number) {
                    return read(reader, current);
                } else if (reader.number() > number) {
                    pending = true;
                    return lost(reader.number(), reader.rowsBefore());
                }
                // done already
            } else if (next == null) {
                return lost(headNumber, headRows);
            } else {
                open(next, FileHeader.BYTES);
                if (next.header.number() > number) {
                    return lost(next.header.number(), next.header.rowsBefore());
                }
            }
        }
    }

    private SpoolRecord read(RecordReader reader, Segment current) {
        SpoolRecord.Content content;
        try {
            content = Content.read(reader);
        } catch (IOException e) {
            long damaged = number;
            repeated.tell(
                    "record",
                    "",
                    more -> LOG.error("{}: record {}: {}{}", current.path, damaged, e.getMessage(), more));
            spool.damaged(current, Objects.requireNonNull(file), reader.at(), reader.nextAt());
            content = new SpoolRecord.Lost(1, reader.rows());
        }
        segmentIndex = current.index;
        place = reader.nextAt();
        return new SpoolRecord(number, rows, current.header.run(), content);
    }

    private SpoolRecord lost(long to, long toRows) {
        LOG.error("spool: records {} to {} with {} rows are lost", number, to - 1, toRows - rows);
        return new SpoolRecord(number, rows, 0, new SpoolRecord.Lost(to - number, toRows - rows));
    }

    private Segment segment() {
        return Objects.requireNonNull(segment);
    }

    /** Opens the segment that the next record should be in; tells whether there is one. */
    private boolean begin() throws IOException {
        Segment found = null;
        for (Segment each : spool.segments()) {
            if (found == null || each.header.number() <= number) {
                found = each;
            }
        }
        if (found == null) {
            return false;
        }
        // the place is that behind the last record that was read, be it from memory or disk
        open(found, found.index == segmentIndex ? place : FileHeader.BYTES);
        return true;
    }

    private @Nullable Segment after(Segment current) {
        if (successor != null) {
            return successor;
        }
        List<Segment> all = spool.segments();
        if (all.isEmpty() || all.get(all.size() - 1).index <= current.index) {
            return null;
        }
        for (Segment each : all) {
            if (each.index > current.index) {
                // once there is one it stays the one
                successor = each;
                return each;
            }
        }
        return null;
    }

    private void open(Segment next, long from) throws IOException {
        letGo();
        DiskFile opened = spool.openSegment(next);
        file = opened;
        segment = next;
        segmentIndex = next.index;
        place = from;
        records = new RecordReader(
                opened, next.header.salt(), from, (begin, end, torn) -> spool.damaged(next, opened, begin, end));
    }

    private void letGo() {
        records = null;
        segment = null;
        successor = null;
        pending = false;
        DiskFile open = file;
        file = null;
        if (open != null) {
            try {
                open.close();
            } catch (IOException e) {
                LOG.warn("closing a segment: {}", e.toString());
            }
        }
    }

    @Override
    public void close() {
        spool.recent().unfollow(follower);
        letGo();
    }
}
