package io.github.pgwatchrpc.sink.cloudwatch;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.Deflater;

/**
 * Tells whether one more datum fits into a call of at most <a
 * href="https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html">1 MB, compressed</a>.
 * Nothing is compressed while the datums are small enough without it, as a thousand of them nearly always are. Used by one
 * thread; to be closed.
 */
final class CallSize implements AutoCloseable {

    /** A little less than AWS's, since the SDK writes and compresses in its own way. */
    static final int MAX_BYTES = 970_000;

    /** So much may go in before it is seen how much comes out. */
    private static final int STEP_BYTES = 32 << 10;

    private final Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
    private final byte[] out = new byte[STEP_BYTES];

    /** Datums that were not compressed yet. */
    private final List<Datum> pending = new ArrayList<>();

    private int pendingBytes;
    private long compressed;
    private boolean compressing;

    /** Begins a new call. */
    void clear() {
        deflater.reset();
        pending.clear();
        pendingBytes = 0;
        compressed = 0;
        compressing = false;
    }

    /** Counts a datum in; false if the call would become too large with it. */
    boolean add(Datum datum) {
        pending.add(datum);
        pendingBytes += datum.bytes();
        if (!compressing && pendingBytes <= MAX_BYTES) {
            return true;
        }
        compressing = true;
        if (compressed + pendingBytes > MAX_BYTES || pendingBytes > STEP_BYTES) {
            compress();
        }
        return compressed <= MAX_BYTES;
    }

    private void compress() {
        for (Datum each : pending) {
            feed(text(each), Deflater.NO_FLUSH);
        }
        feed(new byte[0], Deflater.SYNC_FLUSH);
        pending.clear();
        pendingBytes = 0;
    }

    private void feed(byte[] in, int flush) {
        deflater.setInput(in);
        int count = deflater.deflate(out, 0, out.length, flush);
        while (count > 0) {
            compressed += count;
            count = deflater.deflate(out, 0, out.length, flush);
        }
    }

    /** Much like what the SDK writes: names and values as text, numbers in eight bytes. */
    private static byte[] text(Datum datum) {
        StringBuilder names = new StringBuilder(datum.name().text());
        datum.dimensions()
                .values()
                .forEach((name, value) -> names.append("\u0004Name")
                        .append(name)
                        .append("\u0005Value")
                        .append(value));
        byte[] text = names.toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer all = ByteBuffer.allocate(text.length + 8 + 16 * datum.size());
        all.put(text).putLong(datum.millis());
        for (int i = 0; i < datum.size(); i++) {
            all.putDouble(datum.value(i));
            if (!datum.isSingle()) {
                all.putDouble(datum.count(i));
            }
        }
        return all.array();
    }

    @Override
    public void close() {
        deflater.end();
    }
}
