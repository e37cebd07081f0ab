package io.github.pgwatchrpc.sink.splunk;

import java.util.Arrays;

/**
 * Events of one request.
 *
 * @param bytes the events one after the other
 * @param ends for each event, where it ends
 * @param rows for each event, the number of its row in the batch
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record Body(byte[] bytes, int[] ends, int[] rows) {

    int size() {
        return rows.length;
    }

    /** Events {@code from} to {@code to}-1. */
    Body part(int from, int to) {
        int begin = from == 0 ? 0 : ends[from - 1];
        int[] moved = Arrays.copyOfRange(ends, from, to);
        for (int i = 0; i < moved.length; i++) {
            moved[i] -= begin;
        }
        return new Body(Arrays.copyOfRange(bytes, begin, ends[to - 1]), moved, Arrays.copyOfRange(rows, from, to));
    }

    /** All events but one. */
    Body without(int event) {
        int begin = event == 0 ? 0 : ends[event - 1];
        int gone = ends[event] - begin;
        byte[] left = new byte[bytes.length - gone];
        System.arraycopy(bytes, 0, left, 0, begin);
        System.arraycopy(bytes, ends[event], left, begin, left.length - begin);
        int[] moved = new int[ends.length - 1];
        int[] others = new int[moved.length];
        for (int i = 0; i < moved.length; i++) {
            moved[i] = i < event ? ends[i] : ends[i + 1] - gone;
            others[i] = rows[i < event ? i : i + 1];
        }
        return new Body(left, moved, others);
    }
}
