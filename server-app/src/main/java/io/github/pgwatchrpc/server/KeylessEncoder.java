package io.github.pgwatchrpc.server;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.encoder.EncoderBase;
import io.github.pgwatchrpc.measurement.KeyText;

/** Writes log lines as another encoder does, without keys: messages hold names and texts that came from anywhere. */
final class KeylessEncoder extends EncoderBase<ILoggingEvent> {

    private final Encoder<ILoggingEvent> lines;

    KeylessEncoder(Encoder<ILoggingEvent> lines) {
        this.lines = lines;
    }

    private static byte[] without(byte[] bytes) {
        return KeyText.mask(bytes, 0, bytes.length);
    }

    @Override
    public byte[] headerBytes() {
        return lines.headerBytes();
    }

    @Override
    public byte[] encode(ILoggingEvent event) {
        return without(lines.encode(event));
    }

    @Override
    public byte[] footerBytes() {
        return lines.footerBytes();
    }
}
