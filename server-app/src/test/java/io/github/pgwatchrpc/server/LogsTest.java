package io.github.pgwatchrpc.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogsTest {

    private final LoggerContext context = new LoggerContext();

    private String line(String format, String message, Throwable thrown) throws ConfigException {
        LoggingEvent event = new LoggingEvent(
                LogsTest.class.getName(), context.getLogger("test"), Level.WARN, message, thrown, new Object[0]);
        event.setMDCPropertyMap(Map.of());
        return new String(Logs.encoder(format, context).encode(event), StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @ValueSource(strings = {"text", "json"})
    void noCharacterOfAMessageBeginsALineOrSteersATerminal(String format) throws Exception {
        StringBuilder all = new StringBuilder("first");
        for (char each = 0; each < 0x2100; each++) {
            all.append(each);
        }
        String line = line(format, all.toString(), null);
        assertTrue(line.endsWith("\n"), line);
        assertEquals(
                List.of(),
                line.substring(0, line.length() - 1)
                        .codePoints()
                        .filter(each -> Character.isISOControl(each)
                                || Character.getType(each) == Character.FORMAT
                                || each == 0x2028
                                || each == 0x2029)
                        .mapToObj(Integer::toHexString)
                        .toList());
        if (format.equals("json")) {
            assertEquals(
                    all.toString(),
                    new ObjectMapper().readTree(line).path("message").asText());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"text", "json"})
    void norDoesWhatAnExceptionQuotes(String format) throws Exception {
        String forged = "x\n2026-11-22T22:00:00.000Z ERROR \u001b[31mall is lost";
        Exception cause = new IllegalStateException(forged, new java.io.IOException(forged));
        cause.addSuppressed(new IllegalArgumentException(forged));
        String text = line(format, "failed", new RuntimeException(forged, cause));
        assertEquals(-1, text.indexOf('\u001b'));
        assertTrue(text.lines().noneMatch(each -> each.startsWith("2026-11-22T22:00:00.000Z ERROR")), text);
        if (format.equals("text")) {
            assertTrue(text.contains("\njava.lang.RuntimeException: x?2026-11-22T22:00:00.000Z ERROR ?[31mall"), text);
            assertTrue(text.contains("\n\tat " + LogsTest.class.getName() + ".norDoesWhatAnExceptionQuotes("), text);
            assertTrue(text.contains("\nCaused by: java.lang.IllegalStateException: x?2026"), text);
            assertTrue(text.contains("\n\tSuppressed: java.lang.IllegalArgumentException: x?2026"), text);
            assertTrue(text.contains("\nCaused by: java.io.IOException: x?2026"), text);
            assertTrue(text.contains("\n\t... "), text);
        }
    }

    @Test
    void aLineHasTimeLevelAndMessage() throws Exception {
        String line = line("text", "all is well", null);
        assertTrue(
                line.matches(
                        "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}(Z|[+-]\\d\\d:\\d\\d) WARN  all is well\n"),
                line);
    }
}
