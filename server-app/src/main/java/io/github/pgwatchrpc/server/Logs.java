package io.github.pgwatchrpc.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.encoder.EncoderBase;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import ch.qos.logback.core.spi.FilterReply;
import io.github.pgwatchrpc.rpc.Faults;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.slf4j.Marker;

/** Sets logging up: one stream, stderr, so that what a command prints can be piped. */
final class Logs {

    private static final List<String> LEVELS = List.of("error", "warn", "info", "debug", "trace");

    private Logs() {}

    /** Libraries catch what they should not, log it and go on; not if memory is out, see {@link OutOfMemory}. */
    private static final class Fatal extends TurboFilter {
        @Override
        public FilterReply decide(
                @Nullable Marker marker,
                Logger logger,
                Level level,
                @Nullable String format,
                Object @Nullable [] parameters,
                @Nullable Throwable thrown) {
            if (thrown != null) {
                Faults.reportIfFatal(thrown);
            } else if (parameters != null
                    && parameters.length > 0
                    && parameters[parameters.length - 1] instanceof Throwable last) {
                Faults.reportIfFatal(last);
            }
            return FilterReply.NEUTRAL;
        }
    }

    static void configure(String level, String format) throws ConfigException {
        if (!LEVELS.contains(level.toLowerCase(Locale.ROOT))) {
            throw new ConfigException(
                    "--log-level: " + level + " (expected: one of " + LEVELS + ")", "info is the rule");
        }
        if (!(LoggerFactory.getILoggerFactory() instanceof LoggerContext context)) {
            return; // embedded in a program that has its own
        }
        Encoder<ILoggingEvent> encoder = encoder(format, context);
        ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
        console.setContext(context);
        console.setTarget("System.err");
        console.setEncoder(encoder);
        console.start();
        context.resetTurboFilterList();
        context.addTurboFilter(new Fatal());
        Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
        root.detachAndStopAllAppenders();
        root.addAppender(console);
        root.setLevel(Level.WARN);
        context.getLogger("io.github.pgwatchrpc").setLevel(Level.toLevel(level));
        // Azure's clients log each failed request as an error, at each try; the delivery tells it once, as the sink's
        // state
        context.getLogger("com.azure").setLevel(Level.OFF);
        context.getLogger("com.microsoft.aad.msal4j").setLevel(Level.OFF);
    }

    /**
     * What makes bytes of events, without keys.
     *
     * @throws ConfigException if there is no such format
     */
    static Encoder<ILoggingEvent> encoder(String format, LoggerContext context) throws ConfigException {
        EncoderBase<ILoggingEvent> encoder = switch (format) {
            case "text" -> {
                TextLayout layout = new TextLayout();
                layout.setContext(context);
                layout.start();
                LayoutWrappingEncoder<ILoggingEvent> text = new LayoutWrappingEncoder<>();
                text.setLayout(layout);
                text.setCharset(StandardCharsets.UTF_8);
                yield text;
            }
            case "json" -> new JsonLines();
            default ->
                throw new ConfigException("--log-format: " + format + " (expected: text or json)", "text is the rule");
        };
        encoder.setContext(context);
        encoder.start();
        KeylessEncoder keyless = new KeylessEncoder(encoder);
        keyless.setContext(context);
        keyless.start();
        return keyless;
    }
}
