package io.github.pgwatchrpc.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class DurationsTest {

    @ParameterizedTest
    @CsvSource({"1ms, PT0.001S", "500ms, PT0.5S", "5s, PT5S", "2m, PT2M", "1h, PT1H", "999999999h, PT999999999H"})
    void readsTimesAsGoWritesThem(String text, Duration time) {
        assertEquals(time, Durations.parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "5", "s", "0s", "-5s", "5 s", "1.5s", "5S", "5d", "5s5ms", "9999999999s", "５s"})
    void refusesEverythingElse(String text) {
        TypeConversionException error = assertThrows(TypeConversionException.class, () -> Durations.parse(text));
        assertTrue(String.valueOf(error.getMessage()).startsWith(text + " (expected: "), error::getMessage);
    }
}
