package io.github.pgwatchrpc.delivery.spool;

import io.github.pgwatchrpc.delivery.record.RecordReader;
import io.github.pgwatchrpc.measurement.BinaryReader;
import io.github.pgwatchrpc.measurement.BinaryWriter;
import io.github.pgwatchrpc.sink.SyncEvent;
import java.io.IOException;

/** How the content of records stands in the log: kind 1 is an envelope, kind 2 an event (1 byte kind, 2 texts). */
final class Content {

    private static final int ROWS = 1;
    private static final int EVENT = 2;
    private static final int ADDED = 1;
    private static final int REMOVED = 2;

    private Content() {}

    /** Writes the content and tells its kind. */
    static int write(SpoolRecord.Content content, BinaryWriter to) {
        if (content instanceof SpoolRecord.Rows rows) {
            to.envelope(rows.envelope());
            return ROWS;
        } else if (content instanceof SpoolRecord.Event event) {
            to.int8(event.event().kind() == SyncEvent.Kind.ADDED ? ADDED : REMOVED);
            to.text(event.event().database()).text(event.event().metric());
            return EVENT;
        }
        throw new IllegalArgumentException("content: " + content + " (expected: rows or an event)");
    }

    static SpoolRecord.Content read(RecordReader record) throws IOException {
        BinaryReader from = record.content();
        return switch (record.kind()) {
            case ROWS -> new SpoolRecord.Rows(from.envelope());
            case EVENT -> {
                int kind = from.int8();
                yield new SpoolRecord.Event(new SyncEvent(
                        from.text(), from.text(), kind == ADDED ? SyncEvent.Kind.ADDED : SyncEvent.Kind.REMOVED));
            }
            default ->
                throw new IOException("kind of record " + record.number() + ": " + record.kind() + " (expected: " + ROWS
                        + " or " + EVENT + ")");
        };
    }
}
