package io.github.pgwatchrpc.delivery.worker;

import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Limits;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Rows that wait to be written, in their order: pieces that come again, then fresh ones. An ordered lane gives out one
 * piece at a time and the next when that is done, so rows that are always in the same lane are written in order.
 */
final class Lane {

    /** Fresh rows of one record. */
    private record Fresh(Batch.Slice slice, long run, long since) {
        long bytesPerRow() {
            MeasurementEnvelope envelope = slice.envelope();
            return Math.max(1, envelope.sizeInBytes() / envelope.size());
        }
    }

    private final Limits limits;
    private final long maxAgeNanos;
    private final boolean ordered;
    private final Deque<Work.Piece> again = new ArrayDeque<>();
    private final Deque<Fresh> fresh = new ArrayDeque<>();
    private long rows;
    private long bytes;
    private int writing;

    Lane(Limits limits, long maxAgeNanos, boolean ordered) {
        this.limits = limits;
        this.maxAgeNanos = maxAgeNanos;
        this.ordered = ordered;
    }

    void add(Batch.Slice slice, long run, long now) {
        Fresh added = new Fresh(slice, run, now);
        fresh.add(added);
        rows += slice.size();
        bytes += added.bytesPerRow() * slice.size();
    }

    /** Fresh rows. */
    long rows() {
        return rows;
    }

    /** Memory of the fresh rows, about. */
    long bytes() {
        return bytes;
    }

    /** Whether it has enough fresh rows for the largest batch. */
    boolean isFull() {
        return rows >= limits.rows() || bytes >= limits.bytes();
    }

    /** When something can be given out: now or earlier if at once; {@link Long#MAX_VALUE} if not by itself. */
    long dueAt(boolean hurry) {
        if (ordered && writing > 0) {
            return Long.MAX_VALUE;
        }
        long due = Long.MAX_VALUE;
        for (Work.Piece piece : again) {
            due = Math.min(due, piece.notBefore);
            if (ordered) {
                return due;
            }
        }
        Fresh oldest = fresh.peek();
        if (oldest != null) {
            due = Math.min(due, hurry || isFull() ? oldest.since : oldest.since + maxAgeNanos);
        }
        return due;
    }

    /** Gives out what is due. */
    Work.@Nullable Piece take(long now, boolean hurry, LongFunction<String> origin) {
        if (dueAt(hurry) > now) {
            return null;
        }
        for (Iterator<Work.Piece> pieces = again.iterator(); pieces.hasNext(); ) {
            Work.Piece piece = pieces.next();
            if (piece.notBefore <= now) {
                pieces.remove();
                writing++;
                return piece;
            }
        }
        writing++;
        return new Work.Piece(batch(origin), this, List.of(), 0);
    }

    private Batch batch(LongFunction<String> origin) {
        List<Batch.Slice> slices = new ArrayList<>();
        long run = 0;
        int count = 0;
        long size = 0;
        for (Fresh next = fresh.peek(); next != null && count < limits.rows(); next = fresh.peek()) {
            if (count > 0 && next.run != run) {
                break;
            }
            long perRow = next.bytesPerRow();
            int room = (int) Math.min(limits.rows() - count, (limits.bytes() - size) / perRow);
            if (room < 1 && count > 0) {
                break;
            }
            int taken = Math.min(next.slice.size(), Math.max(1, room));
            fresh.remove();
            Batch.Slice all = next.slice;
            if (taken < all.size()) {
                fresh.addFirst(new Fresh(part(all, all.from() + taken, all.to()), next.run, next.since));
                all = part(all, all.from(), all.from() + taken);
            }
            slices.add(all);
            run = next.run;
            count += taken;
            size += perRow * taken;
        }
        rows -= count;
        bytes -= size;
        return new Batch(origin.apply(run), slices);
    }

    private static Batch.Slice part(Batch.Slice slice, int from, int to) {
        return new Batch.Slice(slice.envelope(), slice.position(), slice.offset(), from, to);
    }

    /** A piece has been tried; these parts of it come again, before all others. */
    void giveBack(List<Work.Piece> parts) {
        writing--;
        for (int i = parts.size() - 1; i >= 0; i--) {
            again.addFirst(parts.get(i));
        }
    }
}
