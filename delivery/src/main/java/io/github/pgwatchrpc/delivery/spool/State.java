package io.github.pgwatchrpc.delivery.spool;

import io.github.pgwatchrpc.measurement.BinaryReader;
import io.github.pgwatchrpc.measurement.BinaryWriter;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the spool knows beside the log.
 *
 * @param id names the spool, unlike any other; ids of rows begin with it
 * @param salt what each record begins with
 * @param run how many times it has been opened
 * @param cursors by the sinks' names
 */
record State(String id, int salt, long run, Map<String, Cursor> cursors) {

    private static final int VERSION = 1;

    void write(BinaryWriter to) {
        to.int8(VERSION).text(id).int32(salt).int64(run).varint(cursors.size());
        cursors.forEach((name, cursor) -> to.text(name)
                .int64(cursor.number())
                .int64(cursor.rows())
                .int64(cursor.beginNumber())
                .int64(cursor.beginRows())
                .int64(cursor.lostRecords())
                .int64(cursor.lostRows()));
    }

    static State read(BinaryReader from) throws IOException {
        int version = from.int8();
        if (version != VERSION) {
            throw new IOException("version of the state: " + version + " (expected: " + VERSION + ")");
        }
        String id = from.text();
        int salt = from.int32();
        long run = from.int64();
        Map<String, Cursor> cursors = new TreeMap<>();
        for (int i = from.count("cursors"); i > 0; i--) {
            String name = from.text();
            cursors.put(
                    name,
                    new Cursor(from.int64(), from.int64(), from.int64(), from.int64(), from.int64(), from.int64()));
        }
        return new State(id, salt, run, cursors);
    }
}
