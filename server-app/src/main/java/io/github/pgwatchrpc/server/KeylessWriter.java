package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.measurement.KeyText;
import java.io.OutputStream;
import java.io.PrintWriter;

/** Prints texts without keys: an error shows what was wrong, and that may be a key in the wrong place. */
final class KeylessWriter extends PrintWriter {

    KeylessWriter(OutputStream out) {
        super(out, true);
    }

    /** All texts come by here, each as a whole. */
    @Override
    public void write(String text, int from, int length) {
        String clean = KeyText.mask(text.substring(from, from + length));
        super.write(clean, 0, clean.length());
    }
}
