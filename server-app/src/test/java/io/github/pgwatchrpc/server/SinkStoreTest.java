package io.github.pgwatchrpc.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.sink.Sinks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SinkStoreTest {

    private static final Sinks KINDS = Sinks.load(SinkStoreTest.class.getClassLoader());

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path data;

    private SinkStore open(String... uris) throws ConfigException {
        return SinkStore.open(KINDS, List.of(uris), data, Durability.FLUSH);
    }

    @Test
    void writesToTheDefaultFile() throws Exception {
        try (SinkStore store = open()) {
            assertTrue(store.isHealthy());
            store.write(List.of(Envelopes.rows(2, 0), Envelopes.rows(1, 2)));
            assertTrue(store.isHealthy());
        }
        assertEquals(2, Files.readAllLines(data.resolve("measurements.jsonl")).size());
    }

    @Test
    void writesToAllSinks() throws Exception {
        try (SinkStore store =
                open("jsonfile:" + data.resolve("a"), "outcome:written", "jsonfile:" + data.resolve("b"))) {
            assertEquals(3, store.names().size());
            store.write(List.of(Envelopes.rows(2, 0)));
        }
        assertEquals(Files.readAllLines(data.resolve("a")), Files.readAllLines(data.resolve("b")));
        assertEquals(1, Files.readAllLines(data.resolve("a")).size());
    }

    @ParameterizedTest
    @CsvSource({
        "retry, outcome:retry: busy",
        "paused, outcome:paused: no permission (give it some)",
        "refused, outcome:refused: too old",
        "partly, 'outcome:partly: 1 rows refused, 0 not written: too old'",
        "interrupted, outcome:interrupted: interrupted",
    })
    void whatIsNotWrittenIsAnErrorThatNamesTheSink(String outcome, String message) throws Exception {
        try (SinkStore store = open("outcome:" + outcome)) {
            IOException error = assertThrows(IOException.class, () -> store.write(List.of(Envelopes.rows(1, 0))));
            assertEquals(message, error.getMessage());
            assertFalse(store.isHealthy());
            assertEquals(outcome.equals("interrupted"), Thread.interrupted());
        }
    }

    @Test
    void aFaultOfASinkIsNoSuccess() throws Exception {
        try (SinkStore store = open("outcome:broken")) {
            assertThrows(IllegalStateException.class, () -> store.write(List.of(Envelopes.rows(1, 0))));
            assertFalse(store.isHealthy());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "outcome:open-retry, not there yet",
        "outcome:open-paused, no permission",
        "outcome:open-fails, no route",
        "nosuch:x, nosuch",
        "jsonfile:, empty",
        "jsonfile:/dev/null, device",
        "jsonfile:/tmp/x?maxsize=1, maxsize",
    })
    void aSinkThatCannotWorkIsWrongConfiguration(String uri, String part) {
        ConfigException error = assertThrows(ConfigException.class, () -> open("outcome:written", uri));
        assertTrue(String.valueOf(error.getMessage()).startsWith("--sink: "), error::getMessage);
        assertTrue(String.valueOf(error.getMessage()).contains(part), error::getMessage);
        assertFalse(error.hint().isEmpty());
    }

    @Test
    void theUriDecidesBeforeDurability() throws Exception {
        try (SinkStore store = SinkStore.open(
                KINDS, List.of("jsonfile:" + data.resolve("a") + "?fsync=never"), data, Durability.FSYNC)) {
            store.write(List.of(Envelopes.rows(1, 0)));
        }
        assertEquals(1, Files.readAllLines(data.resolve("a")).size());
    }
}
