package io.github.pgwatchrpc.server;

import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import io.github.pgwatchrpc.log.PeerText;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** A JSON object a line. JSON itself wants only the first 32 controls escaped; here nothing passes that cannot be printed. */
final class JsonLines extends JsonEncoder {

    @Override
    public byte[] encode(ILoggingEvent event) {
        String line = new String(super.encode(event), StandardCharsets.UTF_8);
        int end = line.endsWith("\n") ? line.length() - 1 : line.length();
        StringBuilder clean = new StringBuilder(line.length());
        line.substring(0, end).codePoints().forEach(each -> {
            if (PeerText.isPrintable(each)) {
                clean.appendCodePoint(each);
            } else {
                // outside of strings there are none
                for (char half : Character.toChars(each)) {
                    clean.append(String.format(Locale.ROOT, "\\u%04x", (int) half));
                }
            }
        });
        return clean.append('\n').toString().getBytes(StandardCharsets.UTF_8);
    }
}
