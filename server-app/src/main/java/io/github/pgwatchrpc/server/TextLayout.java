package io.github.pgwatchrpc.server;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.StackTraceElementProxy;
import ch.qos.logback.core.LayoutBase;
import io.github.pgwatchrpc.log.PeerText;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;

/**
 * Lines for people: time, level, message, and behind it the stack of what was thrown. Whatever a message or an exception
 * quotes, it begins no line of its own and moves no cursor: only the ends of lines that are written here are ends of lines.
 */
final class TextLayout extends LayoutBase<ILoggingEvent> {

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSXXX").withZone(ZoneId.systemDefault());

    @Override
    public String doLayout(ILoggingEvent event) {
        StringBuilder line = new StringBuilder(160);
        TIME.formatTo(Instant.ofEpochMilli(event.getTimeStamp()), line);
        String level = event.getLevel().toString();
        line.append(' ').append(level).append(" ".repeat(Math.max(0, 5 - level.length())));
        line.append(' ').append(clean(event.getFormattedMessage())).append('\n');
        if (event.getThrowableProxy() != null) {
            stack(line, "", "", event.getThrowableProxy());
        }
        return line.toString();
    }

    private static void stack(StringBuilder out, String indent, String prefix, IThrowableProxy thrown) {
        out.append(indent).append(prefix).append(thrown.getClassName());
        if (thrown.getMessage() != null) {
            out.append(": ").append(clean(thrown.getMessage()));
        }
        out.append('\n');
        if (thrown.isCyclic()) {
            return;
        }
        StackTraceElementProxy[] frames = thrown.getStackTraceElementProxyArray();
        int common = thrown.getCommonFrames();
        for (int i = 0; i < frames.length - common; i++) {
            out.append(indent).append('\t').append(clean(frames[i].toString())).append('\n');
        }
        if (common > 0) {
            out.append(indent).append("\t... ").append(common).append(" more\n");
        }
        for (IThrowableProxy each : thrown.getSuppressed()) {
            stack(out, indent + "\t", "Suppressed: ", each);
        }
        if (thrown.getCause() != null) {
            stack(out, indent, "Caused by: ", thrown.getCause());
        }
    }

    private static String clean(String text) {
        return PeerText.printable(text, Integer.MAX_VALUE);
    }
}
